"""The device page (RFC 8628 §3.3): a person enters the code of the device and an e-mail address,
gets a code by mail, sees which agent asks for what, and says yes or no.

Looking at it changes nothing, also with the complete link: a yes is a form that this very browser
got, with the code from that person's mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.core import clock, limits, mail
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.mail import Letter, visible
from dialtone_kit.mock.core.refusal import Headers, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import DEVICE_MAILS, Realm
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.schemas.email import EMAIL
from dialtone_kit.mock.schemas.tokens import DevicePageForm, UserCodeQuery
from dialtone_kit.mock.tokens import device_grants
from dialtone_kit.mock.web.context import path_realm, realm_of, service_of
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

FIRST_FORM = "device"  # what the form token of the first form is for; of the second: the visit
OUT_OF_DATE = "This form is out of date. Please send it again."


@dataclass(frozen=True)
class Asked:
    """A grant as the page shows it: its row, its client, its realm, and who is asked."""

    row: Any
    client: Client
    realm: Realm
    visit: str
    email: str


@dataclass(frozen=True)
class Page:
    """What is shown: ask (for the code), confirm, approved, denied or over."""

    state: str
    message: str = ""
    http_status: int = 200
    error: str = ""
    headers: Headers = ()
    user_code: str = ""
    from_link: bool = False
    email: str = ""
    asked: Asked | None = None

    def refused(self, problem: Refusal) -> Page:
        """The same page with what went wrong."""
        return replace(
            self,
            message=problem.description,
            http_status=problem.status,
            error=problem.error,
            headers=problem.headers,
        )


@describe(
    "The device page: enter the code that the device shows",
    answers="text/html",
    query=UserCodeQuery,
    refusals=(400, 503),
)
async def show_device_page(request: Request) -> Response:
    """Changes nothing, however often it is fetched; a code in the link only fills the form."""
    await realm_of(request)
    code = visible(read_query(request, UserCodeQuery).user_code[:32])
    return _shown(request, Page("ask", user_code=code, from_link=bool(code)))


@describe(
    "A person's answer: first code and address, then the mailed code and yes or no",
    answers="text/html",
    body=DevicePageForm,
    form=True,
    refusals=(400, 401, 403, 404, 410, 413, 415, 429, 503),
)
async def answer_device_page(request: Request) -> Response:
    """Needs the form that this page gave to this browser. Wrong codes are counted, both kinds."""
    await realm_of(request)
    form = await read_form(request)
    sent = form.parsed(DevicePageForm)
    page = await (_finish if sent.visit else _begin)(request, sent)
    if page.http_status != 200:
        log.warning("the device page refused: %d", page.http_status)
    return _shown(request, page)


async def _begin(request: Request, form: DevicePageForm) -> Page:
    """Code and address → a mail, and the page that says who asks for what."""
    service = service_of(request)
    code, email = form.user_code, form.email
    page = Page("ask", user_code=visible(code)[:32], email=visible(email)[:254])
    if not form_token_is_good(request, service, FIRST_FORM, form.form_token):
        return page.refused(Refusal(403, "access_denied", OUT_OF_DATE))
    if not EMAIL.fullmatch(email):
        return page.refused(Refusal(400, "invalid_request", "Enter one e-mail address."))
    address = request.client.host if request.client else ""
    payer, within = await realm_of(request), await path_realm(request)

    def begin(tx: Connection) -> Refusal | tuple[Asked, Letter]:
        if refusal := limits.user_codes_tried(tx, payer, address):
            return refusal
        found = _waiting(tx, service, within, code)
        if found is None:
            limits.count_wrong_user_code(tx, payer, address)
            return Refusal(404, "not_found", "This code is not known here, or no longer good.")
        return _send_code(tx, service, found, email)

    try:
        outcome = await service.store.write(begin)
    except Refusal as problem:
        outcome = problem
    if isinstance(outcome, Refusal):
        return page.refused(outcome)
    asked, letter = outcome
    sent = await service.deliver(letter)
    note = "" if sent else "No mail could be sent. Ask whoever runs this service."
    return Page("confirm", note, asked=asked)


def _waiting(
    tx: Connection, service: Service, within: Realm | None, code: str
) -> tuple[Any, Client, Realm] | None:
    """The grant that waits for a person under this user code, its client and its realm."""
    row = device_grants.find_by_user_code(tx, service, within, code)
    realm = service.realm_in(tx, row.realm) if row is not None else None
    found = find_client(tx, row.client_id) if row is not None else None
    if realm is None or found is None or found[0].locked:
        return None
    if device_grants.status_of(row, realm) != "pending":
        return None
    return row, found[0], realm


def _send_code(
    tx: Connection, service: Service, found: tuple[Any, Client, Realm], email: str
) -> Refusal | tuple[Asked, Letter]:
    """Begin a visit and write its mail, unless this person may not, or too many mails went out."""
    row, client, realm = found
    decision = decisions.may_register(service, realm, email, row.scopes.split())
    if not decision.allowed:
        return decisions.refused_registration(email, decision)
    left = max(1, int(row.expires_at - clock.now(realm)))
    if row.mails >= DEVICE_MAILS:
        text = "Too many codes were mailed for this device. Start again there."
        return Refusal(429, "rate_limited", text, (("Retry-After", str(left)),))
    if refusal := limits.count_device_mail(tx, realm, email):
        return refusal
    visit = device_grants.begin_visit(tx, service, realm, row, email)
    minutes = max(1, left // 60)
    letter = mail.device_letter(
        email, realm.name, visit.code, client.client_name, row.scopes, minutes
    )
    if service.inbox is not None:
        service.inbox.keep(tx, letter, clock.now(realm), clock.machine_now() + mail.KEPT)
    return Asked(row, client, realm, visit.visit, email), letter


async def _finish(request: Request, form: DevicePageForm) -> Page:
    """The mailed code and yes, or no."""
    service, within = service_of(request), await path_realm(request)
    visit, decision, code = form.visit, form.decision, form.verification_code
    good_form = form_token_is_good(request, service, visit, form.form_token)

    def finish(tx: Connection) -> Page:
        asked = _visited(tx, service, within, visit)
        if asked is None:
            return Page("over", http_status=404, error="not_found")
        status = device_grants.status_of(asked.row, asked.realm)
        if status in ("approved", "used", "denied"):
            return Page("denied" if status == "denied" else "approved")
        if status != "pending":
            return Page("over", http_status=410, error="gone")
        page = Page("confirm", asked=asked)
        if not good_form:
            return page.refused(Refusal(403, "access_denied", OUT_OF_DATE))
        if decision == "deny":
            device_grants.deny(tx, asked.realm, asked.row)
            return Page("denied")
        if decision != "approve" or not code.strip():
            return page.refused(Refusal(400, "invalid_request", "Enter the code from the mail."))
        if refusal := device_grants.judge_code(tx, service, asked.realm, asked.row, code):
            return replace(page, state="over" if refusal.status == 410 else "confirm").refused(
                refusal
            )
        device_grants.approve(tx, service, asked.realm, asked.row)
        return Page("approved")

    return await service.store.write(finish)


def _visited(tx: Connection, service: Service, within: Realm | None, visit: str) -> Asked | None:
    row = device_grants.find_visit(tx, visit)
    if row is None or (within is not None and row.realm != within.name):
        return None
    realm, found = service.realm_in(tx, row.realm), find_client(tx, row.client_id)
    if realm is None or found is None or found[0].locked:
        return None
    return Asked(row, found[0], realm, row.visit, row.email)


def _shown(request: Request, page: Page) -> Response:
    """The page as HTML; as the usual JSON for a program that gets a refusal."""
    if page.http_status >= 400 and not wants_html(request):
        text = page.message or "This code is no longer good. Start again on the device."
        return refused(Refusal(page.http_status, page.error, text, page.headers))
    browser, service = browser_of(request), service_of(request)
    asked = page.asked
    what = asked.visit if asked is not None else FIRST_FORM
    values: dict[str, Any] = {"page": page, "form_token": form_token(service, browser, what)}
    if asked is not None:
        values |= {
            "agent": visible(asked.client.client_name),
            "client_id": asked.client.client_id,
            "scopes": asked.row.scopes.split(),
            "email": asked.email,
            "realm": asked.realm.name,
            "until": clock.readable(asked.row.expires_at),
            "visit": asked.visit,
        }
    return render("device.html", page.http_status, keep(browser) + page.headers, **values)
