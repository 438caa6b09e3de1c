"""What people get wrong about all this, one entry each: `lesson.misconception("M05")`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from dialtone_kit.base.display import Shown, prose
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import escaped

PAGE = "misconceptions.md"  # in notebooks/


@dataclass(frozen=True)
class Misconception:
    """A code, what people think, what is so, and the lessons that meet it."""

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
    found = misconceptions().get(code.strip().upper())
    if found is None:
        raise DialtoneError(f"There is no {code!r}: the codes are M01 to M37. See {PAGE}.")
    return found


def show(entry: Misconception) -> Shown:
    """The entry as a cell shows it."""
    parts = [
        f"<h4>{entry.code} · {prose(entry.title)}</h4>",
        f"<p><b>What people think.</b> {prose(entry.think)}</p>",
        f"<p><b>What is so.</b> {prose(entry.truth)}</p>",
        f"<p><b>Where you meet it.</b> {escaped(entry.where)}.</p>",
    ]
    plain = f"{entry.code} · {entry.title}\n  think: {entry.think}\n  is so: {entry.truth}"
    return Shown("".join(parts), f"{plain}\n  where: {entry.where}")


def link_to(code: str) -> str:
    """The code as a link to its entry, in HTML; just the code if there is no such entry."""
    entry = misconceptions().get(code)
    if entry is None:
        return escaped(code)
    anchor = f"{PAGE}#{code.lower()}"
    return f'<a href="{anchor}" title="{escaped(entry.title)}">{escaped(code)}</a>'


def _listed(lessons: tuple[str, ...]) -> str:
    return f"Lessons {', '.join(lessons[:-1])} and {lessons[-1]}"
