"""One spelling for each e-mail domain: lower case, and the ASCII form of an international name."""

from __future__ import annotations

from functools import lru_cache

import idna


@lru_cache(maxsize=4096)
def canonical_domain(domain: str) -> str:
    """The one spelling of `domain` by which policies compare it; "" when it is none at all.

    Bücher.example, BÜCHER.EXAMPLE and XN--BCHER-KVA.example are one domain: xn--bcher-kva.example.
    """
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return _as_it_is(domain)


@lru_cache(maxsize=4096)
def canonical_email(email: str) -> str:
    """`email` in one spelling, "" when it is none. Most mailboxes don't tell cases apart."""
    name, at, domain = email.rpartition("@")
    spelled = canonical_domain(domain)
    return f"{name.lower()}@{spelled}" if at and name and "@" not in name and spelled else ""


def _as_it_is(domain: str) -> str:
    """Names that mail is sent to and that the rules for international ones have no place for."""
    labels = domain.lower().removesuffix(".").split(".")
    plain = all(label and label.replace("-", "").isalnum() for label in labels)
    return ".".join(labels) if domain.isascii() and plain else ""
