"""Fresh tokens of an issuer of our own, and every way to forge one: the material of lesson 04."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.keys import jwk_of
from dialtone_kit.lesson.exercises.asking import word
from dialtone_kit.tokens import sign_token


class Issuer:
    """A small issuer of our own for fresh tokens. Its JWKS begins with a key that signs none."""

    def __init__(self) -> None:
        self.url, self.kid = f"https://id-{word()}.example/realms/main", word()
        self.private = new_key()
        self.public = jwk_of(self.private.public_key())
        idle = jwk_of(new_key().public_key())
        named = ((idle, word()), (self.public, self.kid))
        self.jwks = {"keys": [{**jwk, "kid": kid, "alg": "ES256"} for jwk, kid in named]}

    def claims(self, **more: object) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "sub": "cli_me",
            "client_id": "cli_me",
            "scope": "openid",
            "token_type": "access_token",
            "iat": now,
            "exp": now + 3600,
            "jti": word(16),
            **more,
        }

    def token(self, private: ec.EllipticCurvePrivateKey | None = None, **more: object) -> str:
        """A signed token; a claim given as None is left out."""
        claims = {name: value for name, value in self.claims(**more).items() if value is not None}
        return sign_token(private or self.private, claims, kid=self.kid)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def with_claims(token: str, **changes: object) -> str:
    """`token` with other claims and its old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(b64url_decode(payload)) | changes
    return f"{header}.{b64url(json.dumps(claims).encode())}.{signature}"


def _unsigned(issuer: Issuer) -> str:
    header = {"alg": "none", "typ": "JWT", "kid": issuer.kid}
    return f"{_parts(header, issuer.claims())}."


def _hmac_by_public_key(issuer: Issuer) -> str:
    """HS256 keyed with the public x: fools verifiers that let the header choose the algorithm."""
    text = _parts({"alg": "HS256", "typ": "JWT", "kid": issuer.kid}, issuer.claims())
    mac = hmac.HMAC(b64url_decode(issuer.public["x"]), hashes.SHA256())
    mac.update(text.encode())
    return f"{text}.{b64url(mac.finalize())}"


def _parts(*parts: Mapping[str, Any]) -> str:
    return ".".join(b64url(json.dumps(part).encode()) for part in parts)


def _long_past() -> int:
    return int(time.time()) - 60 * (2 + secrets.randbelow(60))


@dataclass(frozen=True)
class Forgery:
    """A token to refuse. `how` completes "Number 2 was …"; `missed` says what to check."""

    make: Callable[[Issuer], str]
    how: str
    missed: str
    code: str = "M20"


DECODED = "Decoding shows what a token claims, not whether it is true."

FORGERIES = (
    Forgery(
        lambda i: with_claims(i.token(), sub="cli_admin"), "altered after it was signed", DECODED
    ),
    Forgery(
        lambda i: i.token(new_key()),
        "signed by someone else's key, under the same kid",
        "Anyone can write that kid: verify with the key that the JWKS has under it.",
    ),
    Forgery(
        _unsigned,
        "not signed at all: alg none",
        "You decide which algorithms to accept, not the token.",
    ),
    Forgery(
        _hmac_by_public_key,
        "signed by HMAC, with the public key as the secret",
        "The key in the JWKS is for ES256, whatever the token's header says.",
    ),
    Forgery(
        lambda i: i.token(iss="https://id.evil.example"),
        "from another issuer",
        "Its signature is good, but whose is it? Check the issuer as well.",
        "M19",
    ),
    Forgery(
        lambda i: i.token(iss=f"{i.url}-{word()}"),
        "from an issuer whose name only begins like yours",
        "Compare the whole name.",
        "M19",
    ),
    Forgery(
        lambda i: i.token(iss=i.url.partition("/realms/")[0]),
        "from the root, and you trust one of its realms",
        "Compare the whole name.",
        "M19",
    ),
    Forgery(
        lambda i: i.token(iat=_long_past() - 3600, exp=_long_past()),
        "expired",
        "Its signature and issuer are good, but you didn't look at the time.",
    ),
    Forgery(
        lambda i: i.token(exp=None),
        "without any exp",
        "Such a token would never expire. Refuse a token that doesn't say when it ends.",
    ),
    Forgery(
        lambda i: i.token(token_type="id_token"),  # noqa: S106
        "an ID token, not an access token",
        "Signature, issuer and times are good, but it isn't the kind of token that opens an API.",
    ),
)
