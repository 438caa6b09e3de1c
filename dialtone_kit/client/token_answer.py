"""What the token endpoint grants: access tokens as the kit holds them, read and judged."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from dialtone_kit.base.errors import NotThisService, TokenRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import Token, is_bound_to


def authentication(credentials: Credentials) -> tuple[dict[str, str], dict[str, str]]:
    """Header and form members by which a client says who it is: HTTP Basic, as OAuth writes it.

    Both parts are form-encoded first (RFC 6749 §2.3.1). M15. Without a secret: the id in the form.
    """
    if credentials.client_secret is None:
        return {}, {"client_id": credentials.client_id}
    name, secret = quote_plus(credentials.client_id), credentials.client_secret.reveal()
    packed = b64encode(f"{name}:{quote_plus(secret)}".encode()).decode()
    return {"Authorization": f"Basic {packed}"}, {}


def read_token(
    answer: Mapping[str, Any],
    scope: str,
    key: ProofKey | None,
    issued_at: float,
    refresh_token: Secret | None = None,
) -> Token:
    """The token of an answer (RFC 6749 §5.1), if it is what was asked for: bound to `key` or not.

    A bearer token in answer to a proof is refused: it could be spent by whoever finds it.
    `refresh_token` is the one that goes on being good if the answer brings no other.
    """
    text, kind, lifetime = (answer.get(n) for n in ("access_token", "token_type", "expires_in"))
    if not isinstance(text, str) or not text.isascii() or not isinstance(kind, str):
        raise NotThisService("The token answer has no usable access_token and token_type.")
    if not isinstance(lifetime, int) or isinstance(lifetime, bool):
        raise NotThisService("The token answer does not say in whole seconds when it expires.")
    wanted = "Bearer" if key is None else "DPoP"
    if kind.lower() != wanted.lower():
        raise TokenRefused(
            "token_type",
            f"asked for {wanted}, got {kind[:40]!r}: not used. The service did not do as asked.",
        )
    renewal = answer.get("refresh_token")
    token = Token(
        Secret(text),
        kind,
        lifetime,
        str(answer.get("scope", scope)),
        key,
        issued_at,
        Secret(renewal) if isinstance(renewal, str) and renewal else refresh_token,
    )
    if key is not None and text.count(".") == 2 and not is_bound_to(token.claims, key):
        raise TokenRefused("cnf", "the token is not bound to the key of the proof: not used.")
    return token
