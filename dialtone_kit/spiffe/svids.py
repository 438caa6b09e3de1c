"""What a workload holds: its key, and the SVIDs that say who the holder of that key is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from dialtone_kit.base.algorithms import BadKey
from dialtone_kit.base.errors import BadSpiffeId, TokenRefused
from dialtone_kit.base.errors import SvidRefused as SvidRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.keys import ProofKey
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.tokens import read_unverified, wrong_date

ALGS = ("ES256", "ES384", "RS256")  # of the keys for which an X.509-SVID is issued


class WorkloadKey(ProofKey):
    """A workload's ephemeral key pair. Like a proof key, it is gone when the process ends."""

    __slots__ = ()

    @classmethod
    def generate(cls, alg: str = "ES256") -> WorkloadKey:
        """A new key pair for `alg`: ES256, ES384 or RS256 (2048 bits)."""
        if alg not in ALGS:
            raise BadKey(f"{alg!r} is not one of {', '.join(ALGS)}: no SVID is issued for it.")
        made = super().generate(alg)
        assert isinstance(made, WorkloadKey)  # noqa: S101  (super makes the class it is called on)
        return made

    def csr(self, spiffe_id: SpiffeId) -> str:
        """A PKCS#10 request in PEM: this key, this one name, nothing else (X.509-SVID §2)."""
        uri = x509.UniformResourceIdentifier(str(spiffe_id))
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .add_extension(x509.SubjectAlternativeName([uri]), critical=True)
            .sign(self._private, hashes.SHA256())
        )
        return request.public_bytes(Encoding.PEM).decode()

    def sealed_pem(self, password: bytes) -> bytes:
        """The key for OpenSSL, which reads it only from a file: encrypted with `password`."""
        form = PrivateFormat.PKCS8
        pem = self._private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(password))
        return bytes(pem)

    def __repr__(self) -> str:
        return f"<WorkloadKey {self.alg}, thumbprint {self.thumbprint}>"


@dataclass(frozen=True)
class X509Svid:
    """A certificate chain, leaf first, and the key that it is for."""

    spiffe_id: SpiffeId
    chain: tuple[x509.Certificate, ...] = field(repr=False)
    key: WorkloadKey

    @property
    def leaf(self) -> x509.Certificate:
        """The workload's own certificate."""
        return self.chain[0]

    @property
    def expires_at(self) -> datetime:
        """When the leaf expires; get a new SVID when half of its time is over."""
        return self.leaf.not_valid_after_utc

    @property
    def pem(self) -> str:
        """The chain in PEM. It holds no secret."""
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in self.chain)


@dataclass(frozen=True)
class JwtSvid:
    """A signed statement for one audience. Anyone who holds it can present it: keep it secret."""

    spiffe_id: SpiffeId
    token: Secret
    audience: tuple[str, ...]
    expires_at: datetime


def read_jwt_svid(text: str) -> JwtSvid:
    """`text` as a JWT-SVID; nothing is verified (M20). Raises SvidRefused if it isn't one."""
    try:
        claims = read_unverified(text).claims
        spiffe_id = SpiffeId.parse(str(claims.get("sub")))
    except TokenRefused as problem:
        raise SvidRefused(problem.rule, "this is not a JWT.") from None
    except BadSpiffeId as problem:
        raise SvidRefused("spiffe_id", f"sub is not a SPIFFE ID ({problem})") from None
    aud: Any = claims.get("aud")
    exp: Any = claims.get("exp")
    named = aud if isinstance(aud, list) else [aud]
    if wrong := wrong_date("exp", exp, time.time()):
        raise SvidRefused("exp", wrong)
    try:
        ends = moment(exp)
    except (ValueError, OverflowError, OSError):
        raise SvidRefused("exp", "exp is after the year 9999.") from None
    return JwtSvid(spiffe_id, Secret(text), tuple(map(str, named)), ends)


def moment(seconds: float) -> datetime:
    """Unix seconds as a date in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
