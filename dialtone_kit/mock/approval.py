"""The sponsor's page: who asks for what; the right code, sent by a person, approves.

Plain HTML, no script, links relative, so that it also works behind a proxy that adds a prefix.
Looking at it changes nothing: a mail scanner that follows the link approves nothing.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.keys import b64url
from dialtone_kit.mock import clock, enrollments
from dialtone_kit.mock.answers import NO_STORE, Headers, Refusal, content_answer, log
from dialtone_kit.mock.describe import describe
from dialtone_kit.mock.intake import header_values, one, read_form
from dialtone_kit.mock.mail import visible
from dialtone_kit.mock.schemas import ApprovalForm
from dialtone_kit.mock.service import Service, realm_of, service_of
from dialtone_kit.mock.settings import Realm

PAGES = Path(__file__).with_name("pages")
COOKIE = "dialtone_form"


@dataclass(frozen=True)
class Page:
    """What the page shows besides the enrollment: its state, and what went wrong just now."""

    state: str  # pending, approved, confirmed, expired, locked, unknown
    message: str = ""
    http_status: int = 200


@describe(
    "The sponsor's page: who asks for what",
    answers="text/html",
    query={"enrollment": "The enrollment_id, as in approval_url"},
    refusals=(404, 503),
)
async def show(request: Request) -> Response:
    """Changes nothing, however often it is fetched."""
    service, realm = service_of(request), await realm_of(request)
    wanted = request.query_params.get("enrollment", "")
    try:
        row = await service.store.read(lambda tx: enrollments.find(tx, realm, wanted))
    except Refusal as problem:
        return _unknown(request, problem)
    return _page(request, service, row, Page(enrollments.status_of(row, realm)), realm)


@describe(
    "The sponsor's answer: the code approves",
    answers="text/html",
    body=ApprovalForm,
    form=True,
    refusals=(400, 401, 403, 404, 409, 410, 413, 415, 503),
)
async def answer(request: Request) -> Response:
    """Needs the form that this page gave to this browser; wrong codes count as those of the API."""
    service, realm = service_of(request), await realm_of(request)
    form = await read_form(request)
    wanted, code = one(form, "enrollment") or "", one(form, "verification_code") or ""
    good_form = _form_token_is_good(request, service, wanted, one(form, "form_token") or "")
    try:
        outcome = await service.store.write(
            lambda tx: _approve(tx, service, realm, wanted, code, good_form)
        )
    except Refusal as problem:
        return _unknown(request, problem)
    row, page = outcome
    if page.http_status != 200:
        log.warning("approval in realm %s refused: %d", realm.name, page.http_status)
    return _page(request, service, row, page, realm)


def _approve(
    tx: Connection, service: Service, realm: Realm, wanted: str, code: str, good_form: bool
) -> tuple[Any, Page]:
    """The enrollment and the page to show. A wrong code stays counted."""
    row = enrollments.find(tx, realm, wanted)
    state = enrollments.status_of(row, realm)
    if not good_form:
        return row, Page(state, "This form is out of date. Please enter the code again.", 403)
    if state == "approved":
        return row, Page(state)
    try:
        enrollments.must_be_open(row, realm)
    except Refusal as problem:
        return row, Page(state, http_status=problem.status)
    if not code.strip():
        return row, Page(state, "Enter the code from the mail.", 400)
    if refusal := enrollments.judge_code(tx, service, realm, row, code):
        state = "locked" if refusal.status == 410 else state
        return row, Page(state, refusal.description, refusal.status)
    enrollments.approve(tx, realm, row)
    return row, Page("approved")


def _page(request: Request, service: Service, row: Any, page: Page, realm: Realm) -> Response:
    """The page as HTML; as the usual JSON for a program that gets a refusal."""
    if page.http_status >= 400 and not _wants_html(request):
        refusal = _as_refusal(page)
        return refusal.answer()
    cookie = _cookie_of(request) or secrets.token_urlsafe(16)
    html = (
        _templates()
        .get_template("approve.html")
        .render(
            page=page,
            agent=visible(row.client_name),
            description=visible(row.description),
            scopes=row.scopes.split(),
            email=row.email,
            realm=realm.name,
            until=clock.rfc3339(row.expires_at).replace("T", " ").replace("Z", " UTC"),
            enrollment=row.enrollment_id,
            form_token=_form_token(service, cookie, row.enrollment_id),
            style=_style(),
        )
    )
    # no Path: the browser takes the folder that it sees, with whatever prefix a proxy added
    keep = ("Set-Cookie", f"{COOKIE}={cookie}; HttpOnly; SameSite=Strict")
    return _html(html, page.http_status, (keep,))


def _unknown(request: Request, problem: Refusal) -> Response:
    if not _wants_html(request):
        raise problem
    page = Page("unknown", http_status=problem.status)
    html = _templates().get_template("approve.html").render(page=page, style=_style())
    return _html(html, problem.status)


def _html(html: str, status: int, headers: Headers = ()) -> Response:
    """A page that runs nothing, loads nothing, is framed by nobody and sends its form here only."""
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


def _as_refusal(page: Page) -> Refusal:
    codes = {400: "invalid_request", 401: "unauthorized", 403: "access_denied", 409: "conflict"}
    text = page.message or f"This enrollment is {page.state}."
    return Refusal(page.http_status, codes.get(page.http_status, "gone"), text)


def _wants_html(request: Request) -> bool:
    return any("text/html" in value for value in header_values(request, "accept"))


def _form_token(service: Service, cookie: str, enrollment_id: str) -> str:
    """Ties the form to this browser's cookie and to one enrollment."""
    return b64url(service.keyed_hash("form", f"{cookie}|{enrollment_id}"))


def _form_token_is_good(request: Request, service: Service, enrollment: str, sent: str) -> bool:
    cookie = _cookie_of(request)
    if cookie is None:
        return False
    expected = _form_token(service, cookie, enrollment)
    return hmac.compare_digest(expected.encode(), sent.encode())


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
