"""Two services whose clocks are not yours, and answers of theirs: what 12.skew is tried on."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from dialtone_kit.lesson.exercises.asking import ask, kind_of, show, word
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

SLOW = 18.0  # seconds that a slow answer takes; the middle is 9 s from either end
TOLERANCE = 2.0  # seconds: `Date` has whole ones

Offsets = dict[str, float]
Learned = Callable[[Offsets, str, str | None, float, float], Offsets]


@dataclass(frozen=True)
class Heard:
    """An answer of the service `origin`: its Date, and when by your clock it was asked and came."""

    origin: str
    date: str | None
    sent: float
    received: float


class Clocks:
    """Two services, each ahead of you or behind by its own number of seconds."""

    def __init__(self) -> None:
        self.now = time.time() + secrets.randbelow(10**6)  # by the learner's clock
        ahead, behind = 40 + secrets.randbelow(400), -(40 + secrets.randbelow(400))
        offsets = [ahead, behind] if secrets.randbelow(2) else [behind, ahead]
        self.offsets = {f"https://{word()}.example": float(offset) for offset in offsets}

    def set(self, origin: str) -> None:
        """Someone sets the clock of `origin`: by half a minute, or more."""
        self.offsets[origin] += 30.0 + secrets.randbelow(300)

    def answer(self, origin: str, took: float = 0.2, dated: float = 0.5) -> Heard:
        """An answer that `took` so many seconds; `dated` is the part of them that `Date` is at."""
        sent = math.ceil(self.now) + 5.0 + secrets.randbelow(60)
        self.now = sent + took
        theirs = sent + took * dated + self.offsets[origin]
        return Heard(origin, formatdate(int(theirs), usegmt=True), sent, self.now)


def judge_clocks(learned: Learned) -> None:
    """Tell `learned` of one answer after another, and look at what it knows after each."""
    clocks = Clocks()
    one, other = clocks.offsets
    known = _told(learned, {}, clocks.answer(one), clocks.offsets)
    known = _told(learned, known, clocks.answer(other), clocks.offsets)
    undated = clocks.answer(one)
    steps = [
        clocks.answer(one, SLOW, 0.0),
        clocks.answer(other, SLOW, 1.0),
        Heard(one, None, undated.sent, undated.received),
        clocks.answer(other),
        clocks.answer(one),
    ]
    for heard in steps:
        known = _told(learned, known, heard, clocks.offsets)
    clocks.set(other)
    _told(learned, known, clocks.answer(other), clocks.offsets)


def _told(learned: Learned, known: Offsets, heard: Heard, truth: Mapping[str, float]) -> Offsets:
    """What is known after one more answer. Raises Wrong if it doesn't fit the `truth`."""
    got: Any = ask(learned, known, heard.origin, heard.date, heard.sent, heard.received)
    if got is None and not known:
        raise NotTried
    after = read_offsets(got)
    for origin in {*known, heard.origin}:
        _judge(after, origin, known, heard, truth)
    return after


def read_offsets(got: Any) -> Offsets:
    """`got` as plain offsets by origin."""
    if not isinstance(got, dict):
        raise Wrong(f"Return the offsets, a dict by origin; you returned {kind_of(got)}.")
    for value in got.values():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong(f"An offset is a number of seconds; {show(value)} isn't.")
    return {str(origin): float(value) for origin, value in got.items()}


def _judge(
    after: Offsets, origin: str, known: Offsets, heard: Heard, truth: Mapping[str, float]
) -> None:
    if origin not in after:
        raise Wrong(f"The offset of {origin} is gone, or you never learned it.")
    right, off = truth[origin], abs(after[origin] - truth[origin])
    if off <= TOLERANCE:
        return
    if abs(after[origin] + right) <= TOLERANCE:
        raise Wrong(
            f"Now you are {2 * abs(right):.0f} s off: your clock plus the offset is their time.",
            "M06",
        )
    if origin != heard.origin:
        raise Wrong("That was the other one's clock. Each service has an offset of its own.", "M06")
    if heard.received - heard.sent >= SLOW and origin in known:
        raise Wrong(
            f"An answer that took {SLOW:.0f} s moved your clock by {off:.0f} s. When in that time "
            "was its `Date` written? Nobody knows.",
            "M06",
        )
    if after[origin] == known.get(origin):
        raise Wrong(
            f"Someone set the clock of {origin}: its quick answer says so, and you are still "
            f"{off:.0f} s off. Learn from each of them.",
            "M06",
        )
    raise Wrong(f"You are {off:.0f} s off the clock of {origin}.", "M06")
