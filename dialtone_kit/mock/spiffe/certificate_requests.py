"""The rules for a PKCS#10 request: what it must contain, and what it must not ask for.

Only the key and one URI are ever taken from a request. Nothing else in it is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from dialtone_kit.base.algorithms import BadKey, public_key_from_jwk
from dialtone_kit.base.errors import BadSpiffeId
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.spiffe.spiffe_id import SpiffeId

BEGIN = "-----BEGIN CERTIFICATE REQUEST-----"
ALG = {"P-256": "ES256", "P-384": "ES384"}  # by curve; an RSA key signs RS256
# What the library raises for DER that is not a request as we know it.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True)
class CertificateRequest:
    """What is taken from a request that passed all rules."""

    public_key: Any
    jwk: Mapping[str, str]
    spiffe_id: SpiffeId


def read_request(pem: str) -> CertificateRequest:
    """The request in `pem`. Raises Refusal (400), which names the broken rule."""
    try:
        csr = one_request(pem)
        for rule in RULES:
            rule(csr)
        names = _uris(csr)
        return CertificateRequest(
            csr.public_key(), jwk_of(csr.public_key()), SpiffeId.parse(names[0])
        )
    except BadSpiffeId as problem:
        raise refused("spiffe_id", str(problem)) from None
    except UNREADABLE:
        raise refused("well_formed", "this is not a readable PKCS#10 request.") from None


def one_request(pem: str) -> x509.CertificateSigningRequest:
    """Exactly one request, in PEM."""
    if pem.count(BEGIN) != 1 or not pem.strip().startswith(BEGIN):
        raise refused("well_formed", f"csr is one PKCS#10 request in PEM: {BEGIN}…")
    return x509.load_pem_x509_csr(pem.encode("utf-8", "replace"))


def key_is_strong(csr: x509.CertificateSigningRequest) -> None:
    """EC P-256 or P-384, or RSA with 2048 to 8192 bits."""
    try:
        jwk = jwk_of(csr.public_key())
        public_key_from_jwk(jwk, key_alg(jwk))
    except BadKey as problem:
        raise refused("key", f"{problem}.") from None
    except (KeyError, AttributeError, UnsupportedAlgorithm):  # another curve, another kind of key
        raise refused("key", "use EC P-256, EC P-384, or RSA of 2048 bits and more.") from None


def hash_is_strong(csr: x509.CertificateSigningRequest) -> None:
    """Signed over SHA-256 or a longer SHA-2: for SHA-1 and MD5, collisions can be computed."""
    digest = csr.signature_hash_algorithm
    if not isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        name = digest.name if digest else "no hash"
        raise refused("hash", f"signed over {name}; use SHA-256, SHA-384 or SHA-512.")


def signature_verifies(csr: x509.CertificateSigningRequest) -> None:
    """The key in the request signed it, so the caller holds that key (RFC 2986 §3)."""
    if not csr.is_signature_valid:
        raise refused("signature", "the request is not signed by the key that it names.")


def no_authority(csr: x509.CertificateSigningRequest) -> None:
    """A workload never gets a certificate that can sign others."""
    constraints = _extension(csr, x509.BasicConstraints)
    usage = _extension(csr, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        raise refused("authority", "CA:TRUE is asked for; a workload gets no authority.")
    if usage is not None and (usage.key_cert_sign or usage.crl_sign):
        raise refused("authority", "keyCertSign or cRLSign is asked for; a workload gets neither.")


def one_uri(csr: x509.CertificateSigningRequest) -> None:
    """One URI as the only subject alternative name (X.509-SVID §2)."""
    names = _extension(csr, x509.SubjectAlternativeName) or ()
    kinds = [type(name).__name__ for name in names]
    if kinds.count("UniformResourceIdentifier") != 1:
        raise refused(
            "one_uri",
            f"the request names {kinds.count('UniformResourceIdentifier')} URIs; put your SPIFFE "
            "ID there, once, as a subject alternative name.",
        )
    if len(kinds) > 1:
        raise refused("extra_names", "remove the names (DNS, IP, e-mail) beside the SPIFFE ID.")


RULES: tuple[Callable[[x509.CertificateSigningRequest], None], ...] = (
    key_is_strong,
    hash_is_strong,
    signature_verifies,
    no_authority,
    one_uri,
)


def key_alg(jwk: Mapping[str, Any]) -> str:
    """The JWS algorithm for a workload's key: the key decides it, not the caller."""
    return ALG.get(str(jwk.get("crv")), "RS256")


def refused(rule: str, text: str) -> Refusal:
    """400; the message begins with the rule's name."""
    return Refusal(400, "invalid_request", f"{rule}: {text}")


def _uris(csr: x509.CertificateSigningRequest) -> list[str]:
    names = _extension(csr, x509.SubjectAlternativeName)
    assert names is not None  # noqa: S101  (see one_uri)
    return list(names.get_values_for_type(x509.UniformResourceIdentifier))


def _extension(csr: x509.CertificateSigningRequest, kind: type[Any]) -> Any:
    """The value of a requested extension, None if it was not requested."""
    try:
        return csr.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
