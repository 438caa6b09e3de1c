"""What a service said, read from any response: status, error, the rule and its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from dialtone_kit.base.challenges import Challenge, challenges
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_text, masked
from dialtone_kit.base.reason import Reason
from dialtone_kit.client.responses import json_or_nothing
from dialtone_kit.wire.redaction import Redactor

LONGEST = 400  # characters of a text that is shown
ACCEPTED = "accepted"
STOLEN = "stolen, and it looks in order"
_BY_RULE = frozenset({"invalid_dpop_proof", "use_dpop_nonce", "invalid_token"})
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,200})", re.I)
# What was odd about a request, by the rule that refused it.
_ODD = {
    "one_header": "not exactly one proof",
    "well_formed": "a proof that can't be read",
    "typ_is_dpop": "a JWT of another type",
    "alg_is_listed": "an algorithm that is not listed",
    "jwk_is_public": "a jwk that isn't a suitable public key",
    "signature_verifies": "a signature that does not verify",
    "htm_matches": "a proof for another method",
    "htu_matches": "a proof for another URL",
    "iat_is_fresh": "a proof from another time",
    "nonce_is_ours": "a proof without a fresh nonce",
    "ath_matches": "a proof that does not name this token",
    "key_is_bound": "a proof by another key",
    "jti_is_new": "a proof that was used before",
    "scheme": "the token under another scheme",
    "aud": "a token for another audience",
    "exp": "an expired token",
    "iss": "a token of another issuer",
    "kid": "a token signed by an unknown key",
    "revoked": "a revoked token",
    "signature": "a forged or altered token",
}
# The same by the error, where no rule is named.
_ODD_ERRORS = {
    "insufficient_scope": "a token without the scope for this",
    "access_denied": "what this caller may not do",
}
# What was refused, by the scheme of the challenge: neither comes as a token.
_REFUSED = {
    "Attestation": "evidence that was refused",
    "VerificationCode": "a code or poll token that was refused",
}
# What differs from run to run, and its stand-in in text that is compared.
_UNSTEADY = (
    (re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):\d+"), r"\1:…"),
    (re.compile(r"\blab-[0-9a-z]{4,}\b"), "lab-…"),
    (re.compile(r"\biat [\d.]+ s\b"), "iat … s"),
    (re.compile(r"\bno key [\w-]+ in the"), "no key … in the"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}"), "…"),
    (re.compile(r"\b\d{9,}(?:\.\d+)?\b"), "…"),
)


@dataclass(frozen=True)
class Answer:
    """One response, for a reader: nothing in it is a secret or an address.

    `error` is the code of the refusal, "" for none; `reason` what the service said about it.
    `schemes` are those of its challenges. `asked` is method and path, "" if nothing is known.
    `odd` is what was odd about the request. `by` is "thief" if one sent it.
    """

    status: int
    phrase: str
    error: str
    reason: Reason
    schemes: tuple[str, ...]
    asked: str
    odd: str
    by: str = ""

    @property
    def welcome(self) -> bool:
        """Whether the request was accepted (2xx)."""
        return 200 <= self.status < 300

    @property
    def short(self) -> str:
        """The end in a few words: `401 jti_is_new`, or `200 accepted`."""
        return f"{self.status} {self.reason.rule or self.error or self.phrase}".rstrip()


def read_answer(response: httpx.Response) -> Answer:
    """What `response` says, whatever it is: JSON, a page, nothing. Never raises for its content."""
    if not isinstance(response, httpx.Response):
        raise DialtoneError(
            "This takes responses, such as the one from lesson.http.get(…); got a "
            f"{type(response).__name__}."
        )
    told = [
        one for field in response.headers.get_list("WWW-Authenticate") for one in challenges(field)
    ]
    error, text = _told(response, told)
    reason = _reason(error, text)
    welcome, by = response.is_success, str(response.extensions.get("by", ""))
    return Answer(
        status=response.status_code,
        phrase=ACCEPTED if welcome else _shown(response.reason_phrase),
        error="" if welcome else error,
        reason=Reason() if welcome else reason,
        schemes=tuple(dict.fromkeys(_shown(one.scheme)[:40] for one in told)),
        asked=_asked(response),
        odd=(STOLEN if by else "all in order") if welcome else _odd(response, told, error, reason),
        by=by,
    )


def steady(text: str) -> str:
    """`text` with what differs from run to run taken out: ports, times, ids, thumbprints."""
    for pattern, stand_in in _UNSTEADY:
        text = pattern.sub(stand_in, text)
    return text


def _told(response: httpx.Response, told: list[Challenge]) -> tuple[str, str]:
    """The error's code and its text: from JSON, a challenge, or whatever the body is."""
    body = json_or_nothing(_whole(response))
    blamed = next((one.parameters for one in told if "error" in one.parameters), {})
    error = _string(body.get("error")) or blamed.get("error", "")
    text = _string(body.get("error_description")) or blamed.get("error_description", "")
    text = text or _string(body.get("detail")) or _string(body.get("title"))
    return _shown(error)[:60], _shown(text or ("" if body else _body_text(response)))


def _whole(response: httpx.Response) -> httpx.Response:
    """The response with its body read; one whose stream is gone is taken without a body."""
    try:
        response.read()
    except (httpx.StreamError, httpx.HTTPError, RuntimeError):
        return httpx.Response(response.status_code)
    return response


def _body_text(response: httpx.Response) -> str:
    """What a body that is not JSON says, in one line."""
    content = _whole(response)
    if not content.content:
        return "The body is empty."
    text = mask_text(Redactor().members(content.text[:20_000]))  # before anything is cut from it
    if "html" in content.headers.get("Content-Type", ""):
        title = _TITLE.search(text)
        return f"A web page: {title[1].strip()}" if title else "A web page."
    return " ".join(text.split())


def _reason(error: str, text: str) -> Reason:
    """The reason in `text`; a rule only where the error is about a proof or a token."""
    reason = Reason.read(text)
    if error in _BY_RULE or not reason.rule:
        return reason
    return Reason(hint=text)


def _odd(response: httpx.Response, told: list[Challenge], error: str, reason: Reason) -> str:
    if reason.rule == "ath_matches" and reason.got == "nothing":
        return "a proof without ath"
    if reason.rule:
        return _ODD.get(reason.rule, f"a token that {reason.rule} refuses")
    try:
        headers = response.request.headers
    except RuntimeError:
        return "something else"
    for one in told:
        if one.scheme in _REFUSED:
            return _REFUSED[one.scheme]
    if response.status_code == 401 and "Authorization" not in headers:
        return "no token"
    scheme = headers.get("Authorization", "").partition(" ")[0].lower()
    if response.status_code == 401 and told and scheme not in {one.scheme.lower() for one in told}:
        return _ODD["scheme"]
    return _ODD_ERRORS.get(error, "a request that was refused" if error else "something else")


def _asked(response: httpx.Response) -> str:
    try:
        request = response.request
    except RuntimeError:  # made by hand
        return ""
    return _shown(f"{request.method} {request.url.path}")


def _shown(text: str) -> str:
    """`text` masked, on one line and short; addresses hidden."""
    safe = " ".join(Redactor().text(masked(text[:20_000])).split())
    return safe if len(safe) <= LONGEST else f"{safe[: LONGEST - 1]}…"


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
