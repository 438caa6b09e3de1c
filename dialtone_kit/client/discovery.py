"""Discovery: which issuer is asked, and whether its document may be believed (RFC 8414 §3.3)."""

from __future__ import annotations

import re
from typing import Any

from dialtone_kit.base.errors import IssuerMismatch, NotThisService, UnsafeUrl
from dialtone_kit.base.masking import masked
from dialtone_kit.base.urls import require_https_or_loopback, same_origin

PATH = "/.well-known/openid-configuration"
_REALM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def issuer_url(base_url: str, realm: str | None) -> str:
    """The issuer of a realm at `base_url`, of the root with None. No slash at the end (M19)."""
    base = require_https_or_loopback(base_url).rstrip("/")
    if "?" in base or "#" in base:
        raise UnsafeUrl(f"{masked(base)} has a query or a fragment: an issuer has neither.")
    if realm is None:
        return base
    if "/realms/" in base:
        raise UnsafeUrl(f"{masked(base)} already names a realm: pass the part before /realms/ .")
    if not _REALM.fullmatch(realm):
        raise UnsafeUrl(f"{masked(ascii(realm))[:80]} can't be a realm: a realm is one plain name.")
    return f"{base}/realms/{realm}"


def check_metadata(document: dict[str, Any], issuer: str) -> dict[str, Any]:
    """`document`, if it is really about `issuer` and sends no secrets elsewhere.

    The issuer must be the one asked, to the letter: any other could be an impersonation (RFC 8414
    §6.2). Every endpoint must be a URL on the issuer's own origin.
    """
    named = document.get("issuer")
    if named != issuer:
        raise IssuerMismatch(
            f"The document of {issuer} says it is about {masked(ascii(named))[:120]}. Nothing in "
            "it is used. Ask for the issuer that you mean, without a slash at the end. [M19]"
        )
    for name, value in document.items():
        if name == "jwks_uri" or name.endswith("_endpoint"):
            _check_endpoint(name, value, issuer)
    for name in ("token_endpoint", "jwks_uri"):
        if name not in document:
            raise NotThisService(f"The document of {issuer} has no {name}.")
    return document


def _check_endpoint(name: str, value: object, issuer: str) -> None:
    if not isinstance(value, str):
        raise NotThisService(f"The {name} of {issuer} is not a string.")
    require_https_or_loopback(value)
    if not same_origin(value, issuer):
        raise UnsafeUrl(
            f"The {name} {masked(value)[:120]} is on another origin than its issuer {issuer}. "
            "Secrets would go to a stranger: nothing was sent."
        )
