"""What a protected resource publishes about itself (RFC 9728), so that clients find its issuer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.base.errors import UnsafeUrl
from dialtone_kit.base.urls import origin, require_https_or_loopback

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def checked_resource(url: str) -> str:
    """`url`, if it can name a resource: https, or http on this machine, without query and fragment.

    Raises UnsafeUrl otherwise (RFC 8707 §2, RFC 9728 §1.2).
    """
    require_https_or_loopback(url)
    if re.search(r'[?#"<>\\^`{|}]', url):
        raise UnsafeUrl(f"{url} has a query, a fragment or a character that no URL may hold.")
    return url


def metadata_url(resource: str) -> str:
    """Where the metadata of `resource` is: the well-known path goes before its own (§3.1)."""
    path = urlsplit(checked_resource(resource)).path
    return origin(resource) + WELL_KNOWN + ("" if path == "/" else path)


def metadata_of(resource: str, issuer: str, scopes: Sequence[str]) -> dict[str, Any]:
    """The document: whose tokens serve at `resource`, and that each comes with a proof (§2)."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        **({"scopes_supported": list(scopes)} if scopes else {}),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": True,
    }
