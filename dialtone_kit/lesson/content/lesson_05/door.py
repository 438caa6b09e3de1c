"""A resource that demands nonces, and what a learner's function does there: 05.nonce."""

from __future__ import annotations

import secrets

import httpx

from dialtone_kit.lesson.exercises import Wrong
from dialtone_kit.lesson.exercises.asking import response, same, show
from dialtone_kit.lesson.exercises.patience import CALLS

FOR_EVER = (
    "The service kept demanding, and you kept sending. Stop after answering one demand: "
    "this could go on forever."
)
ASKED = httpx.Request("GET", "https://api.example/nonce")  # for `raise_for_status`


class Door:
    """A resource that demands `demands` nonces and then answers, or refuses with `refusal`."""

    def __init__(self, demands: int, refusal: str | None) -> None:
        self.demands, self.refusal = demands, refusal
        self.nonce = ""
        self.got: list[str | None] = []
        self.last: httpx.Response | None = None

    def send(self, nonce: str | None = None) -> httpx.Response:
        self.last = self._answer(nonce)
        return self.last

    def _answer(self, nonce: str | None) -> httpx.Response:
        last, self.nonce = self.nonce, secrets.token_urlsafe(12)
        self.got.append(nonce)
        if len(self.got) > CALLS:
            raise Wrong(FOR_EVER, "M02")
        if self.refusal:
            return self._refuse(self.refusal)
        if len(self.got) <= self.demands or (last and not same(nonce, last)):
            return self._refuse("use_dpop_nonce")
        headers = {"DPoP-Nonce": self.nonce}
        return response(ASKED, 200, json={"ok": True}, headers=headers)

    def _refuse(self, error: str) -> httpx.Response:
        headers = {"DPoP-Nonce": self.nonce, "WWW-Authenticate": f'DPoP error="{error}"'}
        return response(ASKED, 401, json={"error": error}, headers=headers)


def judge_call(got: object, door: Door) -> None:
    if not isinstance(got, httpx.Response):
        raise Wrong(f"Return the response that came last; got {show(got)}.")
    if door.refusal and len(door.got) > 1:
        raise Wrong(
            f"You tried again after {door.refusal}. That is a real refusal: only "
            "use_dpop_nonce asks for another try.",
            "M02",
        )
    if door.got[:1] != [None]:
        raise Wrong("Begin with send(None): you don't have a nonce yet.", "M02")
    if door.demands and len(door.got) == 1:
        raise Wrong(
            "The service demanded a nonce, and you took it for a failure. Send once more, "
            "with the nonce from its answer.",
            "M02",
        )
    if not door.refusal and got.status_code != 200:
        raise Wrong(
            "The second request did not carry the nonce from the first answer: take it from "
            "the DPoP-Nonce header.",
            "M02",
        )
    if not door.demands and len(door.got) > 1:
        raise Wrong("The first answer was good already; you sent again.", "M02")
    _judge_last(got, door)


def judge_endless(got: object, door: Door) -> None:
    """Judge what was done at a door that demands forever: two calls, and the second refusal."""
    if len(door.got) > 2:
        raise Wrong(FOR_EVER, "M02")
    if not isinstance(got, httpx.Response):
        raise Wrong(
            f"After a second demand, stop and return that response; got {show(got)}. "
            "The caller wants to see why it failed."
        )
    _judge_last(got, door)


def _judge_last(got: httpx.Response, door: Door) -> None:
    if got is not door.last:
        raise Wrong("You returned an earlier response. Return the one that came last.")
