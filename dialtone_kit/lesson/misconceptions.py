"""What people get wrong about all this, one entry each: `lesson.misconception("M05")`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from dialtone_kit.base.display import Shown, prose
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import escaped

PAGE = "misconceptions.md"  # in notebooks/
_CODES = re.compile(r"\bM\d\d\b")


@dataclass(frozen=True)
class Misconception:
    """A code, what people think, what's true, and the lessons that cover it."""

    code: str
    title: str
    think: str
    truth: str
    lessons: tuple[str, ...]

    @property
    def where(self) -> str:
        """The lessons, in words."""
        return f"Lesson {self.lessons[0]}" if len(self.lessons) == 1 else _listed(self.lessons)


@cache
def misconceptions() -> Mapping[str, Misconception]:
    """All of them, by code."""
    text = resources.files("dialtone_kit.lesson.content").joinpath("misconceptions.toml")
    entries = tomllib.loads(text.read_text(encoding="utf-8"))
    return {
        code: Misconception(code, e["title"], e["think"], e["truth"], tuple(e["lessons"]))
        for code, e in entries.items()
    }


def misconception(code: str) -> Misconception:
    """The one with `code`, such as M05. Raises DialtoneError for a code that does not exist."""
    found = misconceptions().get(str(code).strip().upper())
    if found is None:
        raise DialtoneError(f"There is no {code!r}: the codes are M01 to M37. See {PAGE}.")
    return found


def show(entry: Misconception) -> Shown:
    parts = [
        f"<h3>{entry.code} · {prose(entry.title)}</h3>",
        f"<p><b>What people think.</b> {prose(entry.think)}</p>",
        f"<p><b>What's true.</b> {prose(entry.truth)}</p>",
        f"<p><b>Where you meet it.</b> {escaped(entry.where)}.</p>",
    ]
    plain = f"{entry.code} · {entry.title}\n  people think: {entry.think}\n  in fact: {entry.truth}"
    return Shown("".join(parts), f"{plain}\n  where: {entry.where}")


def link_to(code: str) -> str:
    """The code as a link to its entry, in HTML; just the code if there is no such entry.

    The link is relative, which Jupyter's front ends follow to the page and to the entry on it.
    """
    entry = misconceptions().get(code)
    if entry is None:
        return escaped(code)
    return f'<a href="{page_here()}#{code.lower()}" title="{escaped(entry.title)}">{code}</a>'


def linked(text: str) -> str:
    """`text` as HTML: codes link to their entries, and what is between backticks is code."""
    return _CODES.sub(lambda match: link_to(match[0]), prose(text))


def entry_for_view(code: str) -> Mapping[str, str] | None:
    """What a widget shows when someone opens the code; None if there is no such entry."""
    entry = misconceptions().get(code)
    if entry is None:
        return None
    return {"title": entry.title, "think": entry.think, "truth": entry.truth}


def title_of(code: str) -> str:
    """The title of the entry as plain text, "" if there is no such entry.

    In quotation marks: it says what people think, and it isn't true.
    """
    entry = misconceptions().get(code)
    return f"“{entry.title.replace('`', '')}”" if entry else ""


def page_here() -> str:
    """The path to the page from the running notebook: a kernel starts in its folder."""
    return next((way for way in (PAGE, f"../{PAGE}") if Path(way).is_file()), PAGE)


def _listed(lessons: tuple[str, ...]) -> str:
    return f"Lessons {', '.join(lessons[:-1])} and {lessons[-1]}"
