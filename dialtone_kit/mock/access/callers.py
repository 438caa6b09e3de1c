"""Who may call a protected resource (the demo's step 5): token, proof, scope, policy.

RFC 6750 and RFC 9449 §7 say which answer each failure gets; the JSON body repeats its code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from dialtone_kit import rules
from dialtone_kit.base.errors import ProofRefused, TokenRefused
from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.access.live_tokens import decoded, live_client
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.mock.web.requests import FORM, header_values, media_type, parse_form, read_body
from dialtone_kit.mock.web.responses import quoted
from dialtone_kit.tokens import bound_thumbprint, verify_decoded

T = TypeVar("T")
TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
SCHEMES = {"dpop": "DPoP", "bearer": "Bearer"}
REFUSALS = (400, 401, 413, 503)  # the statuses of every protected call, for its description


@dataclass(frozen=True)
class Caller:
    """An authorized request: whose token, in which realm, and the proof still to be used up."""

    service: Service
    realm: Realm
    client: Client
    claims: dict[str, Any]
    wanted: rules.Request
    proof: rules.Proof | None
    record: Callable[[Connection], None] | None = None  # the decision, for the audit trail

    @property
    def scope(self) -> str:
        return str(self.claims["scope"])

    @property
    def for_another(self) -> bool:
        """The token's subject is not the client itself: it acts for a person or another agent."""
        return bool(self.claims["sub"] != self.client.client_id)

    async def finish(self, work: Callable[[Connection], T], *, writes: bool = False) -> T:
        """The value of `work`, in the transaction that uses up the proof (rule 13).

        The decision that permitted it is recorded in the same one.
        """
        proof, record = self.proof, self.record
        if proof is None and record is None and not writes:
            return await self.service.store.read(work)

        def all_of_it(tx: Connection) -> T:
            if proof is not None:
                dpop.use_up(tx, self.realm, proof, self.wanted)
            if record is not None:
                record(tx)
            return work(tx)

        return await self._refusing(all_of_it)

    async def _refusing(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self.service.store.write(work)
        except ProofRefused as problem:
            raise _challenged(self.realm, problem.error, str(problem), self.nonce) from None

    @property
    def nonce(self) -> Headers:
        return dpop.fresh_nonce(self.service, self.realm, "resource")


async def authorize(
    request: Request, scope: str | None = None, action: str | None = None
) -> Caller:
    """Who calls, once token, proof (all rules but the last), scope and policy are right.

    `action` is what the realm's policies are asked about; without one they have no say. 400 for a
    malformed request, 401 with `WWW-Authenticate` for token and proof, 403 for scope and policy.
    """
    service, realm = service_of(request), await path_realm(request)
    scheme, token = await _presented(request, realm or service.realms["default"])
    caller = await _caller(request, service, realm, scheme, token)
    if scope is not None and scope not in caller.scope.split():
        raise _challenged(
            caller.realm,
            "insufficient_scope",
            f"This needs the scope {scope}; the token has {caller.scope}.",
            caller.nonce,
            status=403,
            more=f', scope="{scope}"',
        )
    return caller if action is None else await _permitted(caller, action)


async def _permitted(caller: Caller, action: str) -> Caller:
    """The caller with the decision to be recorded. A no is recorded too, and uses the proof up:
    nobody pads another one's trail with the same request again and again.
    """
    decision = decisions.may_call(
        caller.service, caller.realm, caller.client, action, caller.claims
    )
    decided = replace(caller, record=lambda tx: _record(tx, caller, decision, action))
    if not decision.allowed:
        await decided.finish(lambda _tx: None)
        raise decisions.refused_call(caller.client, action, decision).and_headers(caller.nonce)
    return decided


def _record(tx: Connection, caller: Caller, decision: decisions.Decision, action: str) -> None:
    decisions.record_decision(
        tx,
        caller.realm,
        decision,
        action,
        f"api:{decisions.API[action]}",
        caller.client.client_id,
        sponsor=caller.client.sponsor,
        scope=caller.scope,
        binding="DPoP" if caller.proof else "Bearer",
        jkt=caller.proof.thumbprint if caller.proof else None,
        token=caller.claims.get("jti"),
        subject=caller.claims["sub"],
        **({"act": caller.claims["act"]} if "act" in caller.claims else {}),
    )


async def _caller(
    request: Request, service: Service, realm: Realm | None, scheme: str, token: str
) -> Caller:
    """The caller behind a token under a scheme: bound tokens go with DPoP, others with Bearer."""
    shown = realm or service.realms["default"]
    nonce: Headers = ()
    try:
        realm, claims = await _verified(service, realm, token)
        shown, nonce = realm, dpop.fresh_nonce(service, realm, "resource")
        bound_to = bound_thumbprint(claims)
        if (bound_to is not None) != (scheme == "DPoP"):
            kind = "bound to a key" if bound_to else "a bearer token"
            raise TokenRefused("scheme", f"this token is {kind}; {scheme} is the wrong scheme. M08")
        client = await live_client(service, realm, claims)
        wanted = dpop.judged_by(service, realm, request, "resource", token, bound_to)
        proof = dpop.proof_of(request, wanted) if bound_to is not None else None
        if bound_to is not None and proof is None:
            raise dpop.missing("a DPoP proof for this request")
    except TokenRefused as problem:
        log.warning("token refused in realm %s: %s", shown.name, problem.rule)
        raise _challenged(shown, "invalid_token", str(problem), nonce) from None
    except ProofRefused as problem:
        log.warning("proof refused in realm %s: %s", shown.name, problem.rule)
        raise _challenged(shown, problem.error, str(problem), nonce) from None
    return Caller(service, realm, client, claims, wanted, proof)


async def _presented(request: Request, realm: Realm) -> tuple[str, str]:
    """Scheme and token of the one `Authorization` header; a token anywhere else is refused."""
    headers = header_values(request, "authorization")
    if len(headers) > 1:
        raise Refusal(400, "invalid_request", "Two Authorization headers came; send one.")
    elsewhere = "access_token" in request.query_params
    if media_type(request) == FORM:
        elsewhere = elsewhere or "access_token" in parse_form(await read_body(request))
    if elsewhere:
        raise Refusal(
            400, "invalid_request", "The access token belongs in the Authorization header only."
        )
    if not headers:
        raise _challenged(realm)
    name, _, token = headers[0].partition(" ")
    scheme = SCHEMES.get(name.lower())
    if scheme is None or not TOKEN68.fullmatch(token.strip(" ")):
        text = "Write Authorization: DPoP <token> (or Bearer, for an unbound token)."
        raise _challenged(realm, "invalid_token", text)
    return scheme, token.strip(" ")


async def _verified(
    service: Service, realm: Realm | None, token: str
) -> tuple[Realm, dict[str, Any]]:
    """The token's realm and claims. At the root the token says the realm, elsewhere the path does.

    A token for an audience passes here only when we are in it.
    """
    unverified = decoded(token)
    realm = realm or await _realm_named(service, unverified.claims.get("iss"))
    issuer = service.settings.issuer(realm.name)
    named = unverified.claims.get("aud")
    asked = named if isinstance(named, list) else [named]
    ours = service.settings.audiences(realm.name)
    audience = next((one for one in ours if one in asked), None)
    jwks = await service.keys.jwks()
    now = clock.now(realm)
    return realm, verify_decoded(token, unverified, jwks, issuer, now=now, audience=audience)


async def _realm_named(service: Service, iss: object) -> Realm:
    name = str(iss).removeprefix(service.settings.issuer(""))
    realm = await service.find_realm(name)
    if realm is None:
        raise TokenRefused("iss", "not issued by a realm of this service.")
    return realm


def _challenged(
    realm: Realm,
    error: str | None = None,
    description: str = "",
    nonce: Headers = (),
    *,
    status: int = 401,
    more: str = "",
) -> Refusal:
    """A refusal with its challenge: what went wrong, and by which schemes to come back.

    No `error` in the header when no credentials came at all (RFC 6750 §3.1).
    """
    told = f'error="{error}", error_description="{quoted(description)}", ' if error else ""
    challenges: Headers = (("WWW-Authenticate", f'DPoP {told}algs="{dpop.ALGS}"{more}'),)
    if not realm.dpop_required:
        challenges += (("WWW-Authenticate", 'Bearer realm="dialtone"'),)
    if error is None:
        text = "Send an access token: Authorization: DPoP <token>, with a proof in DPoP."
        return Refusal(status, "unauthorized", text, challenges)
    return Refusal(status, error, description, challenges + nonce)
