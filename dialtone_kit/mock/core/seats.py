"""A class: who has a seat, by the trainer's file as it is at this moment, and whose an address is.

The file holds the hash of each learner's token, never the token. It is read again when it changes,
so someone who comes late, or whose token was renewed, is known to every worker at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select

from dialtone_kit.base.email import canonical_email
from dialtone_kit.base.stamps import Stamp, stamp_of
from dialtone_kit.mock.core.refusal import log
from dialtone_kit.mock.store.tables import addresses_of_seats, realms


@dataclass(frozen=True)
class Seat:
    """One learner's: `key` is the SHA-256 of their token, in hexadecimal."""

    number: int
    email: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True)
class _Roster:
    by_number: Mapping[int, Seat] = field(default_factory=dict)
    by_key: Mapping[str, Seat] = field(default_factory=dict)
    by_email: Mapping[str, Seat] = field(default_factory=dict)

    def holder(self, address: str) -> Seat | None:
        """Whose address it is by the list, itself or without some of its +anything."""
        name, _, domain = address.partition("@")
        while name:
            if found := self.by_email.get(f"{name}@{domain}"):
                return found
            name = name.rpartition("+")[0]
        return None


class Seats:
    """The seats in the file at `path`; none without one, as with the service of one person."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._roster = path, _Roster()
        self._stamp: Stamp = None

    def __len__(self) -> int:
        return len(self._now().by_number)

    def seat(self, number: int) -> Seat | None:
        """The seat of that number, or None: it may have left the roster."""
        return self._now().by_number.get(number)

    def of_token(self, token: str) -> Seat | None:
        """Whose token this is. It is found by its hash, so no comparison tells how close one is."""
        return self._now().by_key.get(sha256(token.encode("utf-8", "surrogatepass")).hexdigest())

    def of_address(self, tx: Connection, email: str) -> Seat | None:
        """Whose address this is: in the roster, the same with +anything, or claimed by a seat."""
        roster, address = self._now(), canonical_email(email)
        if not address or not roster.by_number:
            return None
        if found := roster.holder(address):
            return found
        table = addresses_of_seats.c
        claimed = tx.execute(select(table.seat).where(table.address == address)).scalar()
        return None if claimed is None else roster.by_number.get(claimed)

    def is_of(self, tx: Connection, seat: Seat, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the address in `column` is this seat's, as `of_address` has it."""
        roster, table, address = self._now(), addresses_of_seats.c, func.lower(column)
        longer = [email for email in roster.by_email if _covers(seat.email, email)]
        theirs = or_(false(), *(_named(email, address) for email in longer))
        claimed = tx.execute(select(table.address).where(table.seat == seat.number)).scalars()
        mine = [one for one in claimed if roster.holder(one) is None]  # nobody came for it later
        return or_(and_(_named(seat.email, address), not_(theirs)), address.in_(mine))

    def _now(self) -> _Roster:
        """The roster as the file has it; while it can't be read, the last one that could."""
        if self._path is None:
            return self._roster
        stamp = stamp_of(self._path)
        if stamp is not None and stamp != self._stamp:
            try:
                self._roster = _read(self._path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                log.error("%s can't be read: the seats stay as they were", self._path.name)
            self._stamp = stamp
        return self._roster


def _named(email: str, address: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether `address` is `email`, or the same with +anything before the @."""
    name, domain = _ends(email)
    more = address.startswith(name, autoescape=True), address.endswith(domain, autoescape=True)
    return or_(address == email, and_(*more))


def _covers(email: str, longer: str) -> bool:
    name, domain = _ends(email)
    return longer.startswith(name) and longer.endswith(domain)


def _ends(email: str) -> tuple[str, str]:
    name, at, domain = email.rpartition("@")
    return f"{name}+", f"{at}{domain}"


def realms_of(seat: Seat) -> Select[Any]:
    """The names of this seat's private realms."""
    return select(realms.c.name).where(realms.c.seat == seat.number)


def _read(path: Path) -> _Roster:
    members = json.loads(path.read_text(encoding="utf-8"))["seats"]
    seats = [Seat(int(n), canonical_email(one["email"]), one["key"]) for n, one in members.items()]
    return _Roster(
        {seat.number: seat for seat in seats},
        {seat.key: seat for seat in seats},
        {seat.email: seat for seat in seats if seat.email},
    )
