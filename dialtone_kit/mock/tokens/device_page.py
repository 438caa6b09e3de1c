"""The device page (RFC 8628 §3.3): a person enters the device's code and an email address,
gets a code by email, sees which agent asks for what, and approves or declines.

Opening it changes nothing, even by the complete link: to approve takes the form that this browser
got and the code from that person's mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.email import NotAnAddress, one_address
from dialtone_kit.mock.access.clients import find_client
from dialtone_kit.mock.core import clock, limits, mail
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.codes import unreadable
from dialtone_kit.mock.core.mail import Letter, visible
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import DEVICE_MAILS, Realm
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.schemas.tokens import DevicePageForm, UserCodeQuery
from dialtone_kit.mock.tokens import device_grants
from dialtone_kit.mock.tokens.grant import read_audience
from dialtone_kit.mock.web.context import path_realm, realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.pages import Page, form_token_is_good, shown, stale_form
from dialtone_kit.mock.web.requests import read_form, read_query
from dialtone_kit.mock.web.responses import HTML

TEMPLATE = "device.html"  # its states: ask (for the code), confirm, approved, denied, over
FIRST_FORM = "device"  # what the first page's form may do; the second's names its visit


@dataclass(frozen=True)
class Asked:
    """A grant as the page shows it: its row, its client, its realm, and who is asked."""

    row: Any
    client: Client
    realm: Realm
    visit: str
    email: str

    def page(self, state: str = "confirm", note: str = "") -> Page:
        """Which agent asks for what, and for whose account."""
        values = {
            "agent": visible(self.client.client_name),
            "client_id": self.client.client_id,
            "scopes": self.row.scopes.split(),
            "audience": [visible(name) for name in read_audience(self.row.audience)],
            "email": self.email,
            "realm": self.realm.name,
            "until": clock.readable(self.row.expires_at),
            "visit": self.visit,
        }
        return Page(TEMPLATE, state, form_for=self.visit, note=note, values=values)


@describe(
    "The device page: enter the code that the device shows",
    answers=HTML,
    query=UserCodeQuery,
    refusals=(400, 503),
)
async def show_device_page(request: Request) -> Response:
    """Changes nothing, however often it is fetched; a code in the link only fills the form."""
    await realm_of(request)
    user_code = read_query(request, UserCodeQuery).user_code
    return shown(request, _first_page(user_code, from_link=True))


@describe(
    "A person's answer: first code and address, then the emailed code and yes or no",
    answers=HTML,
    body=DevicePageForm,
    form=True,
    refusals=(400, 401, 403, 404, 410, 413, 415, 429, 503),
)
async def answer_device_page(request: Request) -> Response:
    """Needs the form that this page gave to this browser. Wrong codes are counted, both kinds."""
    await realm_of(request)
    form = (await read_form(request)).parsed(DevicePageForm)
    return shown(request, await (_finish if form.visit else _begin)(request, form))


def _first_page(user_code: str, email: str = "", *, from_link: bool = False) -> Page:
    code = visible(user_code[:32])
    values = {
        "user_code": code,
        "from_link": from_link and bool(code),
        "email": visible(email)[:254],
    }
    return Page(TEMPLATE, "ask", form_for=FIRST_FORM, values=values)


async def _begin(request: Request, form: DevicePageForm) -> Page:
    """Code and address → an email, and the page that says who asks for what."""
    service = service_of(request)
    page = _first_page(form.user_code, form.email)
    if not form_token_is_good(request, FIRST_FORM, form.form_token):
        return page.refused(stale_form())
    try:
        email = one_address(form.email.strip())
    except NotAnAddress as problem:
        return page.refused(Refusal(400, "invalid_request", str(problem)))
    if refusal := unreadable(form.user_code):
        return page.refused(refusal)
    address = request.client.host if request.client else ""
    counting, within = await realm_of(request), await path_realm(request)

    def begin(tx: Connection) -> Refusal | tuple[Asked, Letter]:
        payer = service.payer(tx, email, address)
        if refusal := limits.user_codes_tried(tx, counting, payer):
            return refusal
        waiting = _waiting(tx, service, within, form.user_code)
        if waiting is None:
            limits.count_wrong_user_code(tx, counting, payer)
            return Refusal(404, "not_found", "This code is unknown or no longer valid.")
        return _send_code(tx, service, waiting, email, payer)

    try:
        outcome = await service.store.write(begin)
    except Refusal as refusal:
        outcome = refusal
    if isinstance(outcome, Refusal):
        return page.refused(outcome)
    asked, letter = outcome
    sent = await service.deliver(letter)
    return asked.page(
        note="" if sent else "The email could not be sent. Ask whoever runs this service."
    )


def _waiting(
    tx: Connection, service: Service, within: Realm | None, code: str
) -> tuple[Any, Client, Realm] | None:
    """The grant that waits for a person under this user code, its client and its realm."""
    row = device_grants.find_by_user_code(tx, service, within, code)
    realm = service.realm_in(tx, row.realm) if row is not None else None
    registered = find_client(tx, row.client_id) if row is not None else None
    if realm is None or registered is None or registered[0].locked:
        return None
    if device_grants.status_of(row, realm) != "pending":
        return None
    return row, registered[0], realm


def _send_code(
    tx: Connection,
    service: Service,
    waiting: tuple[Any, Client, Realm],
    email: str,
    payer: limits.Payer,
) -> Refusal | tuple[Asked, Letter]:
    """Begin a visit and write its email, unless this person may not, or too many were sent."""
    row, client, realm = waiting
    decision = decisions.may_register(service, realm, email, row.scopes.split())
    if not decision.allowed:
        return decisions.refused_registration(email, decision)
    left = max(1, int(row.expires_at - clock.now(realm)))
    if row.mails >= DEVICE_MAILS:
        text = "Too many codes were emailed for this device. Start again on the device."
        return Refusal(429, "rate_limited", text, (("Retry-After", str(left)),))
    if refusal := limits.count_device_mail(tx, realm, email, payer):
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
    """The second form: the emailed code to approve, or a refusal."""
    service, within = service_of(request), await path_realm(request)
    good_form = form_token_is_good(request, form.visit, form.form_token)

    def finish(tx: Connection) -> Page:
        asked = _visited(tx, service, within, form.visit)
        if asked is None:
            return _over(404, "not_found")
        status = device_grants.status_of(asked.row, asked.realm)
        if status in ("approved", "used", "denied"):
            return asked.page("denied" if status == "denied" else "approved")
        if status != "pending":
            return _over(410, "gone")
        if not good_form:
            return asked.page().refused(stale_form())
        return _decide(tx, service, asked, form.decision, form.verification_code)

    return await service.store.write(finish)


def _decide(tx: Connection, service: Service, asked: Asked, decision: str, code: str) -> Page:
    """Decline as it is; approve with the code from the email. A wrong code counts."""
    page = asked.page()
    if decision == "deny":
        device_grants.deny(tx, asked.realm, asked.row)
        return asked.page("denied")
    if decision != "approve" or not code.strip():
        return page.refused(Refusal(400, "invalid_request", "Enter the code from the email."))
    if refusal := device_grants.judge_code(tx, service, asked.realm, asked.row, code):
        return asked.page("over" if refusal.status == 410 else "confirm").refused(refusal)
    device_grants.approve(tx, service, asked.realm, asked.row)
    return asked.page("approved")


def _over(status: int, error: str) -> Page:
    text = "This code is no longer valid. Start again on the device."
    return Page(TEMPLATE, "over", refusal=Refusal(status, error, text))


def _visited(tx: Connection, service: Service, within: Realm | None, visit: str) -> Asked | None:
    row = device_grants.find_visit(tx, visit)
    if row is None or (within is not None and row.realm != within.name):
        return None
    realm, registered = service.realm_in(tx, row.realm), find_client(tx, row.client_id)
    if realm is None or registered is None or registered[0].locked:
        return None
    return Asked(row, registered[0], realm, row.visit, row.email)
