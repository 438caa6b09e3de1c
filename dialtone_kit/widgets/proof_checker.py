"""The proof checker: thirteen tiles, a proof to edit, and what the service says about it.

The proof travels in the views' messages, as a form's text does: never in a trait or the file.
The access token never leaves the kernel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialtone_kit.base.masking import masked
from dialtone_kit.base.urls import normalize
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import SeenProofs
from dialtone_kit.rules import RULES, Request
from dialtone_kit.widgets.panel import Panel, State
from dialtone_kit.widgets.proof_draft import draft_of
from dialtone_kit.widgets.proof_tiles import Tile, judged, stopped_at


@dataclass(frozen=True)
class ServiceVerdict:
    """What the service said: the HTTP `status` (None: not asked) and a sentence."""

    status: int | None
    text: str


# Sends the request with these proofs, `times` times, and returns the verdict on the last.
Ask = Callable[[str, str, Sequence[str], int], ServiceVerdict]


@dataclass(frozen=True, repr=False, eq=False)
class Case:
    """A request with its proofs, to inspect; `label` names it in a list.

    `status` is what the service said when it was sent, None if it never was. `ask` sends it.
    """

    headers: Sequence[str]
    request: Request
    label: str = ""
    status: int | None = None
    ask: Ask | None = None

    @property
    def accepted(self) -> bool:
        """Whether the service accepted it (2xx), and so used up its `jti`."""
        return self.status is not None and 200 <= self.status < 300


class ProofChecker(Panel):
    """Show how the rules judge a proof, and let it be edited and sent.

    `cases` are those to choose from, the last one first. Every edit is signed again with `key`.
    """

    script = "proof_checker.js"
    name = "Proof checker"
    question = "Which of the thirteen rules does this proof pass, and which one stops it?"

    def __init__(
        self,
        cases: Sequence[Case],
        key: ProofKey,
        interactive: bool = True,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._key, self._now = key, now
        self._problem: State = {}
        self._service: ServiceVerdict | None = None
        self._cases = tuple(cases)
        self._labels = [self._named(number, case) for number, case in enumerate(self._cases, 1)]
        self._open(self._cases[-1])

    @property
    def tiles(self) -> list[Tile]:
        """The thirteen tiles in their current state."""
        return self._tiles

    def state(self) -> State:
        request = self._request
        return {
            "tiles": [_shown(tile) for tile in self._tiles],
            "draft": {
                "fields": dict(self._draft.fields),
                "age": self._draft.age,
                "signer": self._draft.signer,
                "leaked": self._draft.leaked,
                "twice": self._draft.twice,
            },
            "method": request.method,
            "url": masked(request.url),
            "with_token": request.access_token is not None,
            "replayed": self._replayed,
            "edited": self._edited,
            "cases": self._labels,
            "case": self._cases.index(self._case) if self._case in self._cases else None,
            "status": None if self._edited else self._case.status,
            "can_ask": self._case.ask is not None,
            "service": {"status": self._service.status, "text": self._service.text}
            if self._service is not None
            else None,
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        self._problem = {}
        if kind == "edit":
            self._edit(message)
        elif kind == "restore":
            self._open(self._case)
        elif kind == "open":
            number = message.get("case")
            if isinstance(number, int) and 0 <= number < len(self._cases):
                self._open(self._cases[number])
        elif kind == "ask" and self._case.ask is not None:
            self._send(self._case.ask)

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        stop = stopped_at(self._tiles)
        if stop is None:
            return f"Proof checker: all {len(RULES)} rules pass."
        passed = sum(tile.outcome in ("passed", "nothing to check") for tile in self._tiles)
        return f"Proof checker: {passed} of {len(RULES)} rules pass; {stop.rule} refuses."

    def _open(self, case: Case) -> None:
        request, headers = case.request, list(case.headers)
        first = headers[0] if headers else ""
        self._case, self._request, self._headers = case, request, headers
        self._draft = draft_of(
            first, request.method, request.url, request.now, request.access_token
        )
        self._edited = self._replayed = False
        self._sent, self._service = case.accepted, None
        self._judge(used=self._is_replay(case))

    def _named(self, number: int, case: Case) -> str:
        """Its number and label, and the rule that stopped it: most requests have the same URL."""
        tiles = _verdict(case.headers, case.request, used=self._is_replay(case))
        stop = None if case.accepted or case.status is None else stopped_at(tiles)
        return f"{number}. {case.label}" + (f" {stop.rule}" if stop else "")

    def _is_replay(self, case: Case) -> bool:
        """Whether an earlier case with the same proofs was accepted."""
        earlier = self._cases[: self._cases.index(case)]
        return any(one.accepted and one.headers == case.headers for one in earlier)

    def _edit(self, message: Mapping[str, Any]) -> None:
        request, now = self._request, self._now()
        method, url = _text(message, "method"), _text(message, "url")
        if url and url != masked(request.url):
            normalize(url)  # UnsafeUrl: the view says what is wrong with it
            request = replace(request, url=url)
        self._request = replace(request, method=method or request.method, now=now)
        self._draft = self._draft.changed(message)
        self._headers = self._draft.headers(self._key, now)
        self._replayed = message.get("replayed") is True
        self._edited, self._sent, self._service = True, False, None
        self._judge(used=self._replayed)

    def _send(self, ask: Ask) -> None:
        request = self._request = replace(self._request, now=self._now())
        again = self._sent or (not self._edited and self._is_replay(self._case))
        times = 2 if self._replayed and not again else 1
        self._service = ask(request.method, request.url, self._headers, times)
        self._sent = True
        self._judge(used=again or self._replayed)

    def _judge(self, *, used: bool = False) -> None:
        self._tiles = _verdict(self._headers, self._request, used=used)


def _verdict(headers: Sequence[str], request: Request, *, used: bool) -> list[Tile]:
    """The tiles for these proofs; `used`: after a first use."""
    seen = SeenProofs(now=lambda: request.now)
    request = replace(request, first_use=seen.first_use)
    tiles = judged(headers, request)
    return judged(headers, request) if used else tiles


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    return value.strip()[:2000] if isinstance(value, str) else ""


def _shown(tile: Tile) -> State:
    return {
        "rule": tile.rule,
        "title": tile.title,
        "outcome": tile.outcome,
        "expected": tile.expected,
        "got": tile.got,
        "hint": tile.hint,
        "code": tile.code,
    }
