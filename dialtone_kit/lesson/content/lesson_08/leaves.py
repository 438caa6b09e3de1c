"""Certificates made on the spot, for 08.svid: good ones, and one for each rule that it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dialtone_kit.lesson.exercises.asking import word
from dialtone_kit.lesson.leaf import Leaf

TWO = "It has two names: which one is it? An SVID has exactly one URI (X.509-SVID §2)."
NO_NAME = (
    "Such a name is refused whole: a SPIFFE ID begins with `spiffe://` and a trust domain, both in "
    "lower case. It has no user, no port, no query, no fragment. Each part of its path is made of "
    "letters, digits, `.`, `-` and `_`, and is neither `.` nor `..` (SPIFFE-ID §2). "
    "`SpiffeId.parse` knows."
)
OTHER_DOT = (
    "`{0}` is another trust domain: in a regular expression, a dot stands for any character."
)
NO_HANDSHAKE = "Its key may not sign messages, so it can't take part in a handshake (§4.3)."


@dataclass(frozen=True)
class Case:
    """A leaf for the trust domain `domain`; `name` is None if it must be refused for `why`."""

    leaf: Leaf
    domain: str
    name: str | None
    why: str = ""


def new_domain() -> str:
    """A trust domain that no constant can match."""
    return f"{word(5)}.test"


def leaf_cases(domain: str) -> list[Case]:
    """Bad ones and good ones; the first that goes wrong says most."""
    cases = [Case(leaf, domain, None, why) for leaf, why in _bad(domain)]
    paths = (f"ns/{word()}/sa/{word()}", word(), f"{word()}/v1.2_{word()}-A")
    good = [f"spiffe://{domain}/{path}" for path in paths]
    return cases + [Case(_leaf([name]), domain, name) for name in good]


def _bad(domain: str) -> list[tuple[Leaf, str]]:
    good, path = f"spiffe://{domain}/ns/{word()}/sa/{word()}", word()
    foreign = f"spiffe://{word()}.example/{domain}/{path}"
    longer = f"spiffe://{domain}.evil/{path}"
    web = f"https://{domain}/{path}"
    undotted = domain.replace(".", "x")
    return [
        (_leaf([good, foreign]), TWO),
        (_leaf([foreign, good]), TWO),
        (_leaf([good, good + "-2"]), TWO),
        (_leaf([good, good]), TWO),
        (_leaf([]), "It has no URI at all, only a DNS name: an SVID names a workload, not a host."),
        (_leaf([longer]), f"`{domain}.evil` begins the same, and is another trust domain."),
        (_leaf([f"spiffe://{undotted}/{path}"]), OTHER_DOT.format(undotted)),
        (_leaf([foreign]), f"`{foreign}` is in another trust domain, whatever its path says."),
        (_leaf([web]), "It's a web address. A SPIFFE ID begins spiffe://."),
        (_leaf([good, web]), TWO),
        (_leaf([web, good]), TWO),
        (_leaf([f"spiffe://{domain}"]), "It names a trust domain, not a workload: it has no path."),
        (_leaf([f"spiffe://{domain}/"]), "Nothing follows the slash, so it names no workload."),
        *((_leaf([name]), f"Its name is `{name}`. {NO_NAME}") for name in _no_names(domain, path)),
        (_leaf([good], ca=True), "It's an authority: this one could sign any name (§5.2)."),
        (
            _leaf([good], signs=True),
            "Its key may sign certificates, so it could name anyone (§5.2).",
        ),
        (_leaf([good], messages=False), NO_HANDSHAKE),
    ]


def _no_names(domain: str, path: str) -> list[str]:
    """What looks like a SPIFFE ID of the domain, and is none."""
    dotted = (f"a/../{path}", f"/{path}", f"{path}/", f"%2e%2e/{path}", f"./{path}")
    at_the_end = (f"{path}/..", f"{path}/.")
    marked = (f"{path}?a", f"{path}#a", f"{path}:a", f"~{path}", f"%61{path}")
    odd = (f"{domain}:8443/{path}", f"{path}@{domain}/{path}", f"{domain.upper()}/{path}")
    names = [f"spiffe://{domain}/{ending}" for ending in (*dotted, *at_the_end, *marked)]
    return [*names, *(f"spiffe://{one}" for one in odd), f"SPIFFE://{domain}/{path}"]


def _leaf(
    uris: Sequence[str], *, ca: bool = False, signs: bool = False, messages: bool = True
) -> Leaf:
    """A certificate with these names and these powers, read back."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of this check")])
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([*names, x509.DNSName("reader.example")]), critical=True
        )
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_usage(signs, messages), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Leaf.of(made)


def _usage(signs: bool, messages: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=messages,
        key_cert_sign=signs,
        content_commitment=False,
        key_encipherment=not messages and not signs,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
