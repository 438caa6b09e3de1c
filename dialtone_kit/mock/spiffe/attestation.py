"""Platform attestation: does a platform vouch for this workload, now, to this caller?

Evidence is checked against configured keys only, never against keys that came with it. Two things
the checks can't rule out: a thief on the workload's own machine gets evidence just as the workload
does; and AWS's document is not dated, so an instance is held to the first key that it shows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialtone_kit.base.algorithms import BadKey, public_key_from_jwk
from dialtone_kit.base.errors import BadSpiffeId, TokenRefused, brief
from dialtone_kit.base.jws import b64url, b64url_decode, json_object
from dialtone_kit.base.masking import PRIVATE_MEMBERS
from dialtone_kit.base.reason import sentence
from dialtone_kit.keys import thumbprint
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.spiffe.certificate_requests import key_alg
from dialtone_kit.mock.spiffe.challenges import ATTEST
from dialtone_kit.mock.spiffe.platform_claims import READERS, Attributes
from dialtone_kit.mock.spiffe.settings import Platform
from dialtone_kit.spiffe.evidence import Evidence, PlatformName, binding_input, bound_audience
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import check_times, read_unverified, verify_signature

JWT_TYPES = (None, "JWT")  # Kubernetes sets none
JWT_ALGS = ("RS256", "PS256", "ES256", "ES384")


@dataclass(frozen=True)
class Shown:
    """What a caller presents: evidence for a challenge, the SVID's key, and its signature."""

    platform: Platform
    evidence: Evidence
    challenge: str
    key: Mapping[str, Any]
    binding: str | None


@dataclass(frozen=True)
class Statement:
    """Decoded evidence, not yet trusted. `header` is a JWT's; `claims` may be AWS's document."""

    shown: Shown
    keys: Mapping[str, Any]  # the platform's JWK set
    now: float
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True)
class Attested:
    """Who a platform vouches for. `instance`: the machine, if it is held to its first key."""

    spiffe_id: SpiffeId
    instance: str | None


def attest(shown: Shown, keys: Mapping[str, Any], trust_domain: str, realm: Realm) -> Attested:
    """The workload that the evidence is about, once every rule of its platform holds.

    401 if the evidence or its binding is wrong, 403 if the workload is not one of ours.
    """
    try:
        statement = _read(shown, keys, clock.now(realm))
        for rule in RULES[shown.platform.name]:
            _apply(rule, statement, realm)
        attributes = READERS[shown.platform.name](statement.claims)
    except TokenRefused as problem:
        raise refused(f"evidence {problem.rule}", _without_rule(problem)) from None
    is_one_of_ours(shown.platform, attributes)
    instance = "|".join(attributes.values()) if shown.platform.name == "aws" else None
    return Attested(_id_of(shown.platform, attributes, trust_domain), instance)


def checked_key(jwk: Mapping[str, Any]) -> Mapping[str, Any]:
    """The caller's public key, if it is fit for signing. 400 otherwise."""
    if PRIVATE_MEMBERS & set(jwk):
        raise Refusal(
            400,
            "invalid_request",
            "key: it has a private member, so it is no longer secret. Make a new one. [M14]",
        )
    try:
        public_key_from_jwk(jwk, key_alg(jwk))
    except BadKey as problem:
        raise Refusal(400, "invalid_request", sentence(f"key: {problem}")) from None
    return jwk


def refused(rule: str, text: str) -> Refusal:
    """401; the message begins with the rule's name."""
    return Refusal(401, "unauthorized", f"{rule}: {text}", ATTEST)


def signed_by_platform(statement: Statement) -> None:
    """A key of the platform signed the token, by an algorithm that platforms use."""
    token = statement.shown.evidence.content
    verify_signature(token, statement.header, statement.keys, types=JWT_TYPES, algorithms=JWT_ALGS)


def document_signed(statement: Statement) -> None:
    """AWS signed the document, byte for byte: RSA over SHA-256."""
    evidence = statement.shown.evidence
    try:
        signature = base64.b64decode("".join(evidence.signature.split()), validate=True)
    except (ValueError, binascii.Error):
        raise TokenRefused("form", "the signature is not base64.") from None
    content = evidence.content.encode()
    keys = [public_key_from_jwk(key, "RS256") for key in statement.keys["keys"]]
    if not any(key.verify(signature, content) for key in keys):
        raise TokenRefused("signature", "not signed by AWS: forged, or altered in transit.")


