"""Platform attestation: whether a platform said this of a workload, now, to this caller.

Each kind of evidence is checked against keys that were configured, never against keys that came
with it. What the checks leave open: a thief inside the workload's own machine gets evidence as the
workload does; and AWS's document says nothing of time, so its first key is the only one.
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
from dialtone_kit.keys import thumbprint
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.spiffe.certificate_requests import key_alg
from dialtone_kit.mock.spiffe.challenges import ATTEST
from dialtone_kit.mock.spiffe.platform_claims import READERS, Attributes
from dialtone_kit.mock.spiffe.settings import Platform
from dialtone_kit.spiffe.evidence import Evidence, PlatformName, binding_input, bound_audience
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import check_times, read_unverified, verify_signature

JWT_TYPES = (None, "JWT")  # Kubernetes writes none
JWT_ALGS = ("RS256", "PS256", "ES256", "ES384")


@dataclass(frozen=True)
class Shown:
    """What a caller shows: evidence for a challenge, the SVID's key, and that key's signature."""

    platform: Platform
    evidence: Evidence
    challenge: str
    key: Mapping[str, Any] | None
    binding: str | None

    @property
    def thumbprint(self) -> str | None:
        return None if self.key is None else thumbprint(self.key)


@dataclass(frozen=True)
class Told:
    """Evidence as read, not yet believed: `header` is a JWT's, `claims` also AWS's document."""

    shown: Shown
    keys: Mapping[str, Any]  # the platform's JWK set
    now: float
    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True)
class Attested:
    """Whom a platform vouches for. `instance`: the machine, where its first key is the only one."""

    spiffe_id: SpiffeId
    instance: str | None


def attest(shown: Shown, keys: Mapping[str, Any], trust_domain: str, now: float) -> Attested:
    """Whom the evidence speaks of, once every rule of its platform holds.

    401 when the evidence or its binding does not hold, 403 when it is not one of ours.
    """
    try:
        told = _read(shown, keys, now)
        for rule in RULES[shown.platform.name]:
            rule(told)
        attributes = READERS[shown.platform.name](told.claims)
    except TokenRefused as problem:
        raise refused(f"evidence {problem.rule}", _without_rule(problem)) from None
    is_one_of_ours(shown.platform, attributes)
    instance = "|".join(attributes.values()) if shown.platform.name == "aws" else None
    return Attested(_id_of(shown.platform, attributes, trust_domain), instance)


def checked_key(jwk: Mapping[str, Any]) -> Mapping[str, Any]:
    """A public key that came along, if it can sign what we need. 400 otherwise."""
    if PRIVATE_MEMBERS & set(jwk):
        raise Refusal(400, "invalid_request", "key: it holds a private member. Make a new key.")
    try:
        public_key_from_jwk(jwk, key_alg(jwk))
    except BadKey as problem:
        raise Refusal(400, "invalid_request", f"key: {problem}.") from None
    return jwk


def refused(rule: str, text: str) -> Refusal:
    """401, with the rule's name in front."""
    return Refusal(401, "unauthorized", f"{rule}: {text}", ATTEST)


def signed_by_platform(told: Told) -> None:
    """A key of the platform signed the token, by an algorithm that platforms use."""
    token = told.shown.evidence.content
    verify_signature(token, told.header, told.keys, types=JWT_TYPES, algorithms=JWT_ALGS)


def document_signed(told: Told) -> None:
    """AWS signed the document exactly as it stands: RSA over SHA-256."""
    evidence = told.shown.evidence
    try:
        signature = base64.b64decode("".join(evidence.signature.split()), validate=True)
    except (ValueError, binascii.Error):
        raise TokenRefused("form", "the signature is not base64.") from None
    content = evidence.content.encode()
    keys = [public_key_from_jwk(key, "RS256") for key in told.keys["keys"]]
    if not any(key.verify(signature, content) for key in keys):
        raise TokenRefused("signature", "not signed by AWS: forged or altered on the way.")


