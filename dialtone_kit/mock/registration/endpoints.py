"""Registration (the demo's step 2): request, status, confirm. approval.py has the page."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core import clock, limits, mail
from dialtone_kit.mock.core.codes import secret_hash
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal, log
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.policy import decisions
from dialtone_kit.mock.policy.decisions import Decision
from dialtone_kit.mock.registration import enrollments
from dialtone_kit.mock.schemas.registration import (
    ClientCredentials,
    ConfirmRequest,
    EnrollmentRequest,
    EnrollmentStatus,
    NewEnrollment,
)
from dialtone_kit.mock.web.context import realm_of, service_of
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer

DENIALS_RECORDED = 20  # an hour, for an IP address; the log has all of them


@describe(
    "Ask for an identity: a code goes to the sponsor's mailbox",
    answers=NewEnrollment,
    body=EnrollmentRequest,
    refusals=(400, 403, 413, 415, 429, 503),
)
async def request_enrollment(request: Request) -> Response:
    """Start an enrollment. At most 3 in an hour for an email address and 10 for an IP address.

    In a class, which shares an address, it's 10 for each seat.
    """
    service, realm = service_of(request), await realm_of(request)
    asked = await read_json(request, EnrollmentRequest)
    address = request.client.host if request.client else ""
    decision = decisions.may_register(service, realm, asked.email, asked.requested_scopes)
    if not decision.allowed:
        await service.store.write(
            lambda tx: _note_denial(tx, realm, asked.email, decision, address)
        )
        raise decisions.refused_registration(asked.email, decision)
    new = enrollments.draft(realm)
    links = _links(service, realm, new.enrollment_id)
    letter = mail.verification_letter(asked, realm.name, new.code, links["approval_url"])

    def start(tx: Connection) -> Refusal | None:
        payer = service.payer(tx, asked.email, address)
        refusal = limits.count_registration(tx, realm, asked.email, payer)
        if refusal is None:
            _record(tx, realm, asked.email, decision, asked.requested_scopes)
            enrollments.save(tx, service, realm, asked, new)
            if service.inbox is not None:
                forget_at = clock.machine_now() + mail.KEPT
                service.inbox.keep(tx, letter, clock.now(realm), forget_at)
        return refusal

    if refusal := await service.store.write(start):
        log.warning("registration refused in realm %s: rate_limited", realm.name)
        raise refusal
    answer = {
        "enrollment_id": new.enrollment_id,
        "poll_token": new.poll_token,
        **links,
        "expires_at": clock.rfc3339(new.expires_at),
        "email_sent": await service.deliver(letter),
        "realm": realm.name,
        "token_endpoint": f"{service.settings.issuer(realm.name)}/token",
    }
    return json_answer(answer, headers=NO_STORE)


@describe(
    "The status of an enrollment",
    answers=EnrollmentStatus,
    refusals=(404, 503),
)
async def enrollment_status(request: Request) -> Response:
    """pending, approved, confirmed, expired or locked, and the tries left; never a credential."""
    service, realm = service_of(request), await realm_of(request)
    enrollment_id = request.path_params["enrollment_id"]
    row = await service.store.read(lambda tx: enrollments.find(tx, realm, enrollment_id))
    answer = {
        "enrollment_id": enrollment_id,
        "status": enrollments.status_of(row, realm),
        "expires_at": clock.rfc3339(row.expires_at),
        "tries_left": enrollments.tries_left(row),
        "realm": realm.name,
    }
    return json_answer(answer, headers=NO_STORE)


@describe(
    "Finish: the client's credentials, shown once",
    answers=ClientCredentials,
    body=ConfirmRequest,
    refusals=(400, 401, 403, 404, 409, 410, 413, 415, 503),
)
async def confirm(request: Request) -> Response:
    """With the code from the email; without it once the sponsor has approved on the page."""
    service, realm = service_of(request), await realm_of(request)
    sent = await read_json(request, ConfirmRequest)
    secret = f"sec_{secrets.token_urlsafe(32)}"  # for a client that wants one
    outcome = await service.store.write(lambda tx: _confirm(tx, service, realm, sent, secret))
    if isinstance(outcome, Refusal):
        log.warning("confirm refused in realm %s: %s", realm.name, outcome)
        raise outcome
    return json_answer(outcome, headers=NO_STORE)


def _confirm(
    tx: Connection, service: Service, realm: Realm, sent: ConfirmRequest, secret: str
) -> Refusal | dict[str, Any]:
    """All the checks and the new client in one transaction: two at once can't both succeed."""
    row = enrollments.find(tx, realm, sent.enrollment_id)
    if not hmac.compare_digest(secret_hash(sent.poll_token), row.poll_hash):
        return enrollments.wrong(
            "This poll_token does not belong to this enrollment.", row.wrong_codes
        )
    enrollments.must_be_open(row, realm)
    if row.status != "approved":
        if not sent.verification_code.strip():
            return Refusal(
                400,
                "invalid_request",
                "verification_code: required, because the sponsor has not approved on the page.",
            )
        if refusal := enrollments.judge_code(tx, service, realm, row, sent.verification_code):
            return refusal
    decision = decisions.may_register(service, realm, row.email, row.scopes.split())
    if not decision.allowed:  # the policies were changed since the request
        _note_denial(tx, realm, row.email, decision, row.enrollment_id)
        return decisions.refused_registration(row.email, decision)
    client_id = enrollments.new_client_id(row.client_name)
    own = _how_it_authenticates(row, secret)
    enrollments.confirm(tx, realm, row, client_id, own.get("client_secret"), decision.policy)
    issuer = service.settings.issuer(realm.name)
    return {
        "client_id": client_id,
        **own,
        "granted_scopes": row.scopes.split(),
        "token_endpoint": f"{issuer}/token",
        "issuer": issuer,
        "realm": realm.name,
    }


def _how_it_authenticates(row: Any, secret: str) -> dict[str, str]:
    """The members that tell a new client how: by secret, by SVID, or not at all."""
    if row.auth_method == "none":
        return {"token_endpoint_auth_method": "none"}
    if row.spiffe_id is not None:
        return {"token_endpoint_auth_method": "spiffe_jwt", "spiffe_id": row.spiffe_id}
    return {"client_secret": secret}


def _note_denial(tx: Connection, realm: Realm, email: str, decision: Decision, who: str) -> None:
    """Record the denial, but not endlessly: anyone can ask, as often as they like."""
    if limits.count_up_to(tx, realm, f"denied:{who}", DENIALS_RECORDED):
        _record(tx, realm, email, decision, decision.denied)


def _record(
    tx: Connection, realm: Realm, email: str, decision: Decision, scopes: Sequence[str]
) -> None:
    resource = f"scope:{' '.join(scopes)}"
    decisions.record_decision(tx, realm, decision, "register", resource, sponsor=email)


def _links(service: Service, realm: Realm, enrollment_id: str) -> dict[str, str]:
    base = f"{service.settings.issuer(realm.name)}/register"
    return {
        "status_url": f"{base}/status/{enrollment_id}",
        "approval_url": f"{base}/approve?enrollment={enrollment_id}",
    }
