"""The demo's retry rules, around one whole send: every attempt builds its request again.

429: wait as long as `Retry-After` says. 5xx: back off, 1 to 30 s. No connection: three more tries.
The loop is above `DPoPAuth`, so that each attempt carries its own proof (M01).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import httpx

from dialtone_kit.base.errors import DialtoneError, NotThisService, ServiceUnreachable
from dialtone_kit.base.masking import masked
from dialtone_kit.base.reason import sentence
from dialtone_kit.base.urls import origin
from dialtone_kit.client.proxies import shown_proxy
from dialtone_kit.client.responses import json_or_nothing, rate_limited, retry_after
from dialtone_kit.client.tls_problems import tls_problem
from dialtone_kit.client.transport import at_most

REPEATS = 3
LONGEST_BACKOFF = 30.0  # seconds
# The connection was never made: nothing can have taken effect.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_OUR_FAULT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
_CAUTION = "It may have taken effect: check before you send it again."
_FINAL = (*_OUR_FAULT, httpx.ProxyError)  # the next try would meet the same
_WAY_OUT = (
    "For the local service: run `dialtone serve`, or start() again. For the real service: check "
    "the network."
)
_WAYS_OUT: dict[str, str] = {}  # by origin, where there is a better one


def when_away(base_url: str, way_out: str) -> None:
    """From here on, what this process says to do when there's no connection to this service."""
    _WAYS_OUT[origin(base_url)] = way_out


def forget() -> None:
    """Forget all of that: for tests."""
    _WAYS_OUT.clear()


def send_with_retries(
    send: Callable[[], httpx.Response],
    *,
    safe_to_repeat: bool,
    sleep: Callable[[float], None] = time.sleep,
    max_wait: float = 30.0,
    now: Callable[[], float] = time.time,
    jitter: Callable[[float, float], float] = random.uniform,
    longest: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> httpx.Response:
    """Call `send` until it brings a response worth keeping; `max_wait` is in seconds.

    All sends together may take `longest` seconds by `clock`, the waits between them not counted: a
    service that answers a byte at a time holds nobody up once for each repeat.

    Not `safe_to_repeat` means that a second send could do the thing twice: it is then sent again
    only if no connection was made. Raises RateLimited, ServiceUnreachable or NotThisService.
    """
    left = longest
    for repeat in range(REPEATS + 1):
        outcome, left = _attempt(send, left, clock)
        last = repeat == REPEATS or left <= 0
        if isinstance(outcome, httpx.TransportError):
            if last or not _may_repeat(outcome, safe_to_repeat):
                raise explained(outcome, safe_to_repeat, repeat + 1) from None
            sleep(jitter(0.5, 1.0) * 2**repeat / 2)
            continue
        wait = _wait(outcome, repeat, now, jitter)
        if wait is None:
            return outcome
        if last or not safe_to_repeat or wait > max_wait:
            if outcome.status_code == 429:
                raise rate_limited(outcome, json_or_nothing(outcome), wait, now())
            return outcome
        sleep(wait)
    raise AssertionError("the last repeat returns or raises")


def _attempt(
    send: Callable[[], httpx.Response], left: float, clock: Callable[[], float]
) -> tuple[httpx.Response | httpx.TransportError, float]:
    """What one send brings within `left` seconds, and how many of them are left after it."""
    began = clock()
    outcome: httpx.Response | httpx.TransportError
    try:
        with at_most(left):
            outcome = send()
    except httpx.TransportError as problem:
        outcome = problem
    return outcome, left - (clock() - began)


def _may_repeat(problem: httpx.TransportError, safe_to_repeat: bool) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem) or isinstance(problem, _FINAL):
        return False
    return isinstance(problem, _NEVER_SENT) or safe_to_repeat


def _wait(
    response: httpx.Response,
    repeat: int,
    now: Callable[[], float],
    jitter: Callable[[float, float], float],
) -> float | None:
    """Seconds to wait before the next attempt; None when the response is one to keep."""
    if response.status_code != 429 and response.status_code < 500:
        return None
    asked = retry_after(response, now())
    return jitter(1.0, min(LONGEST_BACKOFF, 2.0 ** (repeat + 1))) if asked is None else asked


def explained(
    problem: httpx.TransportError, safe_to_repeat: bool = True, tries: int = 1
) -> DialtoneError:
    """What went wrong on the way, in one line that says what to do."""
    try:
        url = str(problem.request.url)
        where, proxy = origin(url), shown_proxy(url)
    except RuntimeError:  # httpx: raised by hand, outside a client
        where, proxy = "the service", ""
    never_sent = isinstance(problem, _NEVER_SENT)
    caution = "" if safe_to_repeat or never_sent else f" {_CAUTION}"
    if line := tls_problem(str(problem), where):
        return ServiceUnreachable(line + caution)
    if isinstance(problem, httpx.LocalProtocolError):  # its own text quotes the header
        return DialtoneError(
            "This request can't be sent: a header contains a character that HTTP forbids, such as "
            "a line break. Was a token copied with one?"
        )
    if isinstance(problem, _OUR_FAULT):
        return DialtoneError(sentence(f"This request can't be sent: {masked(str(problem))}"))
    if isinstance(problem, httpx.ProxyError):
        return ServiceUnreachable(
            sentence(f"The proxy {proxy} refused to connect to {where}: {masked(str(problem))}")
            + " Correct the variable, or name the host in NO_PROXY."
        )
    if never_sent:
        way = f"{where} through the proxy {proxy}" if proxy else where
        way_out = _WAYS_OUT.get(where, _WAY_OUT)
        return ServiceUnreachable(f"No connection to {way} after {tries} tries. {way_out}")
    if isinstance(problem, httpx.TimeoutException):
        return ServiceUnreachable(f"{where} did not answer in time.{caution}")
    return NotThisService(f"The response from {where} was cut off.{caution}")
