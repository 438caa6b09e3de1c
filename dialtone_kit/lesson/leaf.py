"""A leaf certificate as a card of five lines: everything that matters of an X.509-SVID."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from dialtone_kit.base.display import BORDER, FAINT, WIDTH
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.keys import jwk_of, thumbprint


@dataclass(frozen=True)
class Leaf:
    """What a certificate says. `uris`: the URIs among its names.

    `signs_messages`: its key may sign, as a TLS handshake needs; `signs_certificates`: it may vouch
    for others; `is_ca`: it calls itself an authority.
    """

    uris: tuple[str, ...]
    is_ca: bool
    signs_messages: bool
    signs_certificates: bool
    thumbprint: str
    signed_by: str
    ends_at: datetime

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Leaf:
        """The same, read from a certificate. Nothing is verified."""
        names = _extension(certificate, x509.SubjectAlternativeName)
        basic = _extension(certificate, x509.BasicConstraints)
        usage = _extension(certificate, x509.KeyUsage)
        uris = names.get_values_for_type(x509.UniformResourceIdentifier) if names else []
        return cls(
            uris=tuple(uris),
            is_ca=bool(basic and basic.ca),
            signs_messages=bool(usage and usage.digital_signature),
            signs_certificates=bool(usage and (usage.key_cert_sign or usage.crl_sign)),
            thumbprint=thumbprint(jwk_of(certificate.public_key())),
            signed_by=certificate.issuer.rfc4514_string(),
            ends_at=certificate.not_valid_after_utc,
        )

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The card, line by line."""
        others = "can vouch for others" if self.signs_certificates or self.is_ca else ""
        return (
            ("Name", ", ".join(self.uris) or "none"),
            ("Key", f"thumbprint {self.thumbprint}"),
            ("Signed by", self.signed_by or "an authority without a name"),
            ("Ends", f"{self.ends_at:%H:%M:%S} UTC"),
            ("May", others or "sign for itself, and vouch for no one"),
        )

    def __repr__(self) -> str:
        return "\n".join(masked(f"{name + ':':<11}{value}") for name, value in self.lines)

    def _repr_html_(self) -> str:
        left = "text-align: left"
        term = f"{left}; width: 6em; color: {FAINT}"
        rows = "".join(
            f'<tr style="background: none"><th scope="row" style="{term}">'
            f'{escaped(name)}</th><td style="{left}; overflow-wrap: anywhere">'
            f"{escaped(value)}</td></tr>"
            for name, value in self.lines
        )
        return (
            f'<table aria-label="A certificate in five lines" style="{WIDTH}; width: 100%; '
            f'border: {BORDER}; border-left: 4px solid; margin: 4px 0">{rows}</table>'
        )


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
