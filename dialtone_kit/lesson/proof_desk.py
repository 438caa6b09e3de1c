"""The proof checker of a lesson: recorded requests, a handmade proof, what the service says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlencode

import httpx

from dialtone_kit.base.errors import DialtoneError, LessonStop, TokenRefused
from dialtone_kit.base.masking import masked
from dialtone_kit.base.urls import same_origin
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.responses import json_or_nothing
from dialtone_kit.client.token_requests import authentication
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.misconceptions import entry_for_view
from dialtone_kit.rules import Request
from dialtone_kit.tokens import issuer_allows, read_unverified
from dialtone_kit.widgets import ProofChecker
from dialtone_kit.widgets.proof_checker import Ask, Case, ServiceVerdict
from dialtone_kit.wire.raw import RawRequest

_OURS = frozenset({"dpop", "content-length", "host"})  # rewritten for each send


class CheckingLesson(Protocol):
    """What the checker needs of the lesson."""

    @property
    def client(self) -> IdentityClient: ...
    @property
    def interactive(self) -> bool: ...


def proof_checker(
    lesson: CheckingLesson,
    proof: str | Sequence[str] | None,
    request: Request | None,
    key: ProofKey | None,
) -> ProofChecker:
    """The checker for `proof` as part of `request`, or for the requests recorded so far."""
    if (proof is None) != (request is None):
        raise DialtoneError("Pass the proof and the request it belongs to, or neither.")
    if not isinstance(request, Request | None):
        raise DialtoneError(f"request= takes a Request of the kit; got a {type(request).__name__}.")
    cases = [_recorded(lesson, raw) for raw in lesson.client.wire.raw]
    if request is not None:
        headers = [proof] if isinstance(proof, str) else list(proof or ())
        cases.append(_by_hand(lesson, headers, request))
    if not cases:
        raise LessonStop("No proof has been sent yet: run the cell that sends one first.")
    now = lesson.client.connection.now
    checker = ProofChecker(cases, key or ProofKey.generate(), lesson.interactive, now=now)
    checker.explain = entry_for_view
    return checker


def _recorded(lesson: CheckingLesson, raw: RawRequest) -> Case:
    token = raw.access_token
    request = Request(raw.method, raw.url, raw.sent_at, token, _bound_to(token))
    kept = [(n, v) for n, v in raw.headers.multi_items() if n.lower() not in _OURS]
    at_issuer = same_origin(raw.url, lesson.client.issuer)
    elsewhere = "" if at_issuer else httpx.URL(raw.url).netloc.decode()
    label = f"{raw.method} {elsewhere}{raw.path} → {raw.status or 'no response'}"
    ask = _asking(lesson, kept, raw.content)
    return Case(raw.proofs, request, label, raw.status, ask)


def _by_hand(lesson: CheckingLesson, headers: Sequence[str], request: Request) -> Case:
    label = f"{request.method} {httpx.URL(request.url).path}, not sent yet"
    if request.access_token is None:
        return Case(headers, request, label, ask=_asking_for_token(lesson))
    bound = request.bound_to or _bound_to(request.access_token)
    whole = Request(request.method, request.url, request.now, request.access_token, bound)
    carried = [("Authorization", f"DPoP {request.access_token}")]
    return Case(headers, whole, label, ask=_asking(lesson, carried, b""))


def _asking_for_token(lesson: CheckingLesson) -> Ask | None:
    """A token request with the proof: what the demo's step 3 sends. None without credentials."""
    credentials = lesson.client.credentials
    if credentials is None or not issuer_allows(lesson.client.issuer, credentials.issuer):
        return None
    headers, own = authentication(credentials)
    form = {"grant_type": "client_credentials", "scope": "openid"} | own
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _asking(lesson, list((headers | kind).items()), urlencode(form).encode())


def _asking(lesson: CheckingLesson, headers: Sequence[tuple[str, str]], content: bytes) -> Ask:
    def ask(method: str, url: str, proofs: Sequence[str], times: int) -> ServiceVerdict:
        if not same_origin(url, lesson.client.issuer):  # a token goes to the service, nowhere else
            return ServiceVerdict(None, "That URL isn't the service's, so nothing was sent to it.")
        fields = [*headers, *(("DPoP", proof) for proof in proofs)]
        try:
            for _ in range(times):
                response = lesson.client.http.request(method, url, headers=fields, content=content)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            return ServiceVerdict(None, f"It could not be sent: {masked(str(problem))}")
        said = json_or_nothing(response).get("error_description", "")
        text = str(said) if not response.is_success else "The proof was accepted."
        return ServiceVerdict(response.status_code, masked(text) or response.reason_phrase)

    return ask


def _bound_to(token: str | None) -> str | None:
    """The thumbprint in the token's `cnf`, unverified: whoever issued it, the proof must match."""
    try:
        confirmation = read_unverified(token or "").claims.get("cnf")
    except TokenRefused:
        return None
    bound = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    return bound if isinstance(bound, str) else None
