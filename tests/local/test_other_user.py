"""Another user of the machine waits for the service's port, and gets nothing useful."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from dialtone_kit import IdentityClient, ProofKey, start
from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.local import service
from dialtone_kit.local.challenge import ask
from dialtone_kit.local.record import free_port, new_record
from tests.support.strangers import Lurker, dripping, silence


def stopped() -> None:
    service.stop()


def killed() -> None:
    running = service.find()
    assert running is not None
    process = psutil.Process(running.pid)
    process.kill()
    psutil.wait_procs([process], timeout=5)


def starved() -> None:
    running = service.find()
    assert running is not None
    os.kill(running.pid or 0, signal.SIGSTOP)


@pytest.fixture
def lesson(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    opened = start(3, interactive=False)
    opened.client.connection.sleep = lambda _: None
    return opened


def heard_nothing_but_challenges(lurker: Lurker, *secrets: str) -> None:
    text = bytes(lurker.heard).decode("latin-1")
    for request in text.split("\r\n\r\n"):
        assert request == "" or request.startswith("GET /mock/hello?nonce=")
    for word in ("authorization", "dpop", "client_id", *secrets):
        assert word not in text.lower(), word


@pytest.mark.parametrize("goes", [stopped, killed])
def test_a_port_taken_by_another_program_gets_no_secret_and_no_token(
    lesson: Lesson, goes: Callable[[], None]
) -> None:
    key = ProofKey.generate()
    token = lesson.client.get_token(key=key)
    no_wire = IdentityClient(lesson.base_url, "default", credentials=lesson.credentials)
    no_wire.connection.sleep = lambda _: None
    local = lesson.base_url.replace("127.0.0.1", "localhost")
    with Lurker(int(lesson.base_url.rpartition(":")[2])) as lurker:
        goes()
        assert lurker.has_port.wait(10)
        for call in (
            lambda: lesson.client.get_token(key=key),
            lambda: lesson.client.userinfo(token),
            lambda: no_wire.get_token(key=key),
            lambda: lesson.http.post(f"{local}/token", headers={"Authorization": "Basic c2VjcmV0"}),
            lambda: lesson.controls.inbox(),
        ):
            with pytest.raises(ServiceUnreachable) as failed:
                call()
            assert "\n" not in str(failed.value)
        assert lurker.connections >= 5
        heard_nothing_but_challenges(lurker)
    assert lesson.client.get_token(key=key)  # the port is free again: as if nothing had happened


def test_a_race_for_the_port_of_a_starved_service_gets_it_nothing(lesson: Lesson) -> None:
    """It may win the port while the lesson revives the service, or not: it hears no secret."""
    key = ProofKey.generate()
    lesson.client.get_token(key=key)
    lesson.http.close()
    lesson = start(3, interactive=False)
    lesson.http.timeout = httpx.Timeout(0.5)
    with Lurker(int(lesson.base_url.rpartition(":")[2])) as lurker:
        starved()
        deadline = time.monotonic() + 30
        while not lurker.has_port.is_set() and time.monotonic() < deadline:
            try:
                lesson.client.get_token(key=key)
                killed()  # it was revived in time: the next round
            except DialtoneError:
                continue
        assert lurker.has_port.is_set()
        with pytest.raises(DialtoneError):
            lesson.client.get_token(key=key)
        heard_nothing_but_challenges(lurker)
    assert lesson.client.get_token(key=key)


def test_a_silent_program_on_the_port_holds_a_lesson_up_for_a_while_only(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson.http.timeout = httpx.Timeout(0.3)
    key = ProofKey.generate()
    service.stop()
    port = int(lesson.base_url.rpartition(":")[2])

    with silence(port), pytest.raises(ServiceUnreachable, match="does not answer"):
        lesson.client.get_token(key=key)


def test_a_service_that_moved_is_one_line(lesson: Lesson) -> None:
    service.stop()
    (service.state_dir() / "service.json").unlink()
    old = lesson.base_url
    with Lurker(int(old.rpartition(":")[2])) as lurker:
        assert lurker.has_port.wait(10)
        service.ensure()
        with pytest.raises(ServiceUnreachable, match="has moved from"):
            lesson.client.get_token(key=ProofKey.generate())
        heard_nothing_but_challenges(lurker)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"]
)
def test_a_program_that_answers_a_byte_at_a_time_holds_no_one_up(home: Path, start: bytes) -> None:
    record = new_record(free_port(0))
    with dripping(record.port, start):
        began = time.monotonic()
        assert ask(record, timeout=0.5).kind == "silent"
        assert time.monotonic() - began < 5
