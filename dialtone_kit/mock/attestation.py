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

from dialtone_kit.errors import BadSpiffeId, TokenRefused, brief
from dialtone_kit.evidence import IN_AUDIENCE, Evidence, PlatformName, binding_input, bound_audience
from dialtone_kit.jws import json_object
from dialtone_kit.keys import (
    PRIVATE_MEMBERS,
    BadKey,
    b64url,
    b64url_decode,
    public_key_from_jwk,
    thumbprint,
)
from dialtone_kit.mock.answers import Refusal
from dialtone_kit.mock.certificate_requests import key_alg
from dialtone_kit.mock.challenges import ATTEST
from dialtone_kit.mock.spiffe_settings import Platform
from dialtone_kit.spiffe_id import SpiffeId
from dialtone_kit.tokens import check_times, read_unverified, verify_signature

JWT_TYPES = (None, "JWT")  # Kubernetes writes none
JWT_ALGS = ("RS256", "PS256", "ES256", "ES384")
Attributes = Mapping[str, str]


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
class Attested:
    """Whom a platform vouches for. `instance`: the machine, where its first key is the only one."""

    spiffe_id: SpiffeId
    instance: str | None


def attest(shown: Shown, keys: Mapping[str, Any], trust_domain: str, now: float) -> Attested:
    """Whom the evidence speaks of. `keys`: the platform's JWK set.

    401 when the evidence or its binding does not hold, 403 when it is not one of ours.
    """
    platform = shown.platform
    told = _document(shown, keys) if platform.name == "aws" else _token(shown, keys, now)
    attributes = READERS[platform.name](told)
    _is_bound(shown, told)
    for name, known in platform.only.items():
        if attributes[name] not in known:
            raise Refusal(
                403,
                "access_denied",
                f"only: {platform.name} {name} {brief(attributes[name])} is not one of ours.",
            )
    instance = "|".join(attributes.values()) if platform.name == "aws" else None
    return Attested(_id_of(platform, attributes, trust_domain), instance)


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


def _token(shown: Shown, keys: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The claims of a platform's JWT: signed by it, issued by it, valid now."""
    platform = shown.platform
    try:
        decoded = read_unverified(shown.evidence.content)
        verify_signature(
            shown.evidence.content, decoded.header, keys, types=JWT_TYPES, algorithms=JWT_ALGS
        )
        if decoded.claims.get("iss") != platform.issuer:
            raise TokenRefused("iss", f"{platform.name} issues as {platform.issuer} here.")
        check_times(decoded.claims, now)
    except TokenRefused as problem:
        raise refused(f"evidence {problem.rule}", _without_rule(problem)) from None
    return dict(decoded.claims)


def _document(shown: Shown, keys: Mapping[str, Any]) -> dict[str, Any]:
    """AWS's instance identity document: RSA over SHA-256 of it exactly as it was written."""
    content = shown.evidence.content.encode()
    try:
        signature = base64.b64decode("".join(shown.evidence.signature.split()), validate=True)
        good = any(
            public_key_from_jwk(key, "RS256").verify(signature, content) for key in keys["keys"]
        )
        document = json_object(b64url(content))
    except (ValueError, binascii.Error):
        raise refused("evidence form", "a JSON document and its signature in base64.") from None
    if not good:
        raise refused("evidence signature", "not signed by AWS: forged or altered on the way.")
    return document


def _is_bound(shown: Shown, told: Mapping[str, Any]) -> None:
    """The evidence was made, or is signed, for this challenge and this key."""
    if shown.platform.name in IN_AUDIENCE:
        _audience_is_challenge(shown, told.get("aud"))
        return
    if shown.platform.name == "azure" and _audiences(told.get("aud")) != [shown.platform.audience]:
        raise refused("evidence aud", f"ask Azure for a token for {shown.platform.audience}.")
    _key_signed(shown)


def _audience_is_challenge(shown: Shown, aud: object) -> None:
    """One audience: the challenge, alone or tied to the key (evidence for two serves neither)."""
    allowed = (shown.challenge, bound_audience(shown.challenge, shown.thumbprint))
    named = _audiences(aud)
    if len(named) != 1 or named[0] not in allowed:
        raise refused(
            "evidence aud",
            "made for another challenge, or for another key. Ask the platform for a token whose "
            "audience is this challenge.",
        )


def _key_signed(shown: Shown) -> None:
    """The key signed challenge and evidence."""
    if shown.key is None:
        raise Refusal(400, "invalid_request", f"key: {shown.platform.name} needs one, to bind.")
    if shown.binding is None:
        raise refused("binding", "sign nonce ‖ SHA-256(evidence) with your key.")
    try:
        signature = b64url_decode(shown.binding)
    except ValueError as problem:
        raise refused("binding", f"{problem}.") from None
    key = public_key_from_jwk(shown.key, key_alg(shown.key))
    if not key.verify(signature, binding_input(shown.challenge, shown.evidence)):
        raise refused(
            "binding", "the key of this request did not sign this challenge with this evidence."
        )


def _kubernetes(claims: Mapping[str, Any]) -> Attributes:
    about = _object(claims, "kubernetes.io")
    account = _object(about, "serviceaccount")
    return {"namespace": _text(about, "namespace"), "service_account": _text(account, "name")}


def _aws(document: Mapping[str, Any]) -> Attributes:
    members = {"account": "accountId", "region": "region", "instance": "instanceId"}
    return {name: _text(document, member) for name, member in members.items()}


def _azure(claims: Mapping[str, Any]) -> Attributes:
    return {"tenant": _text(claims, "tid"), "principal": _text(claims, "oid")}


def _gcp(claims: Mapping[str, Any]) -> Attributes:
    engine = _object(_object(claims, "google"), "compute_engine")
    return {"project": _text(engine, "project_id"), "account": _text(claims, "sub")}


READERS: Mapping[PlatformName, Callable[[Mapping[str, Any]], Attributes]] = {
    "kubernetes": _kubernetes,
    "aws": _aws,
    "azure": _azure,
    "gcp": _gcp,
}


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


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    if not isinstance(value, dict):
        raise refused("evidence claims", f"{name} is missing.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise refused("evidence claims", f"{name} is missing.")
    return value


def _without_rule(problem: TokenRefused) -> str:
    return str(problem).removeprefix(f"{problem.rule}: ")
