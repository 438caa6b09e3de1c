"""Compares the audit trail and the database rows with what was acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from tests.support.kills.agents import Agent
from tests.support.kills.ledger import DEAD, DOUBTED, Ledger
from tests.support.running_mock import Mock
from tests.support.store_rows import all_rows, damage

PAGE = 200
Key = tuple[str, str, str]  # event, member, value
MEMBERS = {
    "token_issued": "token_id",
    "registration": "client_id",
    "registration_requested": "sponsor_email",
    "note_written": "note",
    "keys_rotated": "kid",
}


class Trail:
    """Follows the trail like `dialtone audit --follow`. `counts`: events by their effect."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self.events: list[dict[str, Any]] = []
        self.counts: Counter[Key] = Counter()

    def follow(self) -> None:
        """Read the events after the last one known."""
        after = self.events[-1]["id"] if self.events else 0
        for event in self._after(after):
            self.events.append(event)
            self.counts[_key(event)] += 1

    def check_new(self, ledger: Ledger) -> None:
        """Each effect acknowledged since the last time has exactly one event."""
        for key in ledger.effects:
            count = self.counts[key]
            ledger.hold("an event for an effect", count == 1, f"{count} of {key}")
        ledger.effects_checked += ledger.effects
        ledger.effects = []

    def check_all(self, ledger: Ledger) -> None:
        """The same for all of them."""
        ledger.effects = ledger.effects_checked + ledger.effects
        self.check_new(ledger)

    def check_order(self, ledger: Ledger) -> None:
        """Read again, the trail is the same, and its ids rise."""
        ids = [event["id"] for event in self.events]
        rising = all(a < b for a, b in pairwise(ids))
        ledger.hold("the ids of events rise", rising, "they don't")
        ledger.hold("the trail stays as it was", list(self._after(0)) == self.events, "it changed")

    def _after(self, after: int) -> Iterable[dict[str, Any]]:
        while True:
            query = {"after": str(after), "limit": str(PAGE)}
            page = self._mock.control("GET", "audit", params=query).json()["events"]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]["id"]


def check_families(agent: Agent, trail: Trail) -> None:
    """A dead family has one event for its end, a living one has none."""
    for family in agent.families:
        if family.state != DOUBTED:
            count = trail.counts["revocation", "subject", family.subject]
            wanted = int(family.state == DEAD)
            agent.ledger.hold("an event for a family's end", count == wanted, f"{count}")


def check_rows(mock: Mock, agents: list[Agent], trail: Trail, ledger: Ledger) -> None:
    """No row is incomplete or there twice. Each sponsor here has one enrollment."""
    rows = all_rows(mock)
    ledger.hold("the database is whole", damage(mock) == "ok", damage(mock))
    confirmed = [row["email"] for row in rows["enrollments"] if row["status"] == "confirmed"]
    sponsors = Counter(row["sponsor"] for row in rows["clients"])
    ledger.hold("a client for each confirmation", sponsors == Counter(confirmed), "it is not so")
    for agent in agents:
        for sponsor in agent.ledger.sponsors:
            ledger.hold("one client for a sponsor", sponsors[sponsor] == 1, f"{sponsors[sponsor]}")
    for row in rows["clients"]:
        needed = [value for name, value in row.items() if name != "spiffe_id"]  # workloads have one
        whole = len(row["secret_hash"]) == 32 and None not in needed
        event = trail.counts["registration", "client_id", row["client_id"]]
        ledger.hold("a client is complete", whole and event == 1, f"{event} events, {row.keys()}")
    _check_refresh_tokens(rows, ledger)
    texts = Counter(row["text"] for row in rows["notes"])
    for agent in agents:
        for text in agent.ledger.notes:
            ledger.hold("a note is there once", texts[text] == 1, f"{texts[text]}")
    ledger.hold("no note is there twice", all(n == 1 for n in texts.values()), "one is")


def _check_refresh_tokens(rows: dict[str, list[dict[str, Any]]], ledger: Ledger) -> None:
    """Each used device code began one family, and each family has one unused refresh token."""
    used = [row["subject"] for row in rows["device_grants"] if row["status"] == "used"]
    families = Counter(row["subject"] for row in rows["refresh_families"])
    ledger.hold("a family for each device code", families == Counter(used), "it is not so")
    fresh = Counter(row["family"] for row in rows["refresh_tokens"] if not row["used"])
    for row in rows["refresh_families"]:
        count = fresh[row["family"]]
        ledger.hold("a family has one fresh refresh token", count == 1, f"{count}")


def _key(event: dict[str, Any]) -> Key:
    kind = event["event"]
    if kind == "revocation":
        member = "token_id" if event["kind"] == "access_token" else "subject"
    else:
        member = MEMBERS.get(kind, "event")
    return kind, member, str(event[member])
