"""What the board and the reports ask of the class service: the events that learners shared.

`trainer.json`, which `dialtone class serve` writes into the folder of the class, says where it is,
and has the trainer's secret and the certificate authority that alone is trusted for it.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.responses import read_json
from dialtone_kit.client.transport import PunctualTransport, open_client
from dialtone_kit.local.challenge import control_token
from dialtone_kit.local.control_call import call
from dialtone_kit.local.record import Record

FILE = "trainer.json"
EVENTS = "/mock/class/events"
PATIENCE = 5.0  # seconds
_NO_ROWS = (LookupError, TypeError, ValueError, AttributeError)


class ServiceAway(DialtoneError):
    """The class service can't be asked; the message is one line that says why."""


@dataclass(frozen=True)
class Row:
    """An event that the learner in `seat` shared; `id` is its number at the service."""

    id: int
    seat: int
    event: Mapping[str, Any]
    received_at: str | None = None


@dataclass(frozen=True)
class ClassService:
    """The class service, where `record` says it is; `authority` is who vouches for it, as PEM."""

    record: Record
    authority: str = field(default="", repr=False)

    def events(self, after: int) -> list[Row]:
        """A page of what learners shared, oldest first: what is newer than number `after`.

        Raises ServiceAway.
        """
        try:
            plain = self.record.base_url.startswith("http:")
            return _rows((self._on_loopback if plain else self._over_tls)(after), after)
        except (OSError, httpx.HTTPError, DialtoneError, *_NO_ROWS):
            raise ServiceAway(
                f"The class service at {self.record.base_url} doesn't answer as it should, so "
                "what learners share isn't here yet. Is `dialtone class serve` running?"
            ) from None

    def _on_loopback(self, after: int) -> dict[str, Any]:
        """Anyone can be on a port of this machine: the other end proves itself first."""
        return call(self.record, "GET", EVENTS, query={"after": after})

    def _over_tls(self, after: int) -> dict[str, Any]:
        trusted = ssl.create_default_context(cadata=self.authority or None)  # if given, only this
        way = PunctualTransport(verify=trusted, proxy=None)
        headers: dict[str, Any] = {"Authorization": Secret(f"Bearer {control_token(self.record)}")}
        with open_client(self.record.base_url, timeout=PATIENCE, inner=way) as client:
            url = f"{self.record.base_url}{EVENTS}?after={after}"
            return read_json(client.get(url, headers=headers))


def class_service(folder: Path) -> ClassService | None:
    """The service of the class in `folder`; None if it never had one. Raises DialtoneError."""
    with suppress(FileNotFoundError):
        content = PrivateFolder(folder).read(FILE)
        try:
            members = json.loads(content)
            url = require_https_or_loopback(members["base_url"])
            port = urlsplit(url).port or 443
            return ClassService(Record(url, port, Secret(members["token"])), members["authority"])
        except (*_NO_ROWS, DialtoneError):
            raise DialtoneError(
                f"{shown(folder / FILE)} is damaged. `dialtone class serve` writes it again."
            ) from None
    return None


def _rows(body: Mapping[str, Any], after: int) -> list[Row]:
    """The rows of a page, each newer than the one before. Raises one of _NO_ROWS."""
    rows = [
        Row(row["id"], row["seat"], dict(row["event"]), row.get("received_at"))
        for row in body["events"]
    ]
    numbers = [after, *(row.id for row in rows)]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise ValueError("not in order")
    return rows
