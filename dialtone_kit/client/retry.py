"""The demo's retry rules, around one whole send: every attempt builds its request anew.

429: wait as long as `Retry-After` says. 5xx: back off, 1 to 30 s. No connection: three more tries.
The loop stands above `DPoPAuth`, so that each attempt carries a proof of its own (M01).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

import httpx

from dialtone_kit.base.errors import DialtoneError, NotThisService, RateLimited, ServiceUnreachable
from dialtone_kit.base.masking import masked
from dialtone_kit.base.urls import origin

REPEATS = 3
LONGEST_BACKOFF = 30.0  # seconds
# The connection was never made: nothing can have taken effect.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_OUR_FAULT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)


def send_with_retries(
    send: Callable[[], httpx.Response],
    *,
    safe_to_repeat: bool,
    sleep: Callable[[float], None] = time.sleep,
    max_wait: float = 30.0,
    now: Callable[[], float] = time.time,
    jitter: Callable[[float, float], float] = random.uniform,
) -> httpx.Response:
    """Call `send` until it brings an answer worth keeping; `max_wait` is in seconds.

    Not `safe_to_repeat` means that a second send could do the thing twice: it is then sent again
    only if no connection was made. Raises RateLimited, ServiceUnreachable or NotThisService.
    """
    for repeat in range(REPEATS + 1):
        last = repeat == REPEATS
        try:
            response = send()
        except httpx.TransportError as problem:
            if last or not _may_repeat(problem, safe_to_repeat):
                raise _explained(problem, safe_to_repeat) from None
            sleep(jitter(0.5, 1.0) * 2**repeat / 2)
            continue
        wait = _wait(response, repeat, now, jitter)
        if wait is None:
            return response
        if last or not safe_to_repeat or wait > max_wait:
            return _given_up(response, wait, now)
        sleep(wait)
    raise AssertionError("the last repeat returns or raises")


def retry_after(response: httpx.Response, now: float) -> float | None:
    """Seconds until `Retry-After` (a number or an HTTP date), None if it says nothing usable.

    A date is read against the service's own `Date` where there is one: our clock may be off.
    """
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    date = http_date(value)
    if date is None:
        return None
    return max(0.0, date - (http_date(response.headers.get("Date", "")) or now))


def http_date(value: str) -> float | None:
    """An HTTP date (RFC 9110 §5.6.7) in Unix seconds, None if it is not one."""
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        seconds = moment.timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return seconds if isfinite(seconds) else None


def _may_repeat(problem: httpx.TransportError, safe_to_repeat: bool) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(problem) or isinstance(problem, _OUR_FAULT):
        return False  # the next try would meet the same
    return isinstance(problem, _NEVER_SENT) or safe_to_repeat


def _wait(
    response: httpx.Response,
    repeat: int,
    now: Callable[[], float],
    jitter: Callable[[float, float], float],
) -> float | None:
    """Seconds to wait before the next attempt; None when the answer is one to keep."""
    if response.status_code != 429 and response.status_code < 500:
        return None
    asked = retry_after(response, now())
    return jitter(1.0, min(LONGEST_BACKOFF, 2.0 ** (repeat + 1))) if asked is None else asked


def _given_up(response: httpx.Response, wait: float, now: Callable[[], float]) -> httpx.Response:
    """The answer itself for a 5xx; a 429 names the time to come back."""
    if response.status_code != 429:
        return response
    body = _json_object(response)
    said = body.get("error_description")
    text = masked(said[:300]) if isinstance(said, str) else "Too many requests."
    raise RateLimited(text, wait, response.headers, now=now(), body=body)


def _json_object(response: httpx.Response) -> dict[str, object]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _explained(problem: httpx.TransportError, safe_to_repeat: bool) -> DialtoneError:
    try:
        where = origin(str(problem.request.url))
    except RuntimeError:  # httpx: raised by hand, outside a client
        where = "the service"
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        return ServiceUnreachable(
            f"{where} showed a certificate that is not trusted. Name a private CA with ca_file=; "
            "verification can't be turned off."
        )
    if isinstance(problem, _OUR_FAULT):
        return DialtoneError(f"This request can't be sent: {masked(str(problem))}.")
    if isinstance(problem, _NEVER_SENT):
        return ServiceUnreachable(
            f"No connection to {where} after {REPEATS + 1} tries. For the local mock: run "
            "`dialtone serve`, or start() again. For the real service: check the network."
        )
    caution = "" if safe_to_repeat else " It may have taken effect: look before you send it again."
    if isinstance(problem, httpx.TimeoutException):
        return ServiceUnreachable(f"{where} did not answer in time.{caution}")
    return NotThisService(f"The answer of {where} broke off.{caution}")
