"""A device grant's life in the store: asked for, approved or denied by a person, used once.

The device holds the device code, the person types the user code; both are stored as hashes.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.client import Client
from dialtone_kit.mock.core.codes import code_hash, new_code, secret_hash, unreadable
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import (
    DEVICE_INTERVAL,
    DEVICE_LIFETIME,
    HOUR,
    WRONG_CODES,
    Realm,
)
from dialtone_kit.mock.registration import enrollments
from dialtone_kit.mock.store.tables import device_grants, device_visits
from dialtone_kit.mock.tokens.grant import stored_audience

PUNCTUAL = 0.5  # seconds that a poll may come early: network delays vary
VISIT = re.compile(r"visit_[0-9a-f]{32}")
KEPT = HOUR  # seconds that an ended grant still answers what became of it


@dataclass(frozen=True)
class Codes:
    """A new grant's two codes in the clear, for the answer to the device alone."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)


def open_grant(
    tx: Connection,
    service: Service,
    realm: Realm,
    client: Client,
    scope: str,
    audience: tuple[str, ...],
) -> Codes:
    """Store a new grant, its codes hashed; no other grant has the same user code."""
    codes = Codes(f"dc_{secrets.token_urlsafe(32)}", new_code())
    if find_by_user_code(tx, service, None, codes.user_code) is not None:
        return open_grant(tx, service, realm, client, scope, audience)
    tx.execute(
        insert(device_grants),
        {
            "device_hash": secret_hash(codes.device_code),
            "user_hash": _user_hash(service, codes.user_code),
            "realm": realm.name,
            "client_id": client.client_id,
            "scopes": scope,
            "audience": stored_audience(audience),
            "status": "pending",
            "interval": DEVICE_INTERVAL,
            "mails": 0,
            "wrong_codes": 0,
            "expires_at": clock.now(realm) + DEVICE_LIFETIME,
            "forget_at": clock.machine_now() + DEVICE_LIFETIME + KEPT,
        },
    )
    audit.record(
        tx, realm, "device_requested", client.client_id, sponsor=client.sponsor, scope=scope
    )
    return codes


def find(tx: Connection, realm: Realm, device_code: str) -> Any:
    """The grant of a device code in this realm, or None."""
    return _first(tx, realm, device_grants.c.device_hash == secret_hash(device_code))


def find_by_user_code(tx: Connection, service: Service, realm: Realm | None, user_code: str) -> Any:
    """The grant of a user code, in any realm when none is named. Case and dash don't matter."""
    return _first(tx, realm, device_grants.c.user_hash == _user_hash(service, user_code))


def status_of(row: Any, realm: Realm) -> str:
    """pending, approved, denied, locked or used; expired once its time is over unused."""
    over = clock.now(realm) >= row.expires_at
    return "expired" if over and row.status in ("pending", "approved") else str(row.status)


def pace(tx: Connection, realm: Realm, row: Any) -> Refusal:
    """The answer to a poll before the approval. Returned, so that the new interval is kept."""
    now = clock.now(realm)
    fresh = _first(tx, realm, device_grants.c.device_hash == row.device_hash)
    if fresh is None:
        return Refusal(400, "invalid_grant", "This device code no longer exists.")
    hasty = fresh.polled_at is not None and now - fresh.polled_at < fresh.interval - PUNCTUAL
    interval = fresh.interval + (DEVICE_INTERVAL if hasty else 0)
    _set(tx, row, polled_at=now, interval=interval)
    if hasty:
        return Refusal(400, "slow_down", f"Too fast: from now on, wait {interval} s between polls.")
    return Refusal(
        400, "authorization_pending", f"No one has approved yet. Poll again in {interval} s."
    )


def use(tx: Connection, row: Any) -> bool:
    """Use up the approved grant. Returns False if someone was faster."""
    change = update(device_grants).where(
        device_grants.c.device_hash == row.device_hash, device_grants.c.status == "approved"
    )
    return tx.execute(change.values(status="used")).rowcount == 1


# --- a person on the page ---


@dataclass(frozen=True)
class Visit:
    """A person on the device page: the id that the form carries, and the code that was mailed."""

    visit: str
    code: str = field(repr=False)


def begin_visit(tx: Connection, service: Service, realm: Realm, row: Any, email: str) -> Visit:
    """Note who wants to answer for this grant; the code that proves it goes out by email."""
    new = Visit(f"visit_{secrets.token_hex(16)}", new_code())
    _set(tx, row, mails=row.mails + 1)
    tx.execute(
        insert(device_visits),
        {
            "visit": new.visit,
            "realm": realm.name,
            "device_hash": row.device_hash,
            "email": email,
            "code_hash": code_hash(service, new.visit, new.code, "device"),
            "forget_at": row.forget_at,
        },
    )
    return new


def find_visit(tx: Connection, visit: str) -> Any:
    """The grant of a visit, with the visit's own columns, or None."""
    joined = select(
        device_grants, device_visits.c.visit, device_visits.c.email, device_visits.c.code_hash
    )
    query = joined.join(device_visits, device_visits.c.device_hash == device_grants.c.device_hash)
    if not VISIT.fullmatch(visit):  # it may hold characters that no database accepts
        return None
    return tx.execute(query.where(device_visits.c.visit == visit)).first()


def judge_code(
    tx: Connection, service: Service, realm: Realm, row: Any, code: str
) -> Refusal | None:
    """None for the code that was mailed. Wrong ones count for the grant, over all its visits."""
    if refusal := unreadable(code):
        return refusal
    given = code_hash(service, row.visit, code, "device")
    if hmac.compare_digest(given, row.code_hash):
        return None
    count = row.wrong_codes + 1
    over = count >= WRONG_CODES and realm.refuses("codes_lock")
    _set(tx, row, wrong_codes=count, status="locked" if over else row.status)
    audit.record(tx, realm, "wrong_code", row.client_id, device=True, count=count)
    if over:
        return Refusal(410, "gone", f"Locked after {WRONG_CODES} wrong codes. Start again.")
    return enrollments.wrong("This is not the code from the email.", count)


def approve(tx: Connection, service: Service, realm: Realm, row: Any) -> None:
    """The person has proved that the address is theirs, and lets the agent act for them."""
    subject = subject_of(service, realm, row.email)
    _set(tx, row, status="approved", subject=subject)
    audit.record(
        tx,
        realm,
        "device_approved",
        row.client_id,
        subject=subject,
        person=row.email,
        scope=row.scopes,
    )


def deny(tx: Connection, realm: Realm, row: Any) -> None:
    """The person declines; the device learns of it at its next poll."""
    _set(tx, row, status="denied")
    audit.record(tx, realm, "device_denied", row.client_id, scope=row.scopes)


def subject_of(service: Service, realm: Realm, email: str) -> str:
    """`usr_<hex>`: stable for an address in a realm, and it doesn't reveal the address."""
    return f"usr_{service.keyed_hash('subject', f'{realm.name}|{email.lower()}').hex()[:32]}"


def _first(tx: Connection, realm: Realm | None, condition: Any) -> Any:
    query = select(device_grants).where(condition)
    if realm is not None:
        query = query.where(device_grants.c.realm == realm.name)
    return tx.execute(query).first()


def _set(tx: Connection, row: Any, **values: object) -> None:
    mine = device_grants.c.device_hash == row.device_hash
    tx.execute(update(device_grants).where(mine).values(**values))


def _user_hash(service: Service, user_code: str) -> bytes:
    return code_hash(service, "", user_code, "user_code")
