"""One spelling for each e-mail domain: lower case, international names in their ASCII form."""

from __future__ import annotations

from functools import lru_cache

import idna


@lru_cache(maxsize=4096)
def canonical_domain(domain: str) -> str:
    """The canonical spelling of `domain`, in which policies compare it; "" if it is not a domain.

    Bücher.example, BÜCHER.EXAMPLE and XN--BCHER-KVA.example are one domain: xn--bcher-kva.example.
    """
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return _as_it_is(domain)


@lru_cache(maxsize=4096)
def canonical_email(email: str) -> str:
    """`email` in its canonical spelling, "" if it is not an address. Case is ignored."""
    name, at, domain = email.rpartition("@")
    spelled = canonical_domain(domain)
    return f"{name.lower()}@{spelled}" if at and name and "@" not in name and spelled else ""


def _as_it_is(domain: str) -> str:
    """Names that mail is delivered to although IDNA rejects them, for example with underscores."""
    labels = domain.lower().removesuffix(".").split(".")
    plain = all(label and label.replace("-", "").isalnum() for label in labels)
    return ".".join(labels) if domain.isascii() and plain else ""
