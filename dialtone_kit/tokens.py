"""Access tokens: read one for display, verify it by JWKS, and see which key it is bound to."""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dialtone_kit.base.algorithms import ALGORITHMS, BadKey, public_key_from_jwk, sign
from dialtone_kit.base.errors import TokenRefused, brief
from dialtone_kit.base.jws import b64url, json_object, split, to_segment
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.reason import sentence
from dialtone_kit.base.times import CLOCK_SKEW, is_in_milliseconds, is_numeric_date
from dialtone_kit.keys import ProofKey

ACCESS_TOKEN_TYPES = ("at+jwt", "application/at+jwt")  # RFC 9068 §2.1
TYPES = ("JWT", *ACCESS_TOKEN_TYPES)  # RFC 7519


@dataclass(frozen=True)
class Token:
    """An access token, and the key it is bound to: None for a bearer token.

    `expires_in` is in seconds from `issued_at`, which is in Unix seconds of this machine.
    """

    access_token: Secret
    token_type: str
    expires_in: int
    scope: str
    key: ProofKey | None
    issued_at: float
    refresh_token: Secret | None = None  # it can't be pickled or shown

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the token says about itself, for display: `client.verify(token)` checks it (M20)."""
        return read_unverified(self.access_token.reveal()).claims

    @property
    def expires_at(self) -> datetime:
        """When it expires, in UTC."""
        return datetime.fromtimestamp(self.issued_at + self.expires_in, UTC)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """In a notebook, a line for each field: one long line is broken in the middle of words."""
        lines = [f"    {field.name}={getattr(self, field.name)!r}," for field in fields(self)]
        printer.text("\n".join(["Token(", *lines, ")"]))


def text_of(token: Token | Secret | str) -> str:
    """The token as it goes over the wire, from whatever a notebook holds."""
    secret = token.access_token if isinstance(token, Token) else token
    return secret.reveal() if isinstance(secret, Secret) else secret


@dataclass(frozen=True)
class Decoded:
    """What a token says about itself. Nothing here is verified: decoding is not believing."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def read_unverified(token: str) -> Decoded:
    """Header and claims of `token`, for display only (M20: decoding is not verifying).

    Raises TokenRefused when it is not a JWT at all.
    """
    try:
        parts = split(token)
        return Decoded(json_object(parts.header), json_object(parts.payload))
    except ValueError as problem:
        raise TokenRefused("well_formed", sentence(f"this is not a JWT: {problem}")) from None


def verify_token(
    token: str, jwks: Mapping[str, Any], issuer: str, *, now: float, audience: str | None = None
) -> dict[str, Any]:
    """The claims of `token`, once every check passed (the demo's step 4, RFC 9068 §4).

    `jwks` is the issuer's key set, `now` in Unix seconds. A token for an audience is refused
    unless `audience` names it. Two things pass that RFC 9068 forbids: a token without `aud`, and
    typ `JWT` if `token_type` says access token. Raises TokenRefused naming the check that failed.
    """
    return verify_decoded(token, read_unverified(token), jwks, issuer, now=now, audience=audience)


def verify_decoded(
    token: str,
    decoded: Decoded,
    jwks: Mapping[str, Any],
    issuer: str,
    *,
    now: float,
    audience: str | None = None,
) -> dict[str, Any]:
    """`verify_token` for a caller that had to read the token first, to learn whose it is."""
    verify_signature(token, decoded.header, jwks)
    claims = dict(decoded.claims)
    typed = decoded.header.get("typ") in ACCESS_TOKEN_TYPES  # else a claim has to say what it is
    if claims.get("token_type", "access_token" if typed else None) != "access_token":
        raise TokenRefused("token_type", "this JWT is not an access token.")
    if claims.get("iss") != issuer:
        raise TokenRefused("iss", f"issued by {brief(claims.get('iss'))}, not by {issuer}. [M19]")
    check_times(claims, now)
    check_audience(claims.get("aud"), audience)
    _check_binding(claims)
    return claims


def is_bound_to(claims: Mapping[str, Any], key: ProofKey) -> bool:
    """Whether a token with these claims can be used with `key`, and only with it."""
    bound = bound_thumbprint(claims)
    return bound is not None and hmac.compare_digest(bound.encode(), key.thumbprint.encode())


def bound_thumbprint(claims: Mapping[str, Any]) -> str | None:
    """The `cnf.jkt` of a token: the thumbprint of the key it is bound to, None for a bearer token.

    Raises TokenRefused when `cnf` is there but is not a confirmation by thumbprint.
    """
    _check_binding(claims)
    return claims["cnf"]["jkt"] if "cnf" in claims else None


