"""What the pages for people share: HTML that runs nothing, and forms that nobody can forge.

Plain HTML, no script, links relative, so that they also work behind a proxy that adds a prefix.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.jws import b64url
from dialtone_kit.mock.core.refusal import NO_STORE, Headers
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.web.requests import header_values
from dialtone_kit.mock.web.responses import content_answer

PAGES = Path(__file__).with_name("pages")
COOKIE = "dialtone_form"


def render(template: str, status: int, headers: Headers = (), **values: Any) -> Response:
    """A page that runs nothing, loads nothing, is framed by nobody and sends its form here only."""
    html = _templates().get_template(template).render(style=_style(), **values)
    style = base64.b64encode(sha256(_style().encode()).digest()).decode()
    guards: Headers = (
        (
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Vary", "Accept, Cookie"),
    )
    return content_answer(
        html.encode(), "text/html; charset=utf-8", status, guards + NO_STORE + headers
    )


def wants_html(request: Request) -> bool:
    """Whether a person looks at the answer; a program gets the usual JSON when it is a no."""
    return any("text/html" in value for value in header_values(request, "accept"))


def browser_of(request: Request) -> str:
    """The random name of this browser, from its cookie; a new one for a new browser."""
    return _cookie_of(request) or secrets.token_urlsafe(16)


def keep(browser: str) -> Headers:
    """The header by which the browser remembers its name.

    No Path: it takes the folder that it sees, with whatever prefix a proxy added.
    """
    return (("Set-Cookie", f"{COOKIE}={browser}; HttpOnly; SameSite=Strict"),)


def form_token(service: Service, browser: str, what: str) -> str:
    """Ties a form to this browser and to one thing that it may do."""
    return b64url(service.keyed_hash("form", f"{browser}|{what}"))


def form_token_is_good(request: Request, service: Service, what: str, sent: str) -> bool:
    """Whether the form comes from a page that this very browser got for this very thing."""
    browser = _cookie_of(request)
    if browser is None:
        return False
    return hmac.compare_digest(form_token(service, browser, what).encode(), sent.encode())


def _cookie_of(request: Request) -> str | None:
    """Our own cookie among all that a proxy passes on (a hub's are there too, and stay unread)."""
    for header in header_values(request, "cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE and len(value) == 22 and value.isascii():
                return value
    return None


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@lru_cache(maxsize=1)
def _style() -> str:
    return (PAGES / "page.css").read_text(encoding="utf-8")
