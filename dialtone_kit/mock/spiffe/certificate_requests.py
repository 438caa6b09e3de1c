"""The rules for a PKCS#10 request: what it must contain, and what it must not ask for.

Only the key and one URI are ever taken from a request. Nothing else in it is copied.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from dialtone_kit.base.algorithms import ALGORITHMS, BadKey, public_key_from_jwk
from dialtone_kit.base.errors import BadSpiffeId
from dialtone_kit.base.reason import sentence
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.spiffe.spiffe_id import SpiffeId

# keytool and certreq write NEW (RFC 7468 §7). What else the text says is an explanation (§2).
BEGIN = re.compile(r"-----BEGIN ((?:NEW )?)CERTIFICATE REQUEST-----")
BLOCK = re.compile(BEGIN.pattern + r"([^-]*)-----END \1CERTIFICATE REQUEST-----")
PRIVATE_KEY = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]*PRIVATE KEY")
ALGS = ("ES256", "ES384", "RS256")  # one for each kind of key that a workload may have
USE = "use EC P-256, P-384 or RSA (2048 to 8192 bits)"
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


def one_request(text: str) -> x509.CertificateSigningRequest:
    """The one request in `text`: PEM, with or without explanatory text around it (RFC 7468)."""
    if PRIVATE_KEY.search(text):
        raise refused(
            "private_key",
            "a private key was sent with the request, so it is no longer secret. Make a new one, "
            "and send only the request. [M14]",
        )
    if (count := len(BEGIN.findall(text))) > 1:
        raise refused("well_formed", f"csr contains {count} requests; send one.")
    block = BLOCK.search(text)
    if block is None:
        raise refused(
            "well_formed", "csr is one PKCS#10 request in PEM: -----BEGIN CERTIFICATE REQUEST-----…"
        )
    content = base64.b64decode("".join(block[2].split()), validate=True)
    return x509.load_der_x509_csr(content)


def key_is_strong(csr: x509.CertificateSigningRequest) -> None:
    """EC P-256 or P-384, or RSA with 2048 to 8192 bits."""
    try:
        jwk = jwk_of(csr.public_key())
        public_key_from_jwk(jwk, key_alg(jwk))
    except BadKey as problem:
        raise refused("key", sentence(problem)) from None
    except (KeyError, AttributeError, UnsupportedAlgorithm):  # another curve, another kind of key
        raise refused("key", f"{USE}.") from None


def hash_is_strong(csr: x509.CertificateSigningRequest) -> None:
    """Signed over SHA-256 or a longer SHA-2: for SHA-1 and MD5, collisions can be computed."""
    digest = csr.signature_hash_algorithm
    if not isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        name = digest.name if digest else "no hash"
        raise refused("hash", f"signed with {name}; use SHA-256, SHA-384 or SHA-512.")


def signature_verifies(csr: x509.CertificateSigningRequest) -> None:
    """The key in the request signed it, so the caller holds that key (RFC 2986 §3)."""
    if not csr.is_signature_valid:
        raise refused("signature", "the request is not signed by the key that it names.")


def no_authority(csr: x509.CertificateSigningRequest) -> None:
    """A workload never gets a certificate that can sign others."""
    constraints = _extension(csr, x509.BasicConstraints)
    usage = _extension(csr, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        raise refused(
            "authority", "the request asks for CA:TRUE; a workload can't be an authority."
        )
    if usage is not None and (usage.key_cert_sign or usage.crl_sign):
        raise refused(
            "authority", "the request asks for keyCertSign or cRLSign; a workload gets neither."
        )


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
        raise refused(
            "extra_names", "remove the other names (DNS, IP, email); keep only the SPIFFE ID."
        )


RULES: tuple[Callable[[x509.CertificateSigningRequest], None], ...] = (
    key_is_strong,
    hash_is_strong,
    signature_verifies,
    no_authority,
    one_uri,
)


def key_alg(jwk: Mapping[str, Any]) -> str:
    """The JWS algorithm for a workload's key: the key decides it, not the caller.

    Raises BadKey for a kind of key that no workload may have.
    """
    for alg in ALGS:
        needed = ALGORITHMS[alg]
        if (jwk.get("kty"), jwk.get("crv")) == (needed.kty, needed.crv):
            return alg
    raise BadKey(USE)


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
