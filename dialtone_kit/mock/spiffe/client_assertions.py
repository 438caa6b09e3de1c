"""A workload's JWT-SVID as the authentication of an OAuth client (`spiffe_jwt`).

draft-ietf-oauth-spiffe-client-auth §3.1. An SVID may be shown more than once while it lasts: it is
a bearer token, for this issuer alone.
"""

from __future__ import annotations

from dialtone_kit.base.errors import BadSpiffeId, TokenRefused
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.spiffe.settings import SpiffeSettings
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import check_times, read_unverified, verify_signature

JWT_TYPES = (None, "JWT", "JOSE")  # JWT-SVID §2.3


async def workload_of(service: Service, token: str, audience: str) -> str:
    """The SPIFFE ID in a JWT-SVID for `audience` and nobody else. Raises TokenRefused."""
    now = clock.machine_now()  # SVIDs are dated by it, whatever a realm's clock says
    domain = service.part(SpiffeSettings).trust_domain
    bundle = await service.store.read(lambda tx: authority.bundle(tx, domain, now))
    keys = [key for key in bundle["keys"] if key["use"] == "jwt-svid"]
    decoded = read_unverified(token)
    verify_signature(
        token,
        decoded.header,
        {"keys": keys},
        types=JWT_TYPES,
        algorithms=(authority.JWT_ALG,),
        use="jwt-svid",
    )
    check_times(decoded.claims, now, required=("exp",))
    if decoded.claims.get("aud") not in (audience, [audience]):
        raise TokenRefused(
            "aud", f"ask for a JWT-SVID whose only audience is this issuer, {audience}. [M24]"
        )
    try:
        return str(SpiffeId.parse(str(decoded.claims.get("sub"))))
    except BadSpiffeId as problem:
        raise TokenRefused("sub", str(problem)) from None
