"""The device card without a browser: it polls at the service's pace, and tells how it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dialtone_kit.base.errors import LessonStop, ServiceError, ServiceUnreachable
from dialtone_kit.base.jws import to_segment
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.tokens import Token
from dialtone_kit.widgets import DeviceCard

PENDING, SLOWER = "authorization_pending", "slow_down"
LOGIN = DeviceLogin(
    Secret("device-code-secret"),
    Secret("WDJB-MJHT"),
    "https://id.example/device",
    None,
    datetime.fromtimestamp(1900, UTC),
    5,
)


class Service:
    """Answers polls with what a test lays down: a word, an error, or a token."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.time, self.asked = list(answers), 1000.0, 0

    def poll(self, login: DeviceLogin) -> Token | DeviceLogin:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer == SLOWER:
            return replace(login, interval=login.interval + 5)
        return login if answer == PENDING else answer

    def card(self) -> DeviceCard:
        return DeviceCard(LOGIN, self.poll, page="/page", now=lambda: self.time)

    def after(self, card: DeviceCard, seconds: float) -> None:
        self.time += seconds
        card.receive({"kind": "look"})


def token() -> Token:
    payload = to_segment({"sub": "usr_1"})
    return Token(Secret(f"e30.{payload}.Yw"), "DPoP", 3600, "openid", None, 1000.0, None)


def said(card: DeviceCard) -> list[str]:
    return [poll.said for poll in card.polls]


def test_it_polls_when_the_interval_is_over_and_not_before() -> None:
    service = Service(PENDING, PENDING)
    card = service.card()
    for seconds, asked in ((0, 0), (4.9, 0), (0.1, 1), (4, 1), (1, 2)):
        service.after(card, seconds)
        assert service.asked == asked


def test_slow_down_holds_from_then_on() -> None:
    service = Service(PENDING, SLOWER, PENDING)
    card = service.card()
    service.after(card, 5)
    card.receive({"kind": "ask", "round": card.round})  # the impatient agent
    assert card.state()["interval"] == 10
    service.after(card, 9.9)
    assert service.asked == 2
    service.after(card, 0.1)
    assert said(card) == [PENDING, SLOWER, PENDING]
    assert card.state()["polls"][-1][2] == 10


def test_the_token_ends_it() -> None:
    service = Service(PENDING, token())
    card = service.card()
    service.after(card, 5)
    service.time += 2.5  # the person has just said yes, and the agent hasn't asked since
    with pytest.raises(LessonStop, match=r"enter the code of the card.* asks again in 3 s: wait"):
        card.require()
    service.after(card, 2.5)
    assert card.require().claims["sub"] == "usr_1"
    service.after(card, 500)
    assert service.asked == 2
    assert card.state()["phase"] == "approved"


def test_it_asks_when_the_token_is_wanted_and_it_is_time() -> None:
    service = Service(token())
    card = service.card()
    service.time += 5  # and no view has said so
    assert card.require().claims["sub"] == "usr_1"


@pytest.mark.parametrize(
    ("error", "phase", "words"),
    [("access_denied", "denied", "said no"), ("expired_token", "expired", "in time")],
)
def test_it_tells_no_from_too_late(error: str, phase: str, words: str) -> None:
    service = Service(ServiceError(400, error, "x"))
    card = service.card()
    service.after(card, 5)
    assert card.state()["phase"] == phase
    with pytest.raises(LessonStop, match=words):
        card.require()


@pytest.mark.parametrize(
    "trouble", [ServiceUnreachable("gone"), ServiceError(500, "server_error", "x"), ValueError()]
)
def test_trouble_is_shown_and_the_next_poll_may_go_through(trouble: Exception) -> None:
    service = Service(trouble, token())
    card = service.card()
    service.after(card, 5)
    assert card.state()["problem"]
    assert card.state()["phase"] == "waiting"
    service.after(card, 5)
    assert card.require()


def test_the_codes_are_in_no_text_form() -> None:
    card = Service().card()
    assert "WDJB" not in repr(card)
    assert "device-code-secret" not in repr(card) + repr(card.state())


def test_with_nobody_there_the_page_is_answered_or_nothing_is_had() -> None:
    def poll(_: DeviceLogin) -> Token:
        raise AssertionError

    answered = DeviceCard(LOGIN, poll, False, answer=token)
    assert answered.require().claims["sub"] == "usr_1"
    with pytest.raises(LessonStop, match="nobody is here"):
        DeviceCard(LOGIN, poll, False).require()
