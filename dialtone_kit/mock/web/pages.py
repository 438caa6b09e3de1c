"""What the pages for people share: HTML without scripts, and forms that no one can forge.

Plain HTML, no script, links relative, so that they also work behind a proxy that adds a prefix.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.jws import b64url
from dialtone_kit.mock.core.refusal import NO_STORE, Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import header_values
from dialtone_kit.mock.web.responses import HTML, content_answer

PAGES = Path(__file__).with_name("pages")
COOKIE = "dialtone_form"
PAGE_TYPE = f"{HTML}; charset=utf-8"
GUARDS: Headers = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Vary", "Accept, Cookie"),
)


@dataclass(frozen=True)
class Page:
    """What a person sees: a template in one of its states, and the error to show, if any.

    `form_for`: what its form may do; "" for a page without a form.
    """

    template: str
    state: str
    form_for: str = ""
    note: str = ""
    refusal: Refusal | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def refused(self, refusal: Refusal) -> Page:
        """The same page with an error on it."""
        return replace(self, refusal=refusal)


def shown(request: Request, page: Page) -> Response:
    """The page as HTML. A program gets its refusal as the usual JSON."""
    refusal = page.refusal
    if refusal is not None:
        log.warning("%s: refused with %d", page.template, refusal.status)
        if not wants_html(request):
            raise refusal
    browser = browser_of(request)
    html = (
        _templates()
        .get_template(page.template)
        .render(
            style=_style(),
            state=page.state,
            message=page.note if refusal is None else refusal.description,
            form_token=form_token(service_of(request), browser, page.form_for),
            **page.values,
        )
    )
    headers = GUARDS + _content_policy() + NO_STORE + _keep(browser)
    if refusal is None:
        return content_answer(html.encode(), PAGE_TYPE, headers=headers)
    return content_answer(html.encode(), PAGE_TYPE, refusal.status, headers + refusal.headers)


def stale_form() -> Refusal:
    """The error for a form that this browser did not get from this page."""
    return Refusal(403, "access_denied", "This form is out of date. Please send it again.")


def wants_html(request: Request) -> bool:
    """Whether a person will read the answer; a program gets a refusal as the usual JSON."""
    return any(HTML in value for value in header_values(request, "accept"))


def browser_of(request: Request) -> str:
    """The random name of this browser, from its cookie; a new one for a new browser."""
    return _cookie_of(request) or secrets.token_urlsafe(16)


def _keep(browser: str) -> Headers:
    """The header that makes the browser remember its name.

    No Path: the browser takes the folder that it sees, with any prefix that a proxy added.
    """
    return (("Set-Cookie", f"{COOKIE}={browser}; HttpOnly; SameSite=Strict"),)


def form_token(service: Service, browser: str, what: str) -> str:
    """Ties a form to this browser and to one thing that it may do."""
    return b64url(service.keyed_hash("form", f"{browser}|{what}"))


def form_token_is_good(request: Request, what: str, sent: str) -> bool:
    """Whether this browser got the form from us, for this purpose."""
    browser = _cookie_of(request)
    if browser is None:
        return False
    expected = form_token(service_of(request), browser, what)
    return hmac.compare_digest(expected.encode(), sent.encode())


def _cookie_of(request: Request) -> str | None:
    """Our own cookie. A proxy may pass on others, such as a hub's; those are not read."""
    for header in header_values(request, "cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE and len(value) == 22 and value.isascii():
                return value
    return None


@lru_cache(maxsize=1)
def _content_policy() -> Headers:
    """The page runs nothing, loads nothing, can't be framed, and sends its form only here."""
    style = base64.b64encode(sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return (("Content-Security-Policy", policy),)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


@lru_cache(maxsize=1)
def _style() -> str:
    return (PAGES / "page.css").read_text(encoding="utf-8")
