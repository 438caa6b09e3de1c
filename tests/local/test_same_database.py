"""A service on PostgreSQL with workers, killed under a lesson: the same one comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dialtone_kit import ProofKey, start
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.local import process, service
from dialtone_kit.local.running import find
from dialtone_kit.local.setup import DATABASE, Setup, read_setup
from tests.support.databases import Database, on_a_server

# tests/mock/store/test_postgres.py fails where CI must have a server and has none
pytestmark = on_a_server

SERVE = "from dialtone_kit.commands.cli import main; main()"


@pytest.fixture
def stored(home: Path) -> Iterator[Database]:
    database = Database(home, "postgresql")
    yield database
    service.stop()
    database.drop()


@pytest.fixture
def serving(home: Path, stored: Database) -> Iterator[Callable[..., psutil.Process]]:
    """Runs `dialtone serve` with two workers; returns its process."""
    started: list[subprocess.Popen[bytes]] = []

    def serve(url: str) -> psutil.Process:
        line = [sys.executable, "-c", SERVE, "serve", "--workers", "2", "--database", url]
        one = subprocess.Popen(line, stdout=subprocess.PIPE)
        started.append(one)
        assert one.stdout is not None
        assert b"running on" in one.stdout.readline()
        return psutil.Process(one.pid)

    yield serve
    for one in started:
        one.kill()
        one.wait()


def kill(family: list[psutil.Process]) -> None:
    """End them, and wait until no one answers: orphaned workers do so for half a second."""
    for one in family:
        one.kill()
    deadline = time.monotonic() + 20
    while find() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.sample(1)
@pytest.mark.parametrize("everything", [True, False], ids=["all of it", "its main process"])
def test_a_lessons_next_call_revives_the_same_service(
    home: Path, stored: Database, serving: Callable[..., psutil.Process], everything: bool
) -> None:
    serve = serving(str(stored.place))
    lesson = start("04", {})
    lesson.client.get_token(key=ProofKey.generate())
    before, setup = lesson.client.credentials, read_setup(home / "state")
    assert setup is not None
    assert setup.workers == 2
    [main] = serve.children()
    kill([serve, *serve.children(recursive=True)] if everything else [main])
    token = lesson.client.get_token(key=ProofKey.generate())  # its client is known there
    assert token.claims["iss"] == lesson.client.issuer
    assert read_setup(home / "state") == setup
    after = process.running(home / "state")
    assert after is not None
    assert after.pid != main.pid
    assert after.cmdline()[-2:] == ["--workers", "2"]
    assert process.database(home / "state") == setup.database
    assert start("04", {}).client.credentials == before
    assert not (home / "state" / "mock.sqlite3").exists()


def test_without_the_password_the_call_ends_in_one_line_with_the_command(
    home: Path,
    stored: Database,
    serving: Callable[..., psutil.Process],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = str(stored.place).replace("postgres@", "postgres:hush@")
    serve = serving(url)
    lesson = start("04", {})
    kill([serve, *serve.children(recursive=True)])
    login = url.replace("postgres:hush@", "USER:PASSWORD@")
    for call in (lesson.client.get_token, lambda: start("04", {})):
        with pytest.raises(ServiceUnreachable) as refused:
            call()
        assert f"`{DATABASE}={login} dialtone serve --workers 2`" in str(refused.value)
        assert "\n" not in str(refused.value)
    assert not (home / "state" / "mock.sqlite3").exists()
    assert find() is None
    monkeypatch.setenv(DATABASE, url)
    lesson.client.get_token()
    assert read_setup(home / "state") == Setup(2, login.replace("USER:PASSWORD@", ""), None)


def test_while_the_database_is_down_nothing_else_takes_its_place(
    home: Path, stored: Database, serving: Callable[..., psutil.Process]
) -> None:
    serve = serving(str(stored.place))
    lesson = start("04", {})
    kill([serve, *serve.children(recursive=True)])
    stored.close_to_all()
    with pytest.raises(ServiceUnreachable, match=stored.name) as refused:
        lesson.client.get_token()
    assert "\n" not in str(refused.value)
    assert not (home / "state" / "mock.sqlite3").exists()
    stored.open_again()
    lesson.client.get_token()
