"""Reading what a service answered: the JSON that was asked for, or one clear line about why not.

The one place that turns an HTTP error into one of the kit's exceptions.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, NoReturn

import httpx

from dialtone_kit.base.errors import NotThisService, RateLimited, ServiceError
from dialtone_kit.base.masking import masked
from dialtone_kit.base.times import CLOCK_SKEW

NO_WAIT_NAMED = 60.0  # seconds to stay away after a 429 without a usable Retry-After
# Advice for a refusal: the first row whose code and word both fit; M-codes as in the lessons.
_HINTS = (
    ("use_dpop_nonce", "", "Build a new proof with the nonce of the DPoP-Nonce header. [M02]"),
    ("invalid_dpop_proof", "jti", "A proof works once: build a new one for every request. [M01]"),
    ("invalid_dpop_proof", "unix seconds", "Send iat, exp and nbf as numbers, in seconds."),
    ("invalid_dpop_proof", "iat", "Build the proof right before you send it. [M06]"),
    ("invalid_dpop_proof", "htu", "Build the proof for exactly the URL that you call. [M04]"),
    ("invalid_dpop_proof", "ath", "Hash exactly this access token into the proof. [M05]"),
    ("invalid_dpop_proof", "private", "Put only the public members into jwk. [M14]"),
    ("invalid_dpop_proof", "signature", "Sign raw r and s, with the key that jwk shows. [M13]"),
    ("invalid_token", "bearer", "Send a bound token under the DPoP scheme. [M08]"),
    ("invalid_token", "thumbprint", "Sign with the key that the token is bound to. [M07]"),
    ("invalid_token", "expired", "Get a new token."),
    ("invalid_client", "", "Check client_id and client_secret, and their realm. [M15]"),
    ("unsupported_media_type", "", "The token endpoint takes a form, not JSON. [M09]"),
    ("insufficient_scope", "", "Ask for a token with that scope, if your client was granted it."),
)


class WrongCode(ServiceError):
    """The verification code was wrong (M25). `tries_left` is None if the service doesn't say."""

    tries_left: int | None = None


def read_json(response: httpx.Response, now: Callable[[], float] = time.time) -> dict[str, Any]:
    """The JSON object of a successful response; anything else raises, saying what to do."""
    if response.is_redirect:
        target = masked(response.headers.get("Location", "elsewhere"))[:200]
        raise NotThisService(
            f"{_asked(response)} answered with a redirect to {target}. It is not followed, since "
            "credentials would go along. Correct base_url."
        )
    body = _parse(response)
    if not response.is_success:
        raise refusal(response, body, now())
    return body


def refusal(response: httpx.Response, body: dict[str, Any], now: float) -> ServiceError:
    """The service's own code and text, then a hint, then the clocks if they may be the cause."""
    error, text = _text(body, "error") or "error", _text(body, "error_description")
    if response.status_code == 429:
        wait = retry_after(response, now)
        return rate_limited(response, body, NO_WAIT_NAMED if wait is None else wait, now)
    parts = (text, _hint(error, text), _clocks(response, text, now))
    description = " ".join(part for part in parts if part)
    return ServiceError(response.status_code, error, description, response.headers, body)


def rate_limited(
    response: httpx.Response, body: dict[str, Any], wait: float, now: float
) -> RateLimited:
    """A 429 that is not waited for: come back in `wait` seconds."""
    text = _text(body, "error_description") or "Too many requests."
    return RateLimited(text, wait, response.headers, now=now, body=body)


def refused_code(refused: ServiceError) -> ServiceError:
    """A refused confirmation: as WrongCode, with the tries left, if the code was the reason."""
    if refused.status != 401 or "poll_token" in refused.description:
        return refused
    tries = tries_in(refused.body)
    if tries is None:
        counted = re.search(r"\b(\d{1,3}) (?:more )?(?:tries|try|attempts?)\b", refused.description)
        tries = int(counted[1]) if counted else None
    wrong = WrongCode(
        401,
        refused.error,
        f"{refused.description} Compare it with the email: XXXX-XXXX. [M25]",
        refused.headers,
        refused.body,
    )
    wrong.tries_left = tries
    return wrong


def tries_in(body: Mapping[str, object]) -> int | None:
    """The `tries_left` that a body names; None for anything that can't be a number of tries."""
    tries = body.get("tries_left")
    if isinstance(tries, bool) or not isinstance(tries, int) or not 0 <= tries < 100:
        return None
    return tries


def json_or_nothing(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of any response, empty if it has none: for a look at its error code."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def retry_after(response: httpx.Response, now: float) -> float | None:
    """Seconds until `Retry-After` (a number or an HTTP date); None without a usable one.

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


def _parse(response: httpx.Response) -> dict[str, Any]:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        what = "a web page" if "html" in kind else masked(kind)[:60] or "no content type"
        raise NotThisService(
            f"{_asked(response)} answered {response.status_code} with {what} instead of JSON. Is "
            "base_url right? Or is a sign-in page of your network in between?"
        )
    try:
        body = json.loads(response.content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NotThisService(
            f"{_asked(response)} answered {response.status_code} with broken JSON. Was it cut off "
            "on the way, or is base_url wrong?"
        ) from None
    if not isinstance(body, dict):
        raise NotThisService(f"{_asked(response)} answered with JSON, but not with an object.")
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _asked(response: httpx.Response) -> str:
    """The request's URL without its query, which may hold codes and ids."""
    return masked(str(response.request.url.copy_with(query=None)))


def _text(body: dict[str, Any], member: str) -> str:
    value = body.get(member)
    return " ".join(masked(value)[:400].split()) if isinstance(value, str) else ""


def _hint(error: str, text: str) -> str:
    for code, word, hint in _HINTS:
        if code == error and word in text.lower():
            # The mock's own texts end in the same advice: once is enough.
            known = hint[-5:] if hint.endswith("]") else hint  # its code, such as [M04]
            return "" if known in text else hint
    return ""


def _clocks(response: httpx.Response, text: str, now: float) -> str:
    """Refused for its time while the clocks differ: then the clock is to blame, not the proof."""
    date = http_date(response.headers.get("Date", ""))
    about_time = re.search(r"\biat\b|clock|\bold\b|recent|future", text)
    if date is None or abs(now - date) <= CLOCK_SKEW or not about_time:
        return ""
    way = "ahead of" if now > date else "behind"
    return f"Your clock is {abs(now - date):.0f} s {way} the service's: correct it and try again."
