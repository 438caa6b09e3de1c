"""Judges `dialtone(issuer, credentials)` at three services, one after the other: 13.dialtone."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import combinations
from typing import Any

import httpx
from IPython.utils.capture import CapturedIO, capture_output

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.content.lesson_13.stranger import PLACES, Stranger
from dialtone_kit.lesson.content.lesson_13.tally import ELSEWHERE, NO_HOST, NOTHING_SENT, Tally
from dialtone_kit.lesson.exercises.asking import ask, same, show
from dialtone_kit.lesson.exercises.patience import sealed
from dialtone_kit.lesson.exercises.printing import gives_away, printed
from dialtone_kit.lesson.exercises.time_limit import TooLong
from dialtone_kit.lesson.exercises.verdict import Wrong
from dialtone_kit.tokens import read_unverified
from dialtone_kit.wire.recorder import Wire

TIMEOUT = 2.0  # seconds for a response of a service on this machine
PRINTED = (
    "A token or a secret is in your function's output. Outputs are saved with the notebook: print "
    "claims, not tokens."
)
DECODED = (
    "Those are claims that you decoded from the token. Anyone can write such a token: return what "
    "`whoami` says."
)
RESPONSE = "Return the claims, as a dict; this is the response: `.json()`."
REALLY_SLEEPS = (
    "Your function waits for real. Wait with the `sleep` that you're given: here it takes no time."
)


def judge_everywhere(function: Callable[..., Any], wire: Wire) -> int:
    """The most requests that one of three services got. Raises Wrong with what went wrong."""
    clocks = [40, 80 + secrets.randbelow(20), 140 + secrets.randbelow(20)]  # seconds fast
    busy = list(combinations(PLACES, 2))
    random.shuffle(clocks)
    random.shuffle(busy)
    return max(_judge_at(function, wire, *drawn) for drawn in zip(clocks, busy, strict=True))


def _judge_at(function: Callable[..., Any], wire: Wire, fast: float, busy: tuple[str, str]) -> int:
    """How many requests one service got."""
    tally = Tally()
    with closing(Stranger(fast, busy, tally)) as service, _http(service, tally, wire) as http:
        with _watched(service):
            got = _got(function, service, http, tally)
        if tally.came > tally.sent:
            raise Wrong(ELSEWHERE)
        if service.answer is None or not same(got, service.answer):
            raise tally.because() or _other(got, service, tally)
    return tally.sent


@contextmanager
def _http(service: Stranger, tally: Tally, wire: Wire) -> Iterator[httpx.Client]:
    """The learner's client: recorded, counted, and ended by the first mistake."""
    with open_client(service.issuer, timeout=TIMEOUT, wrap=wire.transport) as http:
        http.event_hooks = {"request": [tally.sending], "response": [tally.received]}
        yield http


def _got(
    function: Callable[..., Any], service: Stranger, http: httpx.Client, tally: Tally
) -> object:
    """What the function returns; one that fails is told why, if its requests show it."""
    try:
        return ask(function, service.issuer, service.credentials, http, sealed(tally.sleep))
    except TooLong:
        if tally.last[0] == 429 and not tally.naps:
            raise Wrong(REALLY_SLEEPS) from None
        raise
    except (httpx.TransportError, DialtoneError):
        raise tally.because() or Wrong(NO_HOST) from None
    except Wrong as wrong:
        raise tally.because() or wrong from None


@contextmanager
def _watched(service: Stranger) -> Iterator[None]:
    """What the function prints and displays is shown after it, unless there is a secret in it."""
    captured = CapturedIO(None, None)
    try:
        with capture_output() as captured:
            yield
    finally:
        if _leaks(captured, service):
            raise Wrong(PRINTED, "M27")
        captured.show()  # type: ignore[no-untyped-call]


def _leaks(captured: CapturedIO, service: Stranger) -> bool:
    """Whether it shows a part of the secret, or of a token: its signature, or where it begins.

    A header is no secret, and what is in the middle may be a claim that a proof has, too.
    """
    secret = service.credentials.client_secret
    kept = [secret.reveal()] if secret is not None else []
    for token in service.tokens:
        header, payload, signature = token.split(".")
        kept += [signature, f"{header[-10:]}.{payload[:10]}"]
    return gives_away(printed(captured), kept)


def _other(got: object, service: Stranger, tally: Tally) -> Wrong:
    """What is wrong with an answer that isn't what `whoami` said."""
    if not tally.came:
        return Wrong(NOTHING_SENT)
    if isinstance(got, httpx.Response):
        return Wrong(RESPONSE)
    if any(same(got, dict(read_unverified(token).claims)) for token in service.tokens):
        return Wrong(DECODED, "M20")
    return Wrong(f"Return the claims that `whoami` answers with; you returned {show(got)}.")
