"""A locked database or a full disk: every request that writes gets 503 and leaves nothing behind.

Afterwards the same request succeeds with the same proof and code: nothing was used up.
"""

import contextlib
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialtone_kit.mock.app import CONTROLS, ROUTES
from tests.support.running_mock import Mock, Registered
from tests.support.store_rows import all_rows, locked
from tests.support.writing_requests import ROWS, Row, call, request, token

pytestmark = pytest.mark.both_databases

READS_ONLY = {"POST {p}/introspect", "POST {p}/userinfo"}  # the latter is its GET, see ROWS
Trouble = Callable[[Mock], AbstractContextManager[None]]


@contextlib.contextmanager
def no_room(mock: Mock) -> Iterator[None]:
    """The service can't write to any file. (PostgreSQL has files of its own.)"""
    if mock.database.kind == "postgresql":
        with mock.database.full():
            yield
        return
    pid, unlimited = mock.process.pid, resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, unlimited))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Registered]:
    folder = tmp_path_factory.mktemp("unavailable") / "mock"
    mock = Mock(folder, environment={"DIALTONE_STORE_WAIT": "0.1"}, database=database).start()
    yield mock.register(mock.new_realm())
    mock.stop()
    mock.database.drop()


def refuses(answer: httpx.Response) -> None:
    """503 in the usual shape, with Retry-After."""
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.sample(12)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_locked_it_is_all_or_nothing(client: Registered, row: Row) -> None:
    all_or_nothing(client, row, locked)


@pytest.mark.sample(12)
@pytest.mark.row("65")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_full_it_is_all_or_nothing(client: Registered, row: Row) -> None:
    all_or_nothing(client, row, no_room)


def all_or_nothing(client: Registered, row: Row, trouble: Trouble) -> None:
    mock = client.mock
    mock.control("POST", "limits/clear", json={"realm": client.realm})
    send = row.prepare(client)
    before = all_rows(mock)
    with trouble(mock):
        refuses(send())
        assert all_rows(mock) == before  # the emails too: none was stored
    answer = send()
    assert answer.status_code == row.status, answer.text
    assert all_rows(mock) != before  # so there was something to be half-written


def test_no_writing_endpoint_is_missing() -> None:
    writing = {f"{method} {path}" for method, path, _ in (*ROUTES, *CONTROLS) if method != "GET"}
    assert writing - {row.route for row in ROWS} == READS_ONLY


def test_requests_that_only_read_still_succeed(client: Registered) -> None:
    access = client.token(bound=False)
    with locked(client.mock):
        answer = client.mock.http.post(
            client.url("/introspect"), data={"token": access}, auth=client.basic
        )
        assert answer.json()["active"] is True
        seen = client.call("GET", client.url("/userinfo"), access, bare=True, scheme="Bearer")
        assert seen.status_code == 200
        for path in ("/jwks", "/.well-known/openid-configuration", "/device"):
            assert client.mock.http.get(client.url(path)).status_code == 200


def test_a_pending_fault_is_not_lost(client: Registered) -> None:
    mock, realm = client.mock, client.mock.new_realm()
    order: dict[str, Any] = {"realm": realm, "kind": "status", "status": 500}
    mock.control("POST", "faults", json=order)
    with locked(mock):
        refuses(mock.request_enrollment(realm))
    assert mock.request_enrollment(realm).status_code == 500
    assert mock.request_enrollment(realm).status_code == 200


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a file system of 4 MiB at `folder`; yields whether this machine allows that."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(folder)]
    asked = subprocess.run(mount, check=False, stderr=subprocess.DEVNULL)
    try:
        yield asked.returncode == 0
    finally:
        if asked.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def full(mock: Mock) -> Iterator[None]:
    """Not a byte is free where the service keeps its state."""
    filler = mock.state_dir / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def test_a_file_system_that_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as is_small:
        mock = Mock(tmp_path / "disk").start()
        try:
            client = mock.register(mock.new_realm())
            sent = {"text": "x"}
            rows = (token(client), request(client), call(client, "POST", "/api/notes", sent))
            before = all_rows(mock)
            with (full if is_small else no_room)(mock):
                for send in rows:
                    refuses(send())
                assert all_rows(mock) == before
            assert [send().status_code for send in rows] == [200, 200, 201]
        finally:
            mock.stop()
