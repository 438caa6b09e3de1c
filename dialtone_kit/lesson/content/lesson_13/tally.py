"""What a learner's function does at one service: counted, and told in sentences (13.dialtone)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.wire.raw import PROVE

MOST = 9  # requests at one service
NAPS = 20  # calls of sleep

TOO_MANY = (
    f"Your function has sent more than {MOST} requests to one service. Each refusal says what to "
    "change: change that, and send again once."
)
BY_HAND = (
    "This proof comes from the kit's own client. Build it yourself this time: `build_proof`, once "
    "for each request."
)
ELSEWHERE = (
    "Send every request with the `http` you're given: the check counts what goes through it."
)
NOTHING_SENT = (
    "No request has arrived. Begin at the issuer: its discovery document is at "
    "`/.well-known/openid-configuration`, after the issuer's own path."
)
NO_HOST = "Your function called an address where nobody answers. Use only URLs from discovery."
GAVE_UP = (
    "The service was busy: 429, with `Retry-After`. Your function stopped there. Wait as long as "
    "it says, and send again with a new proof."
)
NOT_A_FAILURE = (
    "The service asked for a nonce, and your function took that for a failure. Answer with a new "
    "proof that has the nonce from `DPoP-Nonce`."
)


@dataclass
class Tally:
    """`sent` by the function's own client, `came` in at the service; `mistake` ends it."""

    sent: int = 0
    came: int = 0
    slept: float = 0.0
    naps: int = 0
    lateness: str = ""
    last: tuple[int, str] = (0, "")
    mistake: Wrong | None = None

    def waited(self) -> float:
        """Seconds on a clock that a learner's `sleep` moves, too."""
        return time.monotonic() + self.slept

    def sleep(self, seconds: object) -> None:
        """The learner's `sleep`: it takes no time."""
        self.naps += 1
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            self._end(f"`sleep` takes seconds, as a number; you gave it {show(seconds)}.")
        elif self.naps > NAPS:
            self._end("Your function sleeps again and again without getting any further.")
        else:
            self.slept += seconds

    def refused(self, status: int, error: str, mistake: str, code: str) -> None:
        """The service refused a request; the first mistake counts."""
        self.last = status, error
        if mistake and self.mistake is None:
            self.mistake = Wrong(mistake, code)

    def accepted(self) -> None:
        """The service answered a request with 200."""
        self.last, self.lateness = (200, ""), ""

    def late(self, why: str) -> str:
        """A proof from the wrong time: a mistake only when it comes again, for a 401 has a Date."""
        again, self.lateness = bool(self.lateness), f"{CLOCK} The service said: {why}"
        return self.lateness if again else ""

    # -- hooks of the function's own client --------------------------------------------------

    def sending(self, request: httpx.Request) -> None:
        """Before each request. Raises Wrong for one too many, or one that the kit has proved."""
        if PROVE in request.extensions:
            self._end(BY_HAND)
        elif self.sent == MOST:
            self._end(TOO_MANY)
        self.sent += 1

    def received(self, _: httpx.Response) -> None:
        """After each response. Raises Wrong once there is a mistake."""
        if self.mistake is not None:
            raise self.mistake

    def _end(self, sentence: str) -> None:
        self.mistake = Wrong(sentence)
        raise self.mistake

    # -- at the end --------------------------------------------------------------------------

    def because(self) -> Wrong | None:
        """Why the function ended without an answer, if its requests show it."""
        if self.came > self.sent:
            return Wrong(ELSEWHERE)
        if self.mistake is not None:
            return self.mistake
        if self.lateness:
            return Wrong(self.lateness, "M06")
        ends = {
            "rate_limited": Wrong(GAVE_UP, "M36"),
            "use_dpop_nonce": Wrong(NOT_A_FAILURE, "M02"),
        }
        return ends.get(self.last[1])


CLOCK = (
    "Your proof is from the wrong time: this service's clock isn't yours. Each of its responses "
    "says in `Date` what time it is there."
)
