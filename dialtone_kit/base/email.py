"""Email addresses: one rule for forms, client, service and policies, and one spelling each.

A domain is written in lower case, and an international one in its ASCII form (IDNA).
"""

from __future__ import annotations

import re
from functools import lru_cache

import idna

LONGEST = 254  # characters, RFC 5321 §4.5.3.1.3 less the angle brackets
# The address part of RFC 5322 that mail systems really deliver to, as HTML's email field has it.
# Whatever could end a header or name a second recipient (CR, LF, NUL, comma, angle) is not in it.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FULL_STOPS = (".", "。", "．", "｡")  # as IDNA reads them (RFC 3490 §3.1)


# An address in the middle of a text, to be hidden there: bounded, since the text may be hostile.
# In a URL its @ may be percent-encoded, and more than once when the URL is part of another.
_AT = r"(?:@|%(?:25){0,3}40)"
IN_TEXT = re.compile(
    rf"(?<![\w.+-])(?:[\w.+'-]|%2[7Bb]){{0,63}}[\w+-]{_AT}[^\W_](?:[\w-]{{0,62}})"
    r"(?:\.[^\W_][\w-]{0,62}){0,8}"
)


class NotAnAddress(ValueError):
    """A text is not a single email address that can receive mail. Says why in one line."""


def one_address(text: str) -> str:
    """`text`, if it is one address, with its domain in canonical spelling.

    Only sending mail shows whether it exists. Raises NotAnAddress.
    """
    name, at, domain = text.rpartition("@")
    spelled = "" if domain.endswith(_FULL_STOPS) else canonical_domain(domain)
    if at and spelled and name and not name.isascii() and name.replace(".", "").isalnum():
        raise NotAnAddress("The part before the @ can only have ASCII characters.")
    if not _NAME.fullmatch(name) or not _DOMAIN.fullmatch(spelled):
        raise NotAnAddress("This is not a single email address, such as you@example.com.")
    if len(name) + 1 + len(spelled) > LONGEST:
        raise NotAnAddress(f"An email address has at most {LONGEST} characters.")
    return f"{name}@{spelled}"


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
    """`email` as it is compared, "" if it is not an address. Case is ignored, before the @ too."""
    name, at, domain = email.rpartition("@")
    spelled = canonical_domain(domain)
    return f"{name.lower()}@{spelled}" if at and name and "@" not in name and spelled else ""


def same_address(one: str, other: str) -> bool:
    """Whether both go to one mailbox, however they are written."""
    return (canonical_email(one) or one) == (canonical_email(other) or other)


def masked_address(address: str) -> str:
    """What is shown instead of `address`: `b…@example.com`."""
    name, at, domain = re.sub(_AT, "@", address).rpartition("@")
    return f"{name[:1]}…@{domain}" if at else "…"


def _as_it_is(domain: str) -> str:
    """Names that mail is delivered to although IDNA rejects them, for example with underscores."""
    labels = domain.lower().removesuffix(".").split(".")
    plain = all(label and label.replace("-", "").isalnum() for label in labels)
    return ".".join(labels) if domain.isascii() and plain else ""
