"""A token endpoint on a clock of its own, for 06.poll: it keeps count of who asks how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dialtone_kit.lesson.exercises.verdict import Wrong

MORE = 5  # seconds that each slow_down adds, for good (RFC 8628 §3.5)
PATIENT = 2  # times the interval: whoever waits longer keeps the person waiting
Answer = Mapping[str, Any]


class Desk:
    """Gives `answers` one after another. The time passes only when somebody sleeps."""

    def __init__(self, answers: Sequence[Answer], interval: int) -> None:
        self.answers, self.interval = list(answers), interval
        self.time = self.last = 0.0
        self.asked = self.slowed = 0

    def sleep(self, seconds: float) -> None:
        """The clock moves on."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise Wrong(f"sleep takes seconds, zero or more; you slept {seconds!r}.")
        self.time += seconds

    def ask(self) -> Answer:
        """One poll. Raises Wrong when it comes too early, far too late, or after the end."""
        if self.asked >= len(self.answers):
            raise Wrong(
                "You asked again after the end. Only `authorization_pending` and `slow_down` go "
                "on (RFC 8628 §3.5): return whatever else comes."
            )
        if self.asked:
            self._judge_pause(self.time - self.last)
        answer = self.answers[self.asked]
        self.asked, self.last = self.asked + 1, self.time
        if answer.get("error") == "slow_down":
            self.interval, self.slowed = self.interval + MORE, self.slowed + 1
        return dict(answer)

    def _judge_pause(self, pause: float) -> None:
        if pause > PATIENT * self.interval:
            raise Wrong(
                f"You waited {pause:g} s, and {self.interval} s was the pace. The person has said "
                "yes and looks at a device that does nothing.",
                "M21",
            )
        if pause >= self.interval:
            return
        if self.slowed and pause >= self.interval - MORE * self.slowed:
            raise Wrong(
                f"`slow_down` adds 5 s for good (RFC 8628 §3.5). After {self.slowed} of them the "
                f"pace is {self.interval} s; your question number {self.asked + 1} came after "
                f"{pause:g} s.",
                "M21",
            )
        raise Wrong(
            f"You asked {pause:g} s after the last time; the service said {self.interval} s.", "M21"
        )
