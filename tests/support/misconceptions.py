"""notebooks/misconceptions.md, made from the entries: `python -m tests.support.misconceptions`."""

from __future__ import annotations

import re
from pathlib import Path

from dialtone_kit.lesson.catalog import notebooks
from dialtone_kit.lesson.misconceptions import PAGE, Misconception, misconceptions

FILE = Path(__file__).parents[2] / "notebooks" / PAGE
_HEAD = """# What people get wrong, and what's true

Every code in an error message, an exercise or a quiz, such as `M05`, stands for one of these. In a
lesson, `lesson.misconception("M05")` shows the entry.
"""


def page() -> str:
    """The page as it should be."""
    return _HEAD + "".join(map(_entry, misconceptions().values()))


def _entry(entry: Misconception) -> str:
    return (
        f'\n<a id="{entry.code.lower()}"></a>\n\n'
        f"## {entry.code} · {entry.title}\n\n"
        f"*What people think:* {entry.think}\n\n"
        f"*What's true:* {entry.truth}\n\n"
        f"*Where you meet it:* {_linked(entry.where.lower())}.\n"
    )


def _linked(where: str) -> str:
    """Lessons in words, each number a link to its notebook where there is one."""
    files = {book.number: book.file for book in notebooks()}

    def link(match: re.Match[str]) -> str:
        return f"[{match[0]}]({files[match[0]]})" if match[0] in files else match[0]

    return re.sub(r"\d\d", link, where)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