def verify_signature(
    token: str,
    header: Mapping[str, Any],
    jwks: Mapping[str, Any],
    *,
    types: Collection[str | None] = TYPES,
    algorithms: Collection[str] = tuple(ALGORITHMS),
    use: str = "sig",
) -> None:
    """Any signed JWT: `alg` and `typ` are on the lists, and the key that `kid` names signed it.

    `use` is what the key must be for (RFC 7517 §4.2). Raises TokenRefused naming the check.
    """
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in algorithms:
        raise TokenRefused("alg", f"{brief(alg)} is not one of {', '.join(algorithms)}.")
    if "crit" in header or header.get("b64") is False:
        raise TokenRefused("crit", "the token asks for an extension that is not known here.")
    if header.get("typ") not in types:
        raise TokenRefused(
            "typ", f"{brief(header.get('typ'))} is not a type that is accepted here."
        )
    jwk = _key_named(kid, jwks)
    if jwk.get("alg", alg) != alg or jwk.get("use", use) != use:
        raise TokenRefused("kid", f"the key {brief(kid)} is not for {alg} signatures.")
    try:
        signed = _is_signed(token, alg, tuple(i for i in jwk.items() if isinstance(i[1], str)))
    except BadKey as problem:
        raise TokenRefused(
            "kid", sentence(f"the key {brief(kid)} can't be used: {problem}")
        ) from None
    if not signed:
        raise TokenRefused("signature", "not signed by the issuer: forged or altered on the way.")


def _key_named(kid: object, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The first key with this name in the issuer's key set."""
    listed = jwks.get("keys")
    for jwk in listed if isinstance(listed, list) else ():
        if isinstance(jwk, dict) and isinstance(kid, str) and jwk.get("kid") == kid:
            return jwk
    raise TokenRefused("kid", f"no key {brief(kid)} in the issuer's key set.")


@lru_cache(maxsize=512)  # one token comes with many calls
def _is_signed(token: str, alg: str, jwk: tuple[tuple[str, str], ...]) -> bool:
    parts = split(token)
    key = public_key_from_jwk(dict(jwk), alg)
    return key.verify(parts.signature, parts.signing_input)


def check_times(
    claims: Mapping[str, Any], now: float, required: Collection[str] = ("exp", "iat")
) -> None:
    """Valid at `now` (Unix seconds): not expired, not from the future. Raises TokenRefused."""
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if value is None and name not in required:
            continue
        if problem := wrong_date(name, value, now):
            raise TokenRefused(name, problem)
    if claims["exp"] <= now:
        raise TokenRefused("exp", f"expired {int(now - claims['exp'])} s ago. Get a new token.")
    ahead = max(claims.get("iat") or 0, claims.get("nbf") or 0) - now
    if ahead > CLOCK_SKEW:
        wait = f"valid only in {math.ceil(ahead)} s"
        raise TokenRefused("iat", f"{wait}: one of the two clocks is wrong: correct it. [M06]")


def wrong_date(name: str, value: object, now: float) -> str:
    """What is wrong with the NumericDate in the claim `name` (RFC 7519 §2), or nothing at all.

    `now` is in Unix seconds; with it, a time in milliseconds is recognised.
    """
    if not is_numeric_date(value):
        got = brief(None if value is None else json.dumps(value, ensure_ascii=False))
        return f"{name} is {got}, not a number of Unix seconds."
    if is_in_milliseconds(value, now):
        return f"{name} is {value}: that is milliseconds; NumericDate is seconds."
    return ""


def check_audience(aud: object, audience: str | None) -> None:
    """`aud` names `audience`; with None, the token has no `aud`. Raises TokenRefused."""
    named = aud if isinstance(aud, list) else [] if aud is None else [aud]
    if (named or audience is not None) and audience not in named:
        ours = f"not for {audience}" if audience is not None else "and this verifier names none"
        theirs = brief(" and ".join(map(str, named))) if named else "no audience"
        raise TokenRefused("aud", f"the token is for {theirs}, {ours}.")


def _check_binding(claims: Mapping[str, Any]) -> None:
    if "cnf" not in claims:
        return
    cnf = claims["cnf"]
    jkt = cnf.get("jkt") if isinstance(cnf, dict) else None
    if not isinstance(jkt, str) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", jkt):
        raise TokenRefused("cnf", "cnf holds no thumbprint of a key.")


def issuer_allows(issuer: str, iss: object) -> bool:
    """Whether tokens of `iss` may come from the service that was discovered as `issuer`.

    A service's root issues tokens for its realms too: `iss` is the root or `/realms/<name>` below.
    """
    if iss == issuer:
        return True
    return (
        isinstance(iss, str)
        and "/realms/" not in issuer
        and re.fullmatch(re.escape(issuer.rstrip("/")) + r"/realms/[A-Za-z0-9_-]+", iss) is not None
    )


def sign_token(
    private: Any, claims: dict[str, Any], *, kid: str, alg: str = "ES256", typ: str = "JWT"
) -> str:
    """A signed JWT of `claims` by a `cryptography` private key, whose public half is `kid`."""
    signing_input = f"{_token_header(alg, typ, kid)}.{to_segment(claims)}"
    return f"{signing_input}.{b64url(sign(private, alg, signing_input.encode()))}"


@lru_cache(maxsize=32)  # the same in every token by one key
def _token_header(alg: str, typ: str, kid: str) -> str:
    return to_segment({"alg": alg, "typ": typ, "kid": kid})