def issued_by_platform(statement: Statement) -> None:
    """`iss` is exactly the configured issuer."""
    platform = statement.shown.platform
    if statement.claims.get("iss") != platform.issuer:
        raise TokenRefused("iss", f"the issuer for {platform.name} is {platform.issuer} here.")


def valid_now(statement: Statement) -> None:
    """Not expired, and not from the future."""
    check_times(statement.claims, statement.now)


def made_for_challenge(statement: Statement) -> None:
    """The only audience is the challenge with the key: a thief's key can't use the evidence."""
    shown = statement.shown
    named = _audiences(statement.claims.get("aud"))
    if named == [bound_audience(shown.challenge, thumbprint(shown.key))]:
        return
    what = "made for another challenge or another key"
    if named == [shown.challenge]:
        what = "it names the challenge without your key"
    raise TokenRefused(
        "aud", f"{what}. Ask the platform for the audience <nonce>.<thumbprint of your key>."
    )


def made_for_us(statement: Statement) -> None:
    """Azure's token is for the configured audience only."""
    audience = statement.shown.platform.audience
    if _audiences(statement.claims.get("aud")) != [audience]:
        raise TokenRefused("aud", f"ask Azure for a token for {audience}.")


def signed_by_key(statement: Statement) -> None:
    """The caller's key signed challenge and evidence, since this evidence can't name them."""
    shown = statement.shown
    if shown.binding is None:
        raise TokenRefused("binding", "sign nonce ‖ SHA-256(evidence) with your key.")
    try:
        signature = b64url_decode(shown.binding)
    except ValueError as problem:
        raise TokenRefused("binding", sentence(problem)) from None
    key = public_key_from_jwk(shown.key, key_alg(shown.key))
    if not key.verify(signature, binding_input(shown.challenge, shown.evidence)):
        raise TokenRefused(
            "binding", "the key of this request did not sign this challenge with this evidence."
        )


Rule = Callable[[Statement], None]
JWT_RULES: tuple[Rule, ...] = (signed_by_platform, issued_by_platform, valid_now)
RULES: Mapping[PlatformName, tuple[Rule, ...]] = {
    "kubernetes": (*JWT_RULES, made_for_challenge),
    "gcp": (*JWT_RULES, made_for_challenge),
    "azure": (*JWT_RULES, made_for_us, signed_by_key),
    "aws": (document_signed, signed_by_key),
}


def _apply(rule: Rule, statement: Statement, realm: Realm) -> None:
    try:
        rule(statement)
    except TokenRefused:
        if realm.refuses(rule.__name__):
            raise


def is_one_of_ours(platform: Platform, attributes: Attributes) -> None:
    """403 for other customers of the platform, which signs for all of them."""
    for name, known in platform.only.items():
        if attributes[name] not in known:
            raise Refusal(
                403,
                "access_denied",
                f"only: {platform.name} {name} {brief(attributes[name])} is not one of ours.",
            )


def issuer_named(evidence: Evidence) -> str:
    """The issuer that the evidence names, not yet trusted; empty if there is none to read."""
    try:
        return str(read_unverified(evidence.content).claims.get("iss"))
    except TokenRefused:
        return ""


def _read(shown: Shown, keys: Mapping[str, Any], now: float) -> Statement:
    """The evidence, decoded. Raises TokenRefused if it lacks its platform's form."""
    content = shown.evidence.content
    if shown.platform.name != "aws":
        decoded = read_unverified(content)
        return Statement(shown, keys, now, decoded.header, decoded.claims)
    try:
        return Statement(shown, keys, now, {}, json_object(b64url(content.encode())))
    except ValueError as problem:
        raise TokenRefused("form", sentence(f"this is not a document: {problem}")) from None


def _id_of(platform: Platform, attributes: Attributes, trust_domain: str) -> SpiffeId:
    """The ID by the configured path. A value that would change the path is refused."""
    if any("/" in value for value in attributes.values()):
        raise refused("evidence claims", "a name in it contains a slash.")
    try:
        return SpiffeId.of(trust_domain, platform.path.format_map(attributes))
    except BadSpiffeId as problem:
        raise refused("evidence claims", f"no SPIFFE ID can be made from it ({problem})") from None


def _audiences(aud: object) -> list[object]:
    return aud if isinstance(aud, list) else [aud]


def _without_rule(problem: TokenRefused) -> str:
    return str(problem).removeprefix(f"{problem.rule}: ")
