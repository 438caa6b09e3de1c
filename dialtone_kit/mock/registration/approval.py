"""The sponsor's page: who asks for what; the right code, sent by a person, approves.

Looking at it changes nothing: a mail scanner that follows the link approves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.mail import visible
from dialtone_kit.mock.core.refusal import Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.registration import enrollments
from dialtone_kit.mock.schemas.registration import ApprovalForm, EnrollmentQuery
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.pages import (
    browser_of,
    form_token,
    form_token_is_good,
    keep,
    render,
    wants_html,
)
from dialtone_kit.mock.web.requests import read_form, read_query
from dialtone_kit.mock.web.responses import refused

TEMPLATE = "approve.html"


@dataclass(frozen=True)
class Page:
    """What the page shows besides the enrollment: its state, and what went wrong just now."""

    state: str  # pending, approved, confirmed, expired, locked, unknown
    message: str = ""
    http_status: int = 200

    @property
    def headers(self) -> Headers:
        """How to come back, where the code was wrong."""
        return enrollments.ASK_THE_SPONSOR if self.http_status == 401 else ()


@describe(
    "The sponsor's page: who asks for what",
    answers="text/html",
    query=EnrollmentQuery,
    refusals=(400, 404, 503),
)
async def show_approval_page(request: Request) -> Response:
    """Changes nothing, however often it is fetched."""
    service, realm = service_of(request), await realm_of(request)
    wanted = read_query(request, EnrollmentQuery).enrollment or ""
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
async def answer_approval_page(request: Request) -> Response:
    """Needs the form that this page gave to this browser; wrong codes count as those of the API."""
    service, realm = service_of(request), await realm_of(request)
    form = await read_form(request)
    sent = form.parsed(ApprovalForm)
    good_form = form_token_is_good(request, service, sent.enrollment or "", sent.form_token)
    try:
        outcome = await service.store.write(
            lambda tx: _approve(tx, service, realm, sent, good_form)
        )
    except Refusal as problem:
        return _unknown(request, problem)
    row, page = outcome
    if page.http_status != 200:
        log.warning("approval in realm %s refused: %d", realm.name, page.http_status)
    return _page(request, service, row, page, realm)


def _approve(
    tx: Connection, service: Service, realm: Realm, sent: ApprovalForm, good_form: bool
) -> tuple[Any, Page]:
    """The enrollment and the page to show. A wrong code stays counted."""
    row = enrollments.find(tx, realm, sent.enrollment or "")
    state = enrollments.status_of(row, realm)
    if not good_form:
        return row, Page(state, "This form is out of date. Please enter the code again.", 403)
    if state == "approved":
        return row, Page(state)
    try:
        enrollments.must_be_open(row, realm)
    except Refusal as problem:
        return row, Page(state, http_status=problem.status)
    if not sent.verification_code.strip():
        return row, Page(state, "Enter the code from the mail.", 400)
    if refusal := enrollments.judge_code(tx, service, realm, row, sent.verification_code):
        state = "locked" if refusal.status == 410 else state
        return row, Page(state, refusal.description, refusal.status)
    enrollments.approve(tx, realm, row)
    return row, Page("approved")


def _page(request: Request, service: Service, row: Any, page: Page, realm: Realm) -> Response:
    """The page as HTML; as the usual JSON for a program that gets a refusal."""
    if page.http_status >= 400 and not wants_html(request):
        return refused(_as_refusal(page))
    browser = browser_of(request)
    return render(
        TEMPLATE,
        page.http_status,
        keep(browser) + page.headers,
        page=page,
        agent=visible(row.client_name),
        description=visible(row.description),
        scopes=row.scopes.split(),
        email=row.email,
        realm=realm.name,
        until=clock.readable(row.expires_at),
        enrollment=row.enrollment_id,
        form_token=form_token(service, browser, row.enrollment_id),
    )


def _unknown(request: Request, problem: Refusal) -> Response:
    if not wants_html(request):
        raise problem
    return render(TEMPLATE, problem.status, page=Page("unknown", http_status=problem.status))


def _as_refusal(page: Page) -> Refusal:
    codes = {400: "invalid_request", 401: "unauthorized", 403: "access_denied", 409: "conflict"}
    text = page.message or f"This enrollment is {page.state}."
    return Refusal(page.http_status, codes.get(page.http_status, "gone"), text, page.headers)
