"""Answering the device page for a person: yes, no, and what the page refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit import ProofKey, start
from dialtone_kit.base.errors import DialtoneError, MockOnly, ServiceError
from dialtone_kit.lesson.lesson import Lesson


@pytest.fixture
def lesson(shared_home: Path) -> Lesson:
    return start(5)


def test_a_yes_gives_the_agent_a_token_for_that_person(lesson: Lesson) -> None:
    login = lesson.client.start_device("openid")
    shown = lesson.approve(login, "ada@example.com")
    token = lesson.client.poll_device(login, ProofKey.generate())
    assert str(token.claims["sub"]).startswith("usr_")  # type: ignore[union-attr]
    assert "my-agent" in shown.html
    assert "Approved" in shown.text


def test_a_no_ends_the_login(lesson: Lesson) -> None:
    login = lesson.client.start_device("openid")
    assert "said no" in lesson.approve(login, yes=False).text
    with pytest.raises(ServiceError, match="access_denied"):
        lesson.client.poll_device(login)


def test_the_page_goes_into_no_log_of_the_lesson_and_shows_no_address(lesson: Lesson) -> None:
    login = lesson.client.start_device("openid")
    before = len(lesson.wire.round_trips)
    shown = lesson.approve(login, "ada.lovelace@example.com")
    assert len(lesson.wire.round_trips) == before
    assert "ada.lovelace" not in shown.html + shown.text


def test_what_the_page_says_no_to_is_one_line(lesson: Lesson) -> None:
    login = lesson.client.start_device("openid")
    lesson.approve(login)
    with pytest.raises(DialtoneError, match=r"The device page answered 4\d\d: "):
        lesson.approve(login)
    with pytest.raises(DialtoneError, match="The device page answered 400"):
        lesson.approve(lesson.client.start_device("openid"), "no address")


def test_a_private_realm_has_its_own_mailboxes(lesson: Lesson) -> None:
    with lesson.lab_realm() as lab:
        login = lab.client.start_device("openid")
        lesson.approve(login, "ada@example.com")
        assert lab.client.wait_for_device(login).claims["realm"] == lab.realm


def test_the_card_plays_the_person_where_nobody_is(lesson: Lesson) -> None:
    key = ProofKey.generate()
    card = lesson.device_card(lesson.client.start_device("openid"), key)
    assert card.require().claims["cnf"]["jkt"] == key.thumbprint


def test_at_the_real_service_a_person_answers(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = lesson.client.start_device("openid")
    monkeypatch.setattr(lesson, "is_mock", False)
    with pytest.raises(MockOnly, match="in a browser"):
        lesson.approve(login)
    with pytest.raises(DialtoneError, match="nobody is here"):
        lesson.device_card(login).require()