def issued_by_platform(told: Told) -> None:
    """`iss` is the configured one, to the letter."""
    platform = told.shown.platform
    if told.claims.get("iss") != platform.issuer:
        raise TokenRefused("iss", f"{platform.name} issues as {platform.issuer} here.")


def valid_now(told: Told) -> None:
    """Not expired, not from the future."""
    check_times(told.claims, told.now)


def made_for_challenge(told: Told) -> None:
    """One audience: the challenge, alone or tied to the key (evidence for two serves neither)."""
    shown = told.shown
    allowed = (shown.challenge, bound_audience(shown.challenge, shown.thumbprint))
    named = _audiences(told.claims.get("aud"))
    if len(named) != 1 or named[0] not in allowed:
        raise TokenRefused(
            "aud",
            "made for another challenge, or for another key. Ask the platform for a token whose "
            "audience is this challenge.",
        )


def made_for_us(told: Told) -> None:
    """Azure's token is for the audience configured, and for no other."""
    audience = told.shown.platform.audience
    if _audiences(told.claims.get("aud")) != [audience]:
        raise TokenRefused("aud", f"ask Azure for a token for {audience}.")


def signed_by_key(told: Told) -> None:
    """The caller's key signed challenge and evidence, where the evidence can't name them."""
    shown = told.shown
    if shown.key is None:
        raise Refusal(400, "invalid_request", f"key: {shown.platform.name} needs one, to bind.")
    if shown.binding is None:
        raise TokenRefused("binding", "sign nonce ‖ SHA-256(evidence) with your key.")
    try:
        signature = b64url_decode(shown.binding)
    except ValueError as problem:
        raise TokenRefused("binding", f"{problem}.") from None
    key = public_key_from_jwk(shown.key, key_alg(shown.key))
    if not key.verify(signature, binding_input(shown.challenge, shown.evidence)):
        raise TokenRefused(
            "binding", "the key of this request did not sign this challenge with this evidence."
        )


Rule = Callable[[Told], None]
JWT_RULES: tuple[Rule, ...] = (signed_by_platform, issued_by_platform, valid_now)
RULES: Mapping[PlatformName, tuple[Rule, ...]] = {
    "kubernetes": (*JWT_RULES, made_for_challenge),
    "gcp": (*JWT_RULES, made_for_challenge),
    "azure": (*JWT_RULES, made_for_us, signed_by_key),
    "aws": (document_signed, signed_by_key),
}


def is_one_of_ours(platform: Platform, attributes: Attributes) -> None:
    """A platform signs for all its customers: 403 unless this one is configured."""
    for name, known in platform.only.items():
        if attributes[name] not in known:
            raise Refusal(
                403,
                "access_denied",
                f"only: {platform.name} {name} {brief(attributes[name])} is not one of ours.",
            )


def _read(shown: Shown, keys: Mapping[str, Any], now: float) -> Told:
    """The evidence taken apart. Raises TokenRefused when it is not of its platform's form."""
    content = shown.evidence.content
    if shown.platform.name != "aws":
        decoded = read_unverified(content)
        return Told(shown, keys, now, decoded.header, decoded.claims)
    try:
        return Told(shown, keys, now, {}, json_object(b64url(content.encode())))
    except ValueError as problem:
        raise TokenRefused("form", f"this is no document: {problem}.") from None


def _id_of(platform: Platform, attributes: Attributes, trust_domain: str) -> SpiffeId:
    """The ID by the configured path. A value that would change the path is refused, not escaped."""
    if any("/" in value for value in attributes.values()):
        raise refused("evidence claims", "a name in it holds a slash.")
    try:
        return SpiffeId.of(trust_domain, platform.path.format_map(attributes))
    except BadSpiffeId as problem:
        raise refused("evidence claims", f"no SPIFFE ID can be made of it ({problem})") from None


def _audiences(aud: object) -> list[object]:
    return aud if isinstance(aud, list) else [aud]


def _without_rule(problem: TokenRefused) -> str:
    return str(problem).removeprefix(f"{problem.rule}: ")
