"""The trust bundle, and SVIDs checked against it: who signs for a trust domain, and did they?

A bundle speaks for one trust domain. An SVID of any other is refused, however well it is signed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from dialtone_kit.base.errors import BadSpiffeId, NotThisService, SvidRefused, TokenRefused
from dialtone_kit.base.masking import PRIVATE_MEMBERS, Secret
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.svids import JwtSvid, moment, read_jwt_svid
from dialtone_kit.tokens import check_audience, check_times, read_unverified, verify_signature

JWT_ALGS = ("ES256", "ES384", "RS256", "PS256")  # no EdDSA in JWT-SVID §2.1
JWT_TYPES = (None, "JWT", "JOSE")
# What the library raises for a certificate that it can read only in part.
UNREADABLE = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class TrustBundle:
    """The authorities of one trust domain. `refresh_hint` in seconds: when to fetch it again."""

    trust_domain: str
    roots: tuple[x509.Certificate, ...] = field(repr=False)
    jwt_keys: tuple[Mapping[str, Any], ...] = field(repr=False)
    sequence: int
    refresh_hint: int

    @classmethod
    def read(cls, document: Mapping[str, Any], trust_domain: str) -> TrustBundle:
        """`document` (SPIFFE Trust Domain and Bundle §4) as the bundle of `trust_domain`.

        Keys for an unknown use are skipped. Raises NotThisService when it is not a bundle.
        """
        keys = document.get("keys")
        numbers = [document.get("spiffe_sequence", 0), document.get("spiffe_refresh_hint", 0)]
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise NotThisService("This is not a trust bundle: it has no list of keys.")
        if not all(isinstance(number, int) and number >= 0 for number in numbers):
            raise NotThisService("This is not a trust bundle: sequence and hint are whole numbers.")
        if any(PRIVATE_MEMBERS & set(key) for key in keys):
            raise NotThisService(
                "There is a private key in the trust bundle: trust nothing that it signs."
            )
        return cls(
            trust_domain,
            tuple(_root(key) for key in keys if key.get("use") == "x509-svid"),
            tuple(key for key in keys if key.get("use") == "jwt-svid" and key.get("kid")),
            *numbers,
        )


def verify_x509_svid(
    chain: Sequence[x509.Certificate], bundle: TrustBundle, now: float
) -> SpiffeId:
    """Who `chain` (leaf first) names, once it leads to a root of `bundle` (X.509-SVID §5).

    `now` is in Unix seconds. Raises SvidRefused naming the check that failed.
    """
    if not chain:
        raise SvidRefused("chain", "no certificate was presented.")
    named = peer_id(chain[0], bundle.trust_domain)
    try:
        policy = PolicyBuilder().store(Store(list(bundle.roots))).time(moment(now))
        policy.build_client_verifier().verify(chain[0], list(chain[1:]))
    except VerificationError as problem:
        raise SvidRefused(
            "chain", f"it leads to no authority of this bundle ({problem})."
        ) from None
    except UNREADABLE:
        raise SvidRefused("chain", "the bundle has no usable root for it.") from None
    return named


def peer_id(leaf: x509.Certificate, trust_domain: str) -> SpiffeId:
    """Who `leaf` names, by the rules for leaves (X.509-SVID §4). No signature is checked."""
    try:
        named = _named(leaf)
        if named.trust_domain != trust_domain:
            raise SvidRefused(
                "trust_domain", f"{named} is in another trust domain than {trust_domain}."
            )
        for rule in LEAF_RULES:
            rule(leaf)
    except BadSpiffeId as problem:
        raise SvidRefused("spiffe_id", str(problem)) from None
    except UNREADABLE:
        raise SvidRefused("well_formed", "the certificate can't be read.") from None
    return named


def verify_jwt_svid(
    token: JwtSvid | Secret | str, bundle: TrustBundle, audience: str, now: float
) -> JwtSvid:
    """The JWT-SVID, once `bundle` has the key that signed it and it is for `audience`.

    `now` is in Unix seconds. Raises SvidRefused naming the check that failed (JWT-SVID §4).
    """
    text = _text(token)
    svid = read_jwt_svid(text)
    if svid.spiffe_id.trust_domain != bundle.trust_domain:
        raise SvidRefused("trust_domain", f"{svid.spiffe_id} is not in {bundle.trust_domain}.")
    decoded = read_unverified(text)
    try:
        verify_signature(
            text,
            decoded.header,
            {"keys": list(bundle.jwt_keys)},
            types=JWT_TYPES,
            algorithms=JWT_ALGS,
            use="jwt-svid",
        )
        check_times(decoded.claims, now, required=("exp",))
        check_audience(decoded.claims.get("aud"), audience)
    except TokenRefused as problem:
        reason = str(problem).removeprefix(f"{problem.rule}: ")
        raise SvidRefused(
            problem.rule, f"{reason} [M24]" if problem.rule == "aud" else reason
        ) from None
    return svid


def no_authority(leaf: x509.Certificate) -> None:
    """A leaf signs nobody: `CA:FALSE`, no keyCertSign, no cRLSign (X.509-SVID §4.1, §4.3)."""
    constraints, usage = _extension(leaf, x509.BasicConstraints), _extension(leaf, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        raise SvidRefused("authority", "this is an authority's certificate, not a workload's.")
    if usage is not None and (usage.key_cert_sign or usage.crl_sign):
        raise SvidRefused("authority", "a workload's certificate must not sign others.")


def may_sign(leaf: x509.Certificate) -> None:
    """The key may sign: without that there is no TLS handshake (X.509-SVID §4.3)."""
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise SvidRefused("key_usage", "the certificate is not for digital signatures.")


def names_a_workload(leaf: x509.Certificate) -> None:
    """The ID has a path: without one it is the trust domain itself (X.509-SVID §4.1)."""
    if not _named(leaf).path:
        raise SvidRefused("spiffe_id", "it names a trust domain, not a workload.")


LEAF_RULES: tuple[Callable[[x509.Certificate], None], ...] = (
    no_authority,
    may_sign,
    names_a_workload,
)


def _named(leaf: x509.Certificate) -> SpiffeId:
    """The one URI in a certificate, as an ID."""
    names = _extension(leaf, x509.SubjectAlternativeName)
    uris = names.get_values_for_type(x509.UniformResourceIdentifier) if names else []
    if len(uris) != 1:
        raise SvidRefused("one_uri", f"an SVID has one URI, this certificate has {len(uris)}.")
    return SpiffeId.parse(uris[0])


def _extension(leaf: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return leaf.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _root(key: Mapping[str, Any]) -> x509.Certificate:
    """The certificate of an x509-svid key: exactly one, in standard base64."""
    x5c = key.get("x5c")
    if not isinstance(x5c, list) or len(x5c) != 1 or not isinstance(x5c[0], str):
        raise NotThisService("This is not a trust bundle: an x509-svid key has exactly one x5c.")
    try:
        return x509.load_der_x509_certificate(base64.b64decode(x5c[0], validate=True))
    except (ValueError, binascii.Error):
        raise NotThisService("This is not a trust bundle: an x5c is not a certificate.") from None


def _text(token: JwtSvid | Secret | str) -> str:
    secret = token.token if isinstance(token, JwtSvid) else token
    return secret.reveal() if isinstance(secret, Secret) else secret
