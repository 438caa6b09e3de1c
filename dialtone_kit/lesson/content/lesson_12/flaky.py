"""A line and a service that fail by a script, on a clock of their own, for 12.backoff."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import httpx

from dialtone_kit.lesson.exercises.asking import response, show, word
from dialtone_kit.lesson.exercises.patience import CALLS, Calls
from dialtone_kit.lesson.exercises.verdict import Wrong

LONGEST = 30  # seconds that the caller may wait
MOST = 4  # attempts
FINER = 1.5  # seconds: an HTTP date has whole ones
URL = "https://api.example/notes"
CUT = 0  # instead of a status
ENDLESS = f"You called it {CALLS} times. After four attempts it's over."


@dataclass(frozen=True)
class Turn:
    """One answer, or a cut line. `wait`: its `Retry-After` in seconds; `dated`: as an HTTP date."""

    status: int
    wait: int = 0
    dated: bool = False

    def __str__(self) -> str:
        return f"a {self.status}" if self.status else "a cut line"


@dataclass(frozen=True)
class Script:
    """What happens, turn by turn. `harmless`: the request may be sent twice."""

    turns: tuple[Turn, ...]
    harmless: bool = True


class Desk:
    """Plays a script. The time passes only when somebody sleeps."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.last: httpx.Response | None = None
        self._now = self._answered = float(int(time.time()))
        self._attempts = 0
        self._proofs: dict[str, bool] = {}  # whether each was used
        self.pauses = list[float]()  # seconds
        self.prove: Callable[[], str] = Calls(self._prove, ENDLESS)
        self.sleep: Callable[[float], None] = Calls(self._sleep, ENDLESS)

    def _prove(self) -> str:
        proof = f"proof-{word(16)}"
        self._proofs[proof] = False
        return proof

    def _sleep(self, seconds: Any) -> None:
        fits = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not fits or not 0 <= seconds < math.inf:
            raise Wrong(f"`sleep` takes seconds, zero or more; you slept {show(seconds)}.")
        self._now += seconds

    def send(self, proof: Any) -> httpx.Response:
        """One attempt. Raises ConnectionError where the script cuts the line."""
        if self._attempts:
            self._judge_another(self.script.turns[self._attempts - 1])
        self._judge_proof(proof)
        turn = self.script.turns[self._attempts]
        self._attempts, self._answered, self.last = self._attempts + 1, self._now, None
        if turn.status == CUT:
            raise ConnectionError("the line was cut")
        self.last = self._response(turn)
        return self.last

    def _judge_proof(self, proof: Any) -> None:
        if not isinstance(proof, str) or proof not in self._proofs:
            raise Wrong(f"Send what `prove()` returns; you sent {show(proof)}.")
        if self._proofs[proof]:
            raise Wrong(f"Attempt {self._attempts + 1} carried an earlier one's `jti`.", "M01")
        self._proofs[proof] = True

    def _judge_another(self, before: Turn) -> None:
        """Whether another attempt may follow `before`, and so soon or so late."""
        if before.status not in (CUT, 429) and before.status < 500:
            raise Wrong(f"You asked again after {before}. That was the answer.")
        if not self.script.harmless and before.status == 429:
            raise Wrong("You sent it again after a 429. It isn't harmless: return the 429.", "M35")
        if not self.script.harmless:
            raise Wrong(
                f"You sent it again after {before}. The first attempt had taken effect: two notes "
                "were written.",
                "M35",
            )
        if before.wait > LONGEST:
            raise Wrong(f"It asked for {before.wait} s, and you may wait {LONGEST}: return.", "M36")
        if self._attempts == MOST:
            raise Wrong("That was attempt number 5. Three retries are enough.")
        slept = self._now - self._answered
        self.pauses.append(slept)
        if before.wait:
            _judge_wait(slept, before)
        elif before.status != CUT:
            _judge_backoff(slept, before, self._attempts)

    def _response(self, turn: Turn) -> httpx.Response:
        headers = {"Date": formatdate(self._now, usegmt=True)}
        if turn.wait:
            at = formatdate(self._now + turn.wait, usegmt=True)
            headers["Retry-After"] = at if turn.dated else str(turn.wait)
        asked = httpx.Request("GET" if self.script.harmless else "POST", URL)
        return response(asked, turn.status, headers=headers)

    def judge_end(self, got: object, *, raised: bool) -> None:
        """Raise Wrong unless the function came to the end of the script, and returned its last."""
        turns = self.script.turns
        if not self._attempts:
            raise Wrong("Your function sent nothing. `send(prove())` is one attempt.")
        if self._attempts < len(turns):
            before = turns[self._attempts - 1]
            raise Wrong(f"You gave up at attempt {self._attempts}, after {before}.")
        if turns[-1].status == CUT:
            if not raised:
                raise Wrong(
                    "No answer came. Let the ConnectionError through: your caller must look first; "
                    f"you returned {show(got)}."
                )
        elif raised or got is not self.last:
            raise Wrong(f"Return the last response, {turns[-1]}; you returned {show(got)}.")


def judge_growth(rounds: Sequence[Sequence[float]]) -> None:
    """Raise Wrong unless the pauses grow, at least in one round: they may be drawn at random."""
    if not any(max(pauses) > pauses[0] for pauses in rounds):
        raise Wrong(
            f"You slept {rounds[0][0]:g} s after the first failure, and no longer after the next "
            "ones. Double it each time: a service in trouble needs more and more room."
        )


def _judge_wait(slept: float, before: Turn) -> None:
    form = "an HTTP date" if before.dated else f"{before.wait} s"
    if slept < before.wait - FINER:
        raise Wrong(f"You came {before.wait - slept:.0f} s early: `Retry-After` was {form}.", "M36")
    if slept > before.wait + 5:
        raise Wrong(f"You slept {slept:.0f} s; `Retry-After` asked for {before.wait}.", "M36")


def _judge_backoff(slept: float, before: Turn, failures: int) -> None:
    most = min(LONGEST, 4 * 2 ** (failures - 1))
    if slept < 1:
        raise Wrong(f"You slept {slept:g} s after {before}. The demo asks for 1 to 30 s.")
    if slept > most:
        raise Wrong(
            f"You slept {slept:g} s after failure number {failures}. Begin with one or two "
            "seconds, and double that each time, up to 30."
        )
