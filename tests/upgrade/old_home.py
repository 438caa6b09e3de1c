"""A home as tree 8ad70f8 left it: state, credentials and progress, rebuilt from text.

The files were made by make_files.py. They are moved in time, so that what was to expire in an hour
still does, and to a free port. Certificates can't be moved: they are read with the time of then.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dialtone_kit import ProofKey
from tests.support.running_mock import free_port

FILES = Path(__file__).with_name("from_8ad70f8")
NO_TIMES = {"offset", "seconds"}  # the other columns of type FLOAT hold moments


@dataclass(frozen=True)
class OldHome:
    """Where the files lie now, and what a notebook and a person still remember of them."""

    state: Path
    config: Path
    base_url: str
    made_at: int  # Unix seconds
    shift: int  # seconds from then to now
    memory: dict[str, Any]

    def key(self, owner: str) -> ProofKey:
        """The proof key that a notebook still holds, of the `confidential` or the `public` one."""
        private = load_pem_private_key(self.memory[owner]["key"].encode(), None)
        return ProofKey(private, "ES256")

    def token(self, name: str) -> str:
        """An access token of then, `live` or `revoked`, with its times and its issuer moved.

        It is signed again with the service's own stored key: the token that would have been issued
        had this home been left a moment ago. Its `jti` stays.
        """
        old = self.memory["confidential"][name]
        claims = jwt.decode(old, options={"verify_signature": False})
        claims |= {member: claims[member] + self.shift for member in ("iat", "exp")}
        moved = json.loads(json.dumps(claims).replace(self.memory["base_url"], self.base_url))
        with closing(sqlite3.connect(self.state / "mock.sqlite3")) as database:
            ((pem,),) = database.execute("SELECT private_pem FROM signing_keys")
        return jwt.encode(moved, pem, "ES256", jwt.get_unverified_header(old))


def rebuild(folder: Path) -> OldHome:
    """The home in `folder`, as private as it was."""
    memory = json.loads((FILES / "memory.json").read_text())
    port, shift = free_port(), int(time.time()) - memory["made_at"]
    new = OldHome(
        folder / "state",
        folder / "config",
        f"http://127.0.0.1:{port}",
        memory["made_at"],
        shift,
        memory,
    )
    for source in FILES.rglob("*"):
        if source.is_file() and source.parent != FILES:
            text = source.read_text().replace(memory["base_url"], new.base_url)
            _write(folder / source.relative_to(FILES), text)
    _move_record(new.state / "service.json", port)
    for enrollment in (new.config / "pending").iterdir():
        _move_enrollment(enrollment, shift)
    _fill(new.state / "mock.sqlite3", (new.state / "mock.sql").read_text(), shift)
    (new.state / "mock.sql").unlink()
    return new


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _move_record(path: Path, port: int) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"port": port}))


def _move_enrollment(path: Path, shift: int) -> None:
    members = json.loads(path.read_text())
    ends = datetime.fromisoformat(members["expires_at"]) + timedelta(seconds=shift)
    path.write_text(json.dumps(members | {"expires_at": ends.isoformat()}))


def _fill(path: Path, dump: str, shift: int) -> None:
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(dump)
        tables = [row[0] for row in database.execute("SELECT name FROM pragma_table_list")]
        for table in tables:
            for _, column, kind, *_ in database.execute(f"PRAGMA table_info({table})").fetchall():
                if kind == "FLOAT" and column not in NO_TIMES:
                    database.execute(f'UPDATE "{table}" SET "{column}" = "{column}" + {shift}')
        database.commit()
