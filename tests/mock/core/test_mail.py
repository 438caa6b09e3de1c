"""The verification email over real SMTP, and an honest `email_sent`."""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from dialtone_kit.mock.core import mail
from dialtone_kit.mock.core.mail_route import mail_route
from tests.support.grant_desk import Person, begin
from tests.support.running_mock import Mock, free_port
from tests.support.store_rows import all_rows, locked


class Mailbox:
    """A mail server that keeps the emails it gets, or refuses them."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = False
        self.look: Callable[[], Any] = lambda: None  # called when an email arrives
        self.seen: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return "550 no such mailbox"
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert envelope.rcpt_tos == [mail["To"]]
        self.mails.append(mail)
        self.seen.append(self.look())
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, Controller]]:
    box = Mailbox()
    server = Controller(box, "127.0.0.1", free_port(), server_hostname="localhost")
    server.start()
    yield box, server
    if not server.loop.is_closed():
        server.stop()


def test_the_code_goes_out_by_smtp(
    own_mock: Callable[..., Mock], mailbox: tuple[Mailbox, Controller]
) -> None:
    box, server = mailbox
    url = f"smtp://127.0.0.1:{server.port}"
    mine = own_mock(
        environment={"DIALTONE_SMTP_URL": url, "DIALTONE_MAIL_FROM": "id@class.example"}
    )
    sent = mine.request_enrollment("default", email="you@example.com", client_name="Agent Ünal")
    assert sent.json()["email_sent"] is True
    (mail,) = box.mails
    assert (mail["To"], mail["From"]) == ("you@example.com", "id@class.example")
    text = mail.get_content()
    assert "Agent Ünal" in text
    assert sent.json()["approval_url"] in text
    found = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", text)
    assert found
    assert mine.confirm("default", sent.json(), found[0]).status_code == 200
    assert found[0] not in str(mail["Subject"])

    box.refuse = True
    refused = mine.request_enrollment("default")
    assert (refused.status_code, refused.json()["email_sent"]) == (200, False)
    status = mine.http.get(refused.json()["status_url"]).json()["status"]
    assert status == "pending"  # it can still be confirmed with the code from the inbox
    code = mine.inbox(realm="default")[0]["code"]
    assert mine.confirm("default", refused.json(), code).status_code == 200
    box.refuse = False
    server.stop()
    away = mine.request_enrollment("default")
    assert (away.status_code, away.json()["email_sent"]) == (200, False)
    assert "the mail server did not accept an email" in mine.log


def test_an_email_goes_out_after_the_commit_or_not_at_all(
    own_mock: Callable[..., Mock], mailbox: tuple[Mailbox, Controller]
) -> None:
    box, server = mailbox
    url = f"smtp://127.0.0.1:{server.port}"
    mine = own_mock(environment={"DIALTONE_SMTP_URL": url, "DIALTONE_STORE_WAIT": "0.1"})
    client = mine.register("default")
    device, person = begin(client), Person(mine, "default")
    person.open()
    box.mails.clear()
    box.look = lambda: all_rows(mine)
    for table, send in (
        ("enrollments", lambda: mine.request_enrollment("default", email="you@example.com")),
        ("device_visits", lambda: person.enter(device["user_code"], email="you@example.com")),
    ):
        with locked(mine):
            assert send().status_code == 503
        assert box.mails == []
        assert send().status_code == 200
        (mail,), (seen,) = box.mails, box.seen[-1:]
        assert "you@example.com" in [row["email"] for row in seen[table]]
        assert [row["recipient"] for row in seen["mails"]][-1] == mail["To"]
        box.mails.clear()


def test_the_device_page_says_that_no_email_could_be_sent(
    own_mock: Callable[..., Mock], mailbox: tuple[Mailbox, Controller]
) -> None:
    box, server = mailbox
    mine = own_mock(environment={"DIALTONE_SMTP_URL": f"smtp://127.0.0.1:{server.port}"})
    device, person = begin(mine.register("default")), Person(mine, "default")
    box.refuse = True
    page = person.look_at(device)
    assert "The email could not be sent" in page.text
    assert person.decide("approve", person.mailed_code()).status_code == 200


LETTER = mail.Letter("default", "you@example.com", "Subject", "the text", "ABCD-2345")


@pytest.mark.parametrize("name", ["büro-pc", "büro pc", ""])
def test_a_machine_with_a_name_outside_ascii_sends_email(
    mailbox: tuple[Mailbox, Controller], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    box, server = mailbox
    monkeypatch.setattr(mail, "gethostname", lambda: name)
    route = mail_route(f"smtp://127.0.0.1:{server.port}", None)
    assert route is not None
    assert mail.send(route, LETTER)
    assert [one["To"] for one in box.mails] == ["you@example.com"]


def test_a_mail_server_whose_name_is_not_a_host_name_accepts_no_email() -> None:
    route = mail_route(f"smtp://{'ü' * 70}.example", None)
    assert route is not None
    assert not mail.send(route, LETTER)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("smtp://mail.example", "mail.example", 25),
        ("smtps://me:p%40ss@mail.example", "mail.example", 465),
        ("starttls://me:pw@mail.example:2525", "mail.example", 2525),
        ("smtp://me:pw@127.0.0.1:25", "127.0.0.1", 25),
    ],
)
def test_a_mail_server_is_named_by_a_url(url: str, host: str, port: int) -> None:
    route = mail_route(url, None)
    assert route is not None
    assert (route.host, route.port) == (host, port)
    assert "p@ss" not in repr(route)


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://me:pw@mail.example"]
)
def test_an_url_that_can_not_serve_says_why(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp|password"):
        mail_route(url, None)


def test_no_url_no_mail_server() -> None:
    assert mail_route(None, None) is mail_route("", None) is None
