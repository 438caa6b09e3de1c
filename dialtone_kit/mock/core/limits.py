"""How often something may happen in an hour, counted in the store across all workers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import (
    DEVICE_MAILS_PER_EMAIL,
    HOUR,
    REQUESTS_PER_ADDRESS,
    REQUESTS_PER_EMAIL,
    WRONG_USER_CODES,
    Realm,
)
from dialtone_kit.mock.store.tables import limit_hits


@dataclass(frozen=True)
class Payer:
    """Whom a request is counted against: an IP address, or a `seat` in a class.

    `subject` is its name in the store, `where` what a refusal calls it. `times`: how many people
    it stands for, each with a limit of their own.
    """

    subject: str
    where: str
    seat: int | None = None
    times: int = 1


def count_registration(tx: Connection, realm: Realm, email: str, payer: Payer) -> Refusal | None:
    """Count one request for this email and its payer, or refuse it and count nothing.

    Email addresses are compared without case, as most mail servers do.
    """
    by_email = (REQUESTS_PER_EMAIL, "registrations an hour for this email address")
    by_payer = (
        REQUESTS_PER_ADDRESS * payer.times,
        f"registrations an hour {payer.where}",
    )
    limits = {f"email:{email.lower()}": by_email, payer.subject: by_payer}
    return _count_within(tx, realm, limits, payer.seat)


def user_codes_tried(tx: Connection, realm: Realm, payer: Payer) -> Refusal | None:
    """Refuse a payer that tried too many wrong user codes, even if this one is right."""
    limit = WRONG_USER_CODES * payer.times
    wait = _seconds_to_wait(tx, realm, f"user-code:{payer.subject}", limit)
    if wait == 0:
        return None
    return _too_many(f"{limit} wrong codes an hour {payer.where}", wait)


def count_wrong_user_code(tx: Connection, realm: Realm, payer: Payer) -> None:
    """Count one wrong code. A right one in between does not reset the count."""
    _count(tx, realm, [f"user-code:{payer.subject}"], payer.seat)


def count_device_mail(tx: Connection, realm: Realm, email: str, payer: Payer) -> Refusal | None:
    """Count one email from the device page to this address, or refuse it and count nothing."""
    limit = (DEVICE_MAILS_PER_EMAIL, "codes an hour for one email address")
    return _count_within(tx, realm, {f"device-email:{email.lower()}": limit}, payer.seat)


def _count_within(
    tx: Connection, realm: Realm, limits: Mapping[str, tuple[int, str]], seat: int | None
) -> Refusal | None:
    """Count one for each subject in `limits`, or refuse and count nothing if one is used up."""
    for subject, (limit, what) in limits.items():
        wait = _seconds_to_wait(tx, realm, subject, limit)
        if wait > 0:
            return _too_many(f"{limit} {what}", wait)
    _count(tx, realm, list(limits), seat)
    return None


def _too_many(what: str, wait: int) -> Refusal:
    return Refusal(
        429,
        "rate_limited",
        f"The limit is {what}. Try again in {wait} s.",
        (("Retry-After", str(wait)),),
    )


def count_up_to(tx: Connection, realm: Realm, what: str, limit: int) -> bool:
    """Count one of `what` unless the last hour had `limit` already; whether it was counted."""
    allowed = _seconds_to_wait(tx, realm, what, limit) == 0
    if allowed:
        _count(tx, realm, [what], None)
    return allowed


def _seconds_to_wait(tx: Connection, realm: Realm, subject: str, limit: int) -> int:
    """Seconds until the oldest of the last `limit` hits is an hour old; 0 if there are fewer."""
    now = clock.now(realm)
    query = (
        select(limit_hits.c.at)
        .where(
            limit_hits.c.realm == realm.name,
            limit_hits.c.subject == subject,
            limit_hits.c.at > now - HOUR,
            # A later date is from before the clock was set back; it would count forever.
            limit_hits.c.at <= now + clock.MARGIN,
        )
        .order_by(limit_hits.c.at.desc())
        .limit(limit)
    )
    hits = tx.execute(query).scalars().all()
    return max(1, math.ceil(hits[-1] + HOUR - now)) if len(hits) == limit else 0


def _count(tx: Connection, realm: Realm, subjects: list[str], seat: int | None) -> None:
    now, forget_at = clock.now(realm), clock.machine_now() + HOUR
    rows = [
        {"realm": realm.name, "subject": one, "at": now, "forget_at": forget_at, "seat": seat}
        for one in subjects
    ]
    tx.execute(insert(limit_hits), rows)
