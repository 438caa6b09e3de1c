"""Several notebooks at once, and a kernel that ends after the service did."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit import DialtoneError, IdentityClient, ProofKey, start
from dialtone_kit.client import credentials as store
from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.lesson import approving, registering
from dialtone_kit.local import service
from dialtone_kit.local.locks import held
from dialtone_kit.local.running import find
from tests.support.command_line import dialtone


def test_the_code_is_that_of_the_notebooks_own_enrollment_whoever_else_asks(
    shared_home: Path,
) -> None:
    lesson = start(2, credentials=False, interactive=False, email="ada@example.com")
    own, other = (
        lesson.client.request_enrollment("ada@example.com", name) for name in ("own", "other")
    )
    for enrollment in (own, other):
        assert f"_{enrollment.client_name}_" in lesson.code_form(enrollment).require().client_id


def test_start_registers_while_another_notebook_asks_for_the_same_address(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_twice(client: IdentityClient, *about: Any, **more: Any) -> Enrollment:
        enrollment = request(client, *about, **more)
        client.request_enrollment("bob@example.com", "another-notebook")
        return enrollment

    request = registering.request
    monkeypatch.setattr(registering, "request", asked_twice)
    lesson = start(3, interactive=False, email="bob@example.com")
    assert lesson.credentials is not None


def test_two_notebooks_that_answer_device_pages_for_one_mailbox_wait_for_each_other(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = start(6, interactive=False)
    logins = [lesson.client.start_device("openid") for _ in range(4)]
    said: list[str] = []
    threads = [
        threading.Thread(
            target=lambda login=login: said.append(lesson.approve(login, "ada@example.com").text)
        )
        for login in logins
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert all(lesson.client.poll_device(login, ProofKey.generate()) for login in logins)


def test_a_notebook_that_waits_too_long_for_another_gets_one_line(
    shared_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = start(6, interactive=False)
    login = lesson.client.start_device("openid")
    monkeypatch.setattr(approving, "LOCK_SECONDS", 0.1)
    with (
        held(approving.LOCK, 5, "never"),
        pytest.raises(DialtoneError, match=r"Another notebook .* Run this cell again"),
    ):
        lesson.approve(login)
    assert lesson.approve(login)


# -- what has ended stays so -------------------------------------------------------------------


def test_a_kernel_that_ends_starts_no_service_to_remove_its_realms(home: Path) -> None:
    lesson = start(12, interactive=False)
    lab = lesson.lab_realm()
    service.stop()
    lab.remove()  # as at exit
    assert find() is None
    assert lab.client.credentials is not None
    assert not store.path_for(lab.client.credentials.client_id).exists()


def test_what_was_purged_stays_gone_when_the_kernel_ends(home: Path) -> None:
    lesson = start(12, interactive=False)
    lab = lesson.lab_realm()
    assert dialtone("purge", "--yes") == 0
    left = sorted(home.rglob("*"))
    lab.remove()
    assert sorted(home.rglob("*")) == left == []
