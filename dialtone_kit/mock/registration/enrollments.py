"""The life of an enrollment: drafted, mailed, approved or locked, confirmed or expired.

Page and API judge codes by the same function, so they count tries together.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.codes import code_hash, new_code, secret_hash, unreadable
from dialtone_kit.mock.core.refusal import Headers, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import ENROLLMENT_LIFETIME, WRONG_CODES, Realm
from dialtone_kit.mock.schemas.registration import EnrollmentRequest
from dialtone_kit.mock.store.tables import clients, enrollments

ENROLLMENT_ID = re.compile(r"enroll_[0-9a-f-]{36}")
# A 401 has to say how to authenticate (RFC 9110 §11.6.1): with the code from the sponsor's mailbox.
ASK_THE_SPONSOR: Headers = (("WWW-Authenticate", 'VerificationCode realm="dialtone"'),)
KEPT = 24 * 3600  # seconds that an ended enrollment still answers "expired" and not "unknown"


@dataclass(frozen=True)
class Draft:
    """A new enrollment with its three secrets in the clear, for the answer and the email alone."""

    enrollment_id: str
    poll_token: str = field(repr=False)
    code: str = field(repr=False)
    expires_at: float


def draft(realm: Realm) -> Draft:
    """Fresh identifiers: a uuid4, 256 random bits, and a 40-bit code for a person to type."""
    return Draft(
        enrollment_id=f"enroll_{uuid.uuid4()}",
        poll_token=f"pt_{secrets.token_urlsafe(32)}",
        code=new_code(),
        expires_at=clock.now(realm) + ENROLLMENT_LIFETIME,
    )


def save(
    tx: Connection, service: Service, realm: Realm, asked: EnrollmentRequest, new: Draft
) -> None:
    """Store the enrollment with its secrets hashed."""
    tx.execute(
        insert(enrollments),
        {
            "enrollment_id": new.enrollment_id,
            "realm": realm.name,
            "email": asked.email,
            "client_name": asked.client_name,
            "description": asked.client_description,
            "scopes": " ".join(asked.requested_scopes),
            "poll_hash": secret_hash(new.poll_token),
            "code_hash": code_hash(service, new.enrollment_id, new.code),
            "status": "pending",
            "wrong_codes": 0,
            "expires_at": new.expires_at,
            "forget_at": clock.machine_now() + ENROLLMENT_LIFETIME + KEPT,
            "auth_method": asked.token_endpoint_auth_method,
            "spiffe_id": asked.spiffe_id,
        },
    )
    audit.record(
        tx, realm, "registration_requested", sponsor=asked.email, requested=asked.requested_scopes
    )


def find(tx: Connection, realm: Realm, enrollment_id: str) -> Any:
    """The enrollment's row. 404 for one that never existed, and for one of another realm."""
    query = select(enrollments).where(
        enrollments.c.enrollment_id == enrollment_id, enrollments.c.realm == realm.name
    )
    row = tx.execute(query).first() if ENROLLMENT_ID.fullmatch(enrollment_id) else None
    if row is None:
        raise Refusal(404, "not_found", "There is no such enrollment in this realm.")
    return row


def status_of(row: Any, realm: Realm) -> str:
    """pending, approved, confirmed, locked, or expired once its hour is over."""
    over = clock.now(realm) >= row.expires_at
    return "expired" if over and row.status in ("pending", "approved") else str(row.status)


def tries_left(row: Any) -> int:
    """How many wrong codes, of page and API together, it still takes to lock the enrollment."""
    return _left(row.wrong_codes)


def must_be_open(row: Any, realm: Realm) -> None:
    """409 when it was confirmed, 410 when it is locked or expired."""
    status = status_of(row, realm)
    if status == "confirmed":
        raise Refusal(
            409, "conflict", "This enrollment is already confirmed; its secret was shown once."
        )
    if status == "locked":
        raise locked()
    if status == "expired":
        raise Refusal(410, "gone", "This enrollment expired after an hour. Start a new one.")


def locked() -> Refusal:
    """410: the fifth wrong code locked it."""
    return Refusal(410, "gone", f"Locked after {WRONG_CODES} wrong codes. Start a new enrollment.")


def judge_code(
    tx: Connection, service: Service, realm: Realm, row: Any, code: str
) -> Refusal | None:
    """None for the right code. A wrong one is counted; its refusal is returned, to keep that."""
    if refusal := unreadable(code):
        return refusal
    given = code_hash(service, row.enrollment_id, code)
    if hmac.compare_digest(given, row.code_hash):
        return None
    count = row.wrong_codes + 1
    over = count >= WRONG_CODES and realm.refuses("codes_lock")
    tx.execute(
        update(enrollments)
        .where(enrollments.c.enrollment_id == row.enrollment_id)
        .values(wrong_codes=count, status="locked" if over else row.status)
    )
    audit.record(tx, realm, "wrong_code", enrollment=row.enrollment_id, count=count)
    return locked() if over else wrong("This is not the code from the email.", count)


def wrong(what: str, wrong_codes: int) -> Refusal:
    """401 with the tries that are left for the code, in words and as a number."""
    left = _left(wrong_codes)
    return Refusal(
        401, "unauthorized", f"{what} {in_words(left)}.", ASK_THE_SPONSOR, tries_left=left
    )


def _left(wrong_codes: int) -> int:
    return max(0, WRONG_CODES - wrong_codes)  # more than five only where nothing locks


def in_words(tries: int) -> str:
    """`1 try left`, `4 tries left`: as the page, the API and the kit's form say it."""
    return f"{tries} {'try' if tries == 1 else 'tries'} left"


def approve(tx: Connection, realm: Realm, row: Any) -> None:
    """The sponsor has proved that the address is theirs, and agreed."""
    _set_status(tx, row, "approved")
    audit.record(
        tx, realm, "registration_approved", sponsor=row.email, enrollment=row.enrollment_id
    )


def confirm(
    tx: Connection, realm: Realm, row: Any, client_id: str, secret: str | None, policy: str
) -> None:
    """Make the client. From here on only the caller knows its secret, if it has one."""
    tx.execute(
        insert(clients),
        {
            "client_id": client_id,
            "realm": realm.name,
            "secret_hash": b"" if secret is None else secret_hash(secret),
            "client_name": row.client_name,
            "description": row.description,
            "scopes": row.scopes,
            "sponsor": row.email,
            "created_at": clock.now(realm),
            "spiffe_id": row.spiffe_id,
        },
    )
    _set_status(tx, row, "confirmed")
    audit.record(
        tx,
        realm,
        "registration",
        client_id,
        sponsor=row.email,
        scopes=row.scopes.split(),
        policy=policy,
    )


def new_client_id(client_name: str) -> str:
    """`cli_<what is left of the name in a-z0-9_>_<hex>`, at most 64 characters after `cli_`."""
    plain = unicodedata.normalize("NFKD", client_name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    return f"cli_{slug or 'agent'}_{secrets.token_hex(8)}"


def _set_status(tx: Connection, row: Any, status: str) -> None:
    tx.execute(
        update(enrollments)
        .where(enrollments.c.enrollment_id == row.enrollment_id)
        .values(status=status)
    )
