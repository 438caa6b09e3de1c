"""What every endpoint needs: settings, store, keys, realms, and the parts of other packages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import digest
from typing import TypeVar

from sqlalchemy import Connection, select

from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.mock.core import mail
from dialtone_kit.mock.core.limits import Payer
from dialtone_kit.mock.core.mail import Letter, MailStore
from dialtone_kit.mock.core.nonces import realm_nonces
from dialtone_kit.mock.core.seats import Seats
from dialtone_kit.mock.core.settings import PRIVATE_REALM, Realm, Settings
from dialtone_kit.mock.core.signing_keys import SigningKeys
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.store.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """One per process. `key`: its own, the same in all workers and restarts (service_key.py).

    `parts`: objects of rooms above this one, one per class, for the whole process.
    """

    settings: Settings
    store: Store
    keys: SigningKeys
    realms: dict[str, Realm]  # the built-in ones
    inbox: MailStore | None
    key: bytes
    parts: Mapping[type, object]

    def part(self, kind: type[T]) -> T:
        """The one `kind` of this process; app.py puts it there."""
        part = self.parts[kind]
        assert isinstance(part, kind)  # noqa: S101  (for the type checker)
        return part

    def keyed_hash(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 with the service's key: for short codes and for form tokens."""
        return digest(self.key, f"{purpose}|{text}".encode(), sha256)

    def nonces(self, purpose: str, realm: Realm) -> TimedNonces:
        """The nonces of one realm for "token" or "resource": neither serves for the other."""
        return realm_nonces(self.key, purpose, realm)

    async def find_realm(self, name: str) -> Realm | None:
        """The realm of that name, built in or private, with the offset of its clock."""
        if name in self.realms or not PRIVATE_REALM.fullmatch(name):
            return self.realms.get(name)
        return await self.store.read(lambda tx: self.private_realm(tx, name))

    def realm_in(self, tx: Connection, name: str) -> Realm | None:
        """The same inside a transaction."""
        return self.realms.get(name) or self.private_realm(tx, name)

    def private_realm(self, tx: Connection, name: str) -> Realm | None:
        """A private realm as it is at this moment: the settings of its model, its own clock."""
        query = select(tables.realms).where(tables.realms.c.name == name)
        row = tx.execute(query).first()
        model = self.realms.get(row.like) if row is not None else None
        if row is None or model is None:
            return None
        return replace(
            model,
            name=name,
            like=row.like,
            offset=row.offset,
            without=row.without,
            seat=row.seat,
            own_policies=row.policies,
        )

    def payer(self, tx: Connection, email: str, address: str) -> Payer:
        """Whom to count a request against: the seat whose email this is, or else the IP address.

        A class shares one address, so an unknown sender there has the limit of all seats together.
        """
        seats = self.part(Seats)
        seat = seats.of_address(tx, email)
        if seat is not None:
            return Payer(f"seat:{seat.number}", "from one seat of the class", seat.number)
        where = "from this IP address, across all its users"
        return Payer(f"ip:{address}", where, times=max(1, len(seats)))

    async def deliver(self, letter: Letter) -> bool:
        """Send the email. Returns True if the mail server accepted it, or the inbox has it."""
        if self.settings.mail is None:
            return self.inbox is not None
        return await asyncio.to_thread(mail.send, self.settings.mail, letter)
