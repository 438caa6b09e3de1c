"""Response headers, for OpenAPI: which there are, when they are sent, what they may contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialtone_kit.mock.schemas.formats import B64URL
from dialtone_kit.mock.web.requests import FORM, JSON

Said = dict[str, Any]
HEADERS: Said = {}  # each stands in the document once


def _header(key: str, description: str, *, required: bool = True, **schema: Any) -> Said:
    """A reference to a header that many answers have; `key` is its name in the document."""
    schema.setdefault("type", "string")
    HEADERS[key] = {"description": description, "required": required, "schema": schema}
    return {"$ref": f"#/components/headers/{key}"}


def _of_a_page(key: str = "", *, required: bool = True) -> Said:
    parameters = (
        (
            "Content-Security-Policy",
            "The page runs nothing and loads nothing",
            "^default-src 'none'; ",
        ),
        ("Referrer-Policy", "Its links send no referrer", "^no-referrer$"),
        ("X-Frame-Options", "No page may frame it", "^DENY$"),
        ("Vary", "A page for people, JSON for programs", "^Accept, Cookie$"),
        (
            "Set-Cookie",
            "Lets the page recognize its own forms",
            f"^dialtone_form={B64URL}{{22}}; HttpOnly; SameSite=Strict$",
        ),
    )
    return {
        name: _header(name + key, text, required=required, pattern=pattern)
        for name, text, pattern in parameters
    }


ON_ALL = {
    "X-Content-Type-Options": _header(
        "X-Content-Type-Options", "Don't guess another content type", const="nosniff"
    )
}
NO_STORE = {
    "Cache-Control": _header("NoStore", "Don't store it", const="no-store"),
    "Pragma": _header("Pragma", "The same for old caches", const="no-cache"),
}
CACHED = {
    "Access-Control-Allow-Origin": _header(
        "PublicDocument", "Pages of any origin may read it", const="*"
    ),
    "Cache-Control": _header(
        "MaxAge", "How many seconds it may be cached", pattern="^public, max-age=[0-9]+$"
    ),
}
NONCE = {
    "DPoP-Nonce": _header(
        "DPoP-Nonce",
        "The nonce for the next proof, in a realm that demands nonces",
        required=False,
        pattern=f"^{B64URL}+$",
    )
}
OF_A_PAGE = _of_a_page()
# A refusal has them where it is a page: for a program that wants no HTML it is JSON.
OF_A_PAGE_PERHAPS = _of_a_page("-perhaps", required=False)
WAIT = {"Retry-After": _header("Retry-After", "Seconds to wait", type="integer", minimum=1)}
OF_A_STATUS: Mapping[int, Said] = {
    401: {
        "WWW-Authenticate": _header(
            "WWW-Authenticate",
            "How to authenticate; sent more than once where there are several ways",
            pattern="^(Basic|DPoP|Bearer|Attestation|VerificationCode) ",
        )
    },
    405: {"Allow": _header("Allow", "The methods that work", pattern="^[A-Z]+(, [A-Z]+)*$")},
    413: {
        "Connection": _header(
            "Connection", "The rest will not be read", required=False, const="close"
        )
    },
    415: {
        "Accept-Post": _header(
            "Accept-Post", "The content type to send", required=False, enum=[FORM, JSON]
        ),
        "Accept-Encoding": _header(
            "Accept-Encoding",
            "Compressed bodies are not accepted",
            required=False,
            const="identity",
        ),
    },
    429: WAIT,
    503: WAIT,
}
SCOPE_MISSING = {
    "WWW-Authenticate": _header(
        "WWW-Authenticate-perhaps",
        "The scope that is missing; none where a policy refused",
        required=False,
        pattern="^(DPoP|Bearer) ",
    )
}
