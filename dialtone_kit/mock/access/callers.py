"""Who may call a protected resource (the demo's step 5): token, proof, scope, policy.

RFC 6750 and RFC 9449 §7 define the response to each failure; the JSON body repeats its code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.requests import Request

from dialtone_kit import rules
from dialtone_kit.base.errors import ProofRefused, TokenRefused
from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.access.live_tokens import decoded, live_client
from dialtone_kit.mock.access.schemes import challenged, presented
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.refusal import Headers, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.web.context import path_realm, service_of
from dialtone_kit.tokens import bound_thumbprint, verify_decoded

T = TypeVar("T")
REFUSALS = (400, 401, 413, 503)  # the statuses of every protected call, for its description


@dataclass(frozen=True)
class Caller:
    """An authorized request: whose token, in which realm, and the proof that is not used up yet."""

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
    def scheme(self) -> str:
        """The scheme of the token: `DPoP` with a proof, otherwise `Bearer`."""
        return "DPoP" if self.proof else "Bearer"

    @property
    def for_another(self) -> bool:
        """Whether the client acts for someone else: it isn't the token's subject."""
        return bool(self.claims["sub"] != self.client.client_id)

    async def finish(self, job: Callable[[Connection], T], *, writes: bool = False) -> T:
        """The result of `job`, run in the transaction that uses up the proof (rule 13).

        The policy decision is recorded in the same transaction.
        """
        proof, record = self.proof, self.record
        if proof is None and record is None and not writes:
            return await self.service.store.read(job)

        def whole_job(tx: Connection) -> T:
            if proof is not None:
                dpop.use_up(tx, self.realm, proof, self.wanted)
            if record is not None:
                record(tx)
            return job(tx)

        try:
            return await self.service.store.write(whole_job)
        except ProofRefused as problem:
            raise challenged(
                self.realm, self.scheme, problem.error, str(problem), self.nonce
            ) from None

    @property
    def nonce(self) -> Headers:
        """The header with the next nonce, where this realm demands nonces."""
        return dpop.fresh_nonce(self.service, self.realm, "resource")


async def authorize(
    request: Request, scope: str | None = None, action: str | None = None
) -> Caller:
    """The caller, once token, proof (all rules but the last), scope and policy have been checked.

    With an `action`, the realm's policies decide about it. 400 for a malformed request, 401 with
    `WWW-Authenticate` for token and proof, 403 for scope and policy.
    """
    service, realm = service_of(request), await path_realm(request)
    scheme, token = await presented(request, realm or service.realms["default"])
    caller = await _caller(request, service, realm, scheme, token)
    if scope is not None and scope not in caller.scope.split():
        raise challenged(
            caller.realm,
            caller.scheme,
            "insufficient_scope",
            f"This needs the scope {scope}; the token has {caller.scope}.",
            caller.nonce,
            status=403,
            more=(f'scope="{scope}"',),
        )
    return caller if action is None else await _permitted(caller, action)


async def _permitted(caller: Caller, action: str) -> Caller:
    """The caller, with the policy decision that `finish` will record.

    A denial is recorded at once and uses up the proof, so that no one can fill the trail by
    repeating one request.
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
        binding=caller.scheme,
        jkt=caller.proof.thumbprint if caller.proof else None,
        token=caller.claims.get("jti"),
        subject=caller.claims["sub"],
        **({"act": caller.claims["act"]} if "act" in caller.claims else {}),
    )


async def _caller(
    request: Request, service: Service, realm: Realm | None, scheme: str, token: str
) -> Caller:
    """The caller with this token: a bound token must come with DPoP, any other with Bearer."""
    shown = realm or service.realms["default"]
    nonce: Headers = ()
    try:
        realm, claims = await _verified(service, realm, token)
        shown, nonce = realm, dpop.fresh_nonce(service, realm, "resource")
        bound_to, by_key = bound_thumbprint(claims), scheme == "DPoP"
        if (bound_to is not None) != by_key and realm.refuses("scheme_fits_cnf"):
            kind = "bound to a key" if bound_to else "a bearer token"
            raise TokenRefused(
                "scheme", f"this token is {kind}; {scheme} is the wrong scheme. [M08]"
            )
        client = await live_client(service, realm, claims)
        wanted = dpop.judged_by(service, realm, request, "resource", token, bound_to)
        proof = dpop.proof_of(request, wanted) if by_key else None
        if by_key and proof is None:
            raise dpop.missing("a DPoP proof for this request")
    except TokenRefused as problem:
        log.warning("token refused in realm %s: %s", shown.name, problem.rule)
        raise challenged(shown, scheme, "invalid_token", str(problem), nonce) from None
    except ProofRefused as problem:
        log.warning("proof refused in realm %s: %s", shown.name, problem.rule)
        raise challenged(shown, scheme, problem.error, str(problem), nonce) from None
    return Caller(service, realm, client, claims, wanted, proof)


async def _verified(
    service: Service, realm: Realm | None, token: str
) -> tuple[Realm, dict[str, Any]]:
    """The token's realm and claims. The path names the realm; at the root the token does.

    A token with an audience is good here only if the audience includes this service.
    """
    unverified = decoded(token)
    realm = realm or await _realm_named(service, unverified.claims.get("iss"))
    issuer = service.settings.issuer(realm.name)
    aud = unverified.claims.get("aud")
    named = aud if isinstance(aud, list) else [] if aud is None else [aud]
    audience = _audience_of(service, realm, named) if named else None
    jwks = await service.keys.jwks()
    now = clock.now(realm)
    return realm, verify_decoded(token, unverified, jwks, issuer, now=now, audience=audience)


def _audience_of(service: Service, realm: Realm, named: list[Any]) -> str:
    """Which audience of this service a token names; the API's if none, and that is refused."""
    ours = service.settings.audiences(realm.name)
    foreign = next((one for one in named if isinstance(one, str)), None)
    audience = next((one for one in ours if one in named), None)
    if audience is None and foreign is not None and not realm.refuses("audience_is_ours"):
        audience = foreign
    return service.settings.api(realm.name) if audience is None else audience


async def _realm_named(service: Service, iss: object) -> Realm:
    name = str(iss).removeprefix(service.settings.issuer(""))
    realm = await service.find_realm(name)
    if realm is None:
        raise TokenRefused("iss", "not issued by a realm of this service.")
    return realm
