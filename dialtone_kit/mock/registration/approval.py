"""The sponsor's page: it shows who asks for what, and the code from the email approves it.

Looking at it changes nothing: an email scanner that follows the link approves nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.mail import visible
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.registration import enrollments
from dialtone_kit.mock.schemas.registration import ApprovalForm, EnrollmentQuery
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.pages import Page, form_token_is_good, shown, stale_form
from dialtone_kit.mock.web.requests import read_form, read_query
from dialtone_kit.mock.web.responses import HTML

TEMPLATE = "approve.html"  # its states: those of an enrollment, and unknown


@describe(
    "The sponsor's page: who asks for what",
    answers=HTML,
    query=EnrollmentQuery,
    refusals=(400, 404, 503),
)
async def show_approval_page(request: Request) -> Response:
    """Changes nothing, however often it is fetched."""
    service, realm = service_of(request), await realm_of(request)
    enrollment_id = read_query(request, EnrollmentQuery).enrollment or ""
    try:
        row = await service.store.read(lambda tx: enrollments.find(tx, realm, enrollment_id))
    except Refusal as refusal:
        return shown(request, Page(TEMPLATE, "unknown", refusal=refusal))
    return shown(request, _page(row, realm))


@describe(
    "The sponsor's answer: the code approves",
    answers=HTML,
    body=ApprovalForm,
    form=True,
    refusals=(400, 401, 403, 404, 409, 410, 413, 415, 503),
)
async def answer_approval_page(request: Request) -> Response:
    """Needs the form that this page gave this browser. Wrong codes count as they do at the API."""
    service, realm = service_of(request), await realm_of(request)
    sent = (await read_form(request)).parsed(ApprovalForm)
    enrollment_id, code = sent.enrollment or "", sent.verification_code
    good_form = form_token_is_good(request, enrollment_id, sent.form_token)

    def approve(tx: Connection) -> Page:
        row = enrollments.find(tx, realm, enrollment_id)
        if not good_form:
            return _page(row, realm).refused(stale_form())
        return _approve(tx, service, realm, row, code)

    try:
        page = await service.store.write(approve)
    except Refusal as refusal:
        page = Page(TEMPLATE, "unknown", refusal=refusal)
    return shown(request, page)


def _approve(tx: Connection, service: Service, realm: Realm, row: Any, code: str) -> Page:
    """Approve if the code is right; returns the page to show. A wrong code counts."""
    page = _page(row, realm)
    if page.state == "approved":
        return page
    try:
        enrollments.must_be_open(row, realm)
    except Refusal as closed:
        return page.refused(closed)
    if not code.strip():
        return page.refused(Refusal(400, "invalid_request", "Enter the code from the email."))
    if refusal := enrollments.judge_code(tx, service, realm, row, code):
        counted = enrollments.find(tx, realm, row.enrollment_id)
        return _page(counted, realm).refused(refusal)
    enrollments.approve(tx, realm, row)
    return replace(page, state="approved")


def _page(row: Any, realm: Realm) -> Page:
    """The enrollment as it is now."""
    values = {
        "agent": visible(row.client_name),
        "description": visible(row.description),
        "scopes": row.scopes.split(),
        "workload": row.spiffe_id,
        "email": row.email,
        "realm": realm.name,
        "until": clock.readable(row.expires_at),
        "enrollment": row.enrollment_id,
        "tries": enrollments.in_words(enrollments.tries_left(row)),
    }
    state = enrollments.status_of(row, realm)
    return Page(TEMPLATE, state, form_for=row.enrollment_id, values=values)
