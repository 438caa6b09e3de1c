"""A learner's record by misconception: before the lessons, in them, and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dialtone_kit.lesson.folding import since_reset
from dialtone_kit.lesson.misconceptions import misconceptions
from dialtone_kit.lesson.progress import Asked, Progress

COMMONEST = "M01"


@dataclass(frozen=True)
class CodeRow:
    """How often one code came up, and how often the learner was sure of the wrong answer."""

    code: str
    before: int = 0
    during: int = 0
    after: int = 0
    sure_before: int = 0
    sure_during: int = 0
    sure_after: int = 0

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """What comes first: sure and wrong at the end, then sure and wrong at all, then often."""
        sure = self.sure_before + self.sure_during
        return -self.sure_after, -sure, -(self.before + self.during + self.after), self.code


def by_code(progress: Progress) -> list[CodeRow]:
    """A row for each code that came up since the last reset, the most serious first."""
    counts: dict[str, Counter[str]] = {}
    known = misconceptions()
    for code, when, confidence in _found(progress):
        if code not in known:  # of a newer kit
            continue
        row = counts.setdefault(code, Counter())
        row[when] += 1
        if confidence == "sure":
            row[f"sure_{when}"] += 1
    return sorted((CodeRow(code, **row) for code, row in counts.items()), key=lambda row: row.rank)


def worst_code(progress: Progress) -> str:
    """The code that this learner should look at first. If none came up, the commonest of all."""
    rows = by_code(progress)
    return rows[0].code if rows else COMMONEST


def _found(progress: Progress) -> Iterator[tuple[str, str, str | None]]:
    """Each code that came up: when, and how sure the learner was if they were asked."""
    times: tuple[tuple[Asked, str], ...] = (("pre", "before"), ("post", "after"))
    for asked, when in times:
        for pick in progress.survey(asked).values():
            if pick.code:
                yield pick.code, when, pick.confidence
    for row, *_ in progress.export()["predictions"].values():
        if row["code"]:
            yield row["code"], "during", row["confidence"]
    for event in since_reset(progress.events()):
        if event["kind"] == "tried" and event.get("code"):
            yield str(event["code"]), "during", None
