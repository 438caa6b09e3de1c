"""Reading what a service answered: JSON that was asked for, or one clear line about why not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, NoReturn

import httpx

from dialtone_kit.base.errors import NotThisService, RateLimited, ServiceError
from dialtone_kit.base.masking import masked
from dialtone_kit.client.retry import http_date, retry_after

SKEW = 5  # seconds that two honest clocks may differ
# What to say to which refusal. The first whose code and word both fit; codes as in the lessons.
_HINTS = (
    ("use_dpop_nonce", "", "Build a new proof with the nonce of the DPoP-Nonce header. M02"),
    ("invalid_dpop_proof", "jti", "A proof serves once: build a new one for every send. M01"),
    ("invalid_dpop_proof", "iat", "Build the proof right before you send it. M06"),
    ("invalid_dpop_proof", "htu", "Build the proof for exactly the URL that you call. M04"),
    ("invalid_dpop_proof", "ath", "Hash this very access token into the proof. M05"),
    ("invalid_dpop_proof", "private", "Put the public members alone into jwk. M14"),
    ("invalid_dpop_proof", "signature", "Sign raw r and s, with the key that jwk shows. M13"),
    ("invalid_token", "bearer", "A bound token goes out under the DPoP scheme. M08"),
    ("invalid_token", "thumbprint", "Sign with the key that the token is bound to. M07"),
    ("invalid_token", "expired", "Get a new token."),
    ("invalid_client", "", "Check client_id and client_secret, and their realm. M15"),
    ("unsupported_media_type", "", "The token endpoint takes a form, not JSON. M09"),
    ("insufficient_scope", "", "Ask for a token with that scope, if your client was granted it."),
)


class WrongCode(ServiceError):
    """The verification code was not right (M25). `tries_left` is None if the service kept quiet."""

    tries_left: int | None = None


def read_json(response: httpx.Response, now: Callable[[], float] = time.time) -> dict[str, Any]:
    """The JSON object of a successful answer; anything else raises, saying what to do."""
    if response.is_redirect:
        target = masked(response.headers.get("Location", "elsewhere")[:200])
        raise NotThisService(
            f"{_asked(response)} answered with a redirect to {target}. It is not followed, since "
            "credentials would travel along. Correct base_url."
        )
    body = _parse(response)
    if not response.is_success:
        raise_refusal(response, body, now())
    return body


def raise_refusal(response: httpx.Response, body: dict[str, Any], now: float) -> NoReturn:
    """The service's own code and text, then a hint, then the clocks if they may be the cause."""
    error, text = _text(body, "error") or "error", _text(body, "error_description")
    if response.status_code == 429:
        wait = retry_after(response, now)
        raise RateLimited(
            text, 60.0 if wait is None else wait, response.headers, now=now, body=body
        )
    parts = [text, _hint(error, text), _clocks(response, text, now)]
    said = " ".join(part for part in parts if part)
    raise ServiceError(response.status_code, error, said, response.headers, body)


def refused_code(refusal: ServiceError) -> ServiceError:
    """A refused confirmation; as a WrongCode, with the tries that are left, if the code was it."""
    if refusal.status != 401 or "poll_token" in refusal.description:
        return refusal
    tries = refusal.body.get("tries_left")
    if not isinstance(tries, int):
        found = re.search(r"\b(\d{1,3}) (?:more )?(?:tries|try|attempts?)\b", refusal.description)
        tries = int(found[1]) if found else None
    wrong = WrongCode(
        401,
        refusal.error,
        f"{refusal.description} Compare it with the mail: XXXX-XXXX. M25",
        refusal.headers,
        refusal.body,
    )
    wrong.tries_left = tries
    return wrong


def skew(response: httpx.Response, now: float) -> float | None:
    """Seconds that the local clock is ahead of the service's `Date`; None without one."""
    date = http_date(response.headers.get("Date", ""))
    return None if date is None else now - date


def _parse(response: httpx.Response) -> dict[str, Any]:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        what = "a web page" if "html" in kind else masked(kind[:60]) or "no content type"
        raise NotThisService(
            f"{_asked(response)} answered {response.status_code} with {what} instead of JSON. Is "
            "base_url right, and is no sign-in page of your network in between?"
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
    """The request's URL without its query, where codes and ids may stand."""
    return masked(str(response.request.url.copy_with(query=None)))


def _text(body: dict[str, Any], member: str) -> str:
    value = body.get(member)
    return " ".join(masked(value[:400]).split()) if isinstance(value, str) else ""


def _hint(error: str, text: str) -> str:
    for code, word, hint in _HINTS:
        if code == error and word in text.lower():
            # The mock's own texts end in the same advice: once is enough.
            return "" if hint[-3:] in text else hint
    return ""


def _clocks(response: httpx.Response, text: str, now: float) -> str:
    """Refused for its time while the clocks differ: then the clock is to blame, not the proof."""
    ahead = skew(response, now)
    if (
        ahead is None
        or abs(ahead) <= SKEW
        or not re.search(r"\biat\b|clock|\bold\b|recent|future", text)
    ):
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return f"Your clock is {abs(ahead):.0f} s {way} the service's: set it right, then try again."
