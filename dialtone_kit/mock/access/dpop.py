"""Where the thirteen rules meet HTTP: the proof in a request, and its single use in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, exists, insert, select
from starlette.requests import Request

from dialtone_kit import proofs, rules
from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.mock.access import attack_lab
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import Headers
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import PRIVATE_KEPT, Realm
from dialtone_kit.mock.store.statements import Prepared
from dialtone_kit.mock.store.tables import used_proofs
from dialtone_kit.mock.web.requests import header_values


@dataclass(frozen=True)
class Wanted(rules.Request):
    """What a proof must match, and the rules that it must pass before it is used up."""

    rules: tuple[rules.Rule, ...] = field(kw_only=True)


_NEW: Any = select(bindparam("digest"), bindparam("forget_at")).where(
    ~exists().where(used_proofs.c.digest == bindparam("digest"))
)
_FIRST_USE = Prepared(insert(used_proofs).from_select(["digest", "forget_at"], _NEW))
ALGS = " ".join(ALGORITHMS)


def judged_by(
    service: Service,
    realm: Realm,
    request: Request,
    purpose: str,
    access_token: str | None = None,
    bound_to: str | None = None,
) -> Wanted:
    """What a proof in `request` must match. The URL is ours, whatever the Host header says."""
    return Wanted(
        method=request.method,
        url=service.settings.base_url + request.scope["path"],
        now=clock.now(realm),
        access_token=access_token,
        bound_to=bound_to,
        nonces=service.nonces(purpose, realm) if realm.nonce_required else None,
        rules=attack_lab.before_use(realm),
    )


def proof_of(request: Request, wanted: Wanted) -> rules.Proof | None:
    """The request's proof, checked by all rules but the last; None without a DPoP header.

    Raises ProofRefused, which names the rule.
    """
    headers = header_values(request, "dpop")
    return proofs.check_proof(headers, wanted, wanted.rules) if headers else None


def use_up(tx: Connection, realm: Realm, proof: rules.Proof, wanted: rules.Request) -> None:
    """Rule 13, in the transaction of what the proof permits. Raises ProofRefused for a replay."""

    def first_use(thumbprint: str, jti: str, keep_until: float) -> bool:
        digest = sha256(f"{realm.name}|{thumbprint}|{jti}".encode()).digest()
        # In machine time, which no lesson moves.
        forget_at = keep_until - realm.offset + clock.MARGIN
        if realm.without == rules.iat_is_fresh.__name__:  # the proof has no window then
            forget_at = clock.machine_now() + PRIVATE_KEPT
        return bool(_FIRST_USE.run(tx, digest=digest, forget_at=forget_at).rowcount == 1)

    request = rules.Request(wanted.method, wanted.url, wanted.now, first_use=first_use)
    rules.judge(proof, request, attack_lab.at_use(realm))


def missing(expected: str) -> ProofRefused:
    """Rule 1, for a request without the proof that it needs."""
    return ProofRefused(
        expected, hint="Send a proof in the DPoP header.", rule=rules.one_header.__name__
    )


def fresh_nonce(service: Service, realm: Realm, purpose: str) -> Headers:
    """The header with the next nonce, where this realm demands nonces (RFC 9449 §8.2)."""
    if not realm.nonce_required:
        return ()
    return (("DPoP-Nonce", service.nonces(purpose, realm).current()),)
