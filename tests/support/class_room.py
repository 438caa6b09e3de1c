"""A service for a class, and its learners as seen from outside the kit: a token and HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from tests.support.class_of import email_of
from tests.support.running_mock import Mock, Registered


@dataclass
class Learner:
    """Someone with a seat."""

    room: Room
    seat: int
    email: str
    token: str = field(default_factory=lambda: f"seat_{secrets.token_urlsafe(32)}", repr=False)

    @property
    def key(self) -> str:
        return sha256(self.token.encode()).hexdigest()

    def control(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call to `/mock/<path>` with this learner's token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.room.base_url}/mock/{path}"
        return self.room.http.request(method, url, headers=headers, **more)

    def new_realm(self, like: str = "default") -> str:
        answer = self.control("POST", "realms", json={"like": like})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["realm"])

    def inbox(self, **query: Any) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = self.control("GET", "inbox", params=query).json()["mails"]
        return mails

    def register(self, realm: str = "default", email: str = "") -> Registered:
        """A client whose code this learner read in their own inbox."""
        email = email or self.email
        answer = self.room.request_enrollment(realm, email=email)
        assert answer.status_code == 200, answer.text
        code = self.inbox(email=email)[0]["code"]
        confirmed = self.room.confirm(realm, answer.json(), code)
        assert confirmed.status_code == 200, confirmed.text
        return Registered(self.room, confirmed.json())


class Room(Mock):
    """A service with as many seats as asked for. `write()` puts its learners into its file."""

    def __init__(self, folder: Path, learners: int = 2, **more: Any) -> None:
        self.file = folder / "seats.json"
        super().__init__(folder, seats=self.file, **more)
        self.learners = [Learner(self, seat, email_of(seat)) for seat in range(1, learners + 1)]
        self.write()

    def write(self) -> None:
        """As the trainer's command does: the file is replaced in one step."""
        seats = {str(one.seat): {"email": one.email, "key": one.key} for one in self.learners}
        self.write_private("seats.json.new", {"seats": seats})
        (self.state_dir / "seats.json.new").replace(self.file)


@contextmanager
def running_room(folder: Path, **more: Any) -> Iterator[Room]:
    """A room that runs until the end, and must have logged no error of its own by then."""
    room = Room(folder, **more)
    room.start()
    try:
        yield room
    finally:
        room.stop()
        room.database.drop()
    assert "Traceback" not in room.log, room.log


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, json.loads(answer.content).get("error", "")
