"""A service that is sometimes away, for 08.again: each attempt uses its challenge up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from dialtone_kit.lesson.exercises.asking import show, word
from dialtone_kit.lesson.exercises.patience import CALLS, Calls
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.spiffe.workload import Workload

MOST = 5  # attempts
USED = (
    "409: that challenge was used up by the attempt before, although its answer was a 503. Begin "
    "again with a new one."
)
STALE = "401: this evidence names another challenge. Ask the platform again for each attempt."
ENDLESS = f"You asked for {CALLS} of these. After {MOST} attempts in vain, return None."


class Desk:
    """Answers each attempt with the next status of its script; `answer` is what to return."""

    def __init__(self, script: Sequence[int]) -> None:
        self._script = list(script[:MOST])
        self._attempts = 0
        self._open: set[str] = set()
        self._used: set[str] = set()
        self._made: dict[str, str] = {}
        self._body = {"svid": word(20), "spiffe_id": f"spiffe://{word()}.test/{word()}"}
        self._counted = Calls(word, ENDLESS)
        self.last = 0

    @property
    def answer(self) -> dict[str, str] | None:
        """What the learner's function should return in the end."""
        return self._body if self._script[-1] == 200 else None

    def challenge(self) -> str:
        """A new challenge, good for one request."""
        fresh = str(self._counted(20))
        self._open.add(fresh)
        return fresh

    def evidence(self, challenge: str) -> str:
        """The platform's word for that challenge."""
        made = f"evidence-{word(12)}"
        self._made[made] = challenge
        return made

    def request(self, challenge: str, evidence: str) -> tuple[int, dict[str, str]]:
        """One attempt: status and body."""
        self._judge(challenge, evidence)
        self._open.discard(challenge)
        self._used.add(challenge)
        self.last = self._script[self._attempts]
        self._attempts += 1
        body = self._body if self.last == 200 else {"error": "no", "error_description": "…"}
        return self.last, dict(body)

    def must_have_tried_enough(self) -> None:
        """Raise Wrong if the function stopped before the end of the script."""
        if self._attempts == 0:
            raise Wrong("Your function made no attempt. `request(…)` is one.")
        if self._attempts < len(self._script):
            times = "one attempt" if self._attempts == 1 else f"{self._attempts} attempts"
            raise Wrong(f"You gave up after {times}, at a 503. Try up to {MOST} times.")

    def _judge(self, challenge: str, evidence: str) -> None:
        if self.last == 503 and self._attempts == MOST:
            raise Wrong(f"That was attempt number {MOST + 1}. After {MOST} in vain, return None.")
        if self._attempts == len(self._script):
            raise Wrong(
                f"You asked again after a {self.last}. That was the service's answer, and it "
                "doesn't change."
            )
        if not isinstance(challenge, str) or challenge not in self._open:
            if isinstance(challenge, str) and challenge in self._used:
                raise Wrong(USED, "M35")
            raise Wrong(f"401: {show(challenge)} is no challenge of this service.")
        if self._made.get(evidence) != challenge:
            raise Wrong(STALE, "M35")


def live_desk(workload: Workload, http: httpx.Client) -> tuple[Callable[..., Any], ...]:
    """The same three functions at the live service: challenge, evidence, request."""
    counted = Calls(workload.challenge, ENDLESS)

    def request(challenge: str, evidence: Any) -> tuple[int, dict[str, Any]]:
        body = {"platform": "kubernetes", "nonce": challenge, "evidence": evidence.members()}
        body["csr"] = workload.key.csr(workload.spiffe_id)
        response = http.post(f"{workload.base_url}/v1/svid/x509", json=body)
        return response.status_code, response.json()

    return counted, workload.evidence, request
