"""A person's answer at the device page: where nobody is there, and for others in a story."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Protocol

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import DialtoneError, MockOnly
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.base.notebook import link
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.quiet import hiding
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.registering import own_address
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.locks import held
from dialtone_kit.tokens import Token
from dialtone_kit.widgets import DeviceCard
from dialtone_kit.wire.redaction import Redactor

_REALM = re.compile(r"/realms/([^/?#]+)/device\Z")
LOCK, LOCK_SECONDS = "device.lock", 60.0
BUSY = "Another notebook has been answering a device page for a minute. Run this cell again."
PERSON = {"Accept": "text/html"}  # a program would get JSON


class ApprovingLesson(Protocol):
    """What an approval needs of the lesson."""

    @property
    def base_url(self) -> str: ...
    @property
    def controls(self) -> Controls: ...
    @property
    def is_mock(self) -> bool: ...
    @property
    def email(self) -> str: ...
    @property
    def interactive(self) -> bool: ...


@hiding  # both codes in its frame
def answer_page(lesson: ApprovingLesson, login: DeviceLogin, email: str, *, say_yes: bool) -> Shown:
    """Go to the page of `login` as the person with that mailbox, and say yes or no.

    Returns what the page asked and what it said in the end. Raises MockOnly at the real service:
    there nobody else can answer; DialtoneError with the page's words when it takes no answer.
    """
    if not lesson.is_mock:
        raise MockOnly(
            "At the real service a person answers: open verification_uri in a browser, type the "
            "code, and decide."
        )
    lesson.controls.claim(email, _realm_of(login))
    # A browser of its own: what a person does at the page is not the agent's traffic. And a mailbox
    # of one's own for as long: the email doesn't say which device its code is for.
    browser = IdentityClient(lesson.base_url, None, timeout=5.0).http
    with held(LOCK, LOCK_SECONDS, BUSY), browser as http:
        form = _send(http, login.verification_uri)
        person = {"user_code": login.user_code.reveal(), "email": email}
        asked = _send(http, login.verification_uri, form.fields | person)
        decision = {"decision": "approve" if say_yes else "deny"}
        if say_yes:
            decision["verification_code"] = lesson.controls.code_for(email, _realm_of(login))
        end = _send(http, login.verification_uri, asked.fields | decision)
    return _shown(asked, end)


def device_card(
    lesson: ApprovingLesson, login: DeviceLogin, key: ProofKey | None, client: IdentityClient
) -> DeviceCard:
    """The device card of `login`, started by `client`; unattended, it is approved at once."""

    def answered() -> Token:
        answer_page(lesson, login, lesson.email or own_address(), say_yes=True)
        return client.wait_for_device(replace(login, interval=0), key)

    return DeviceCard(
        login,
        lambda pending: client.poll_device(pending, key),
        lesson.interactive,
        page=link(login.verification_uri),
        answer=answered if lesson.is_mock else None,
        now=client.connection.now,
    )


def _realm_of(login: DeviceLogin) -> str | None:
    found = _REALM.search(login.verification_uri)
    return found[1] if found else None


@dataclass(frozen=True)
class _Page:
    """A page as a person reads it: its heading, its rows, the fields of its form, its last line."""

    heading: str
    rows: tuple[tuple[str, str], ...]
    fields: dict[str, str]
    said: str


def _send(http: httpx.Client, url: str, form: dict[str, str] | None = None) -> _Page:
    response = (
        http.get(url, headers=PERSON) if form is None else http.post(url, data=form, headers=PERSON)
    )
    reader = _Reader()
    reader.feed(response.text)
    page = reader.page()
    if response.status_code != 200:
        raise DialtoneError(f"The device page answered {response.status_code}: {page.said}")
    return page


class _Reader(HTMLParser):
    """Reads the few parts of the page that matter to a person."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._texts: dict[str, list[str]] = {"h1": [], "dt": [], "dd": [], "said": []}
        self._fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        if tag == "input" and named.get("type") == "hidden":
            self._fields[named["name"]] = named["value"]
        kind = "said" if named.get("role") in ("alert", "status") else tag
        if tag in ("h1", "dt", "dd", "p"):
            self._open = [kind] if kind in self._texts else []
            if self._open:
                self._texts[kind].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "dt", "dd", "p"):
            self._open = []

    def handle_data(self, data: str) -> None:
        if self._open:
            self._texts[self._open[0]][-1] += data

    def page(self) -> _Page:
        clean = {kind: [" ".join(t.split()) for t in texts] for kind, texts in self._texts.items()}
        rows = tuple(zip(clean["dt"], clean["dd"], strict=False))
        heading, said = (" ".join(clean[kind]) for kind in ("h1", "said"))
        return _Page(heading, rows, self._fields, said or heading)


def _shown(asked: _Page, end: _Page) -> Shown:
    """The question, as the page put it, and the end. Times and ids differ in each run: left out."""
    rows = [(name, _masked(value)) for name, value in asked.rows if name != "Open until"]
    cells = "".join(
        f"<tr><th scope='row' style='text-align: left; padding-right: 1em'>{escaped(name)}</th>"
        f"<td style='text-align: left'>{escaped(value)}</td></tr>"
        for name, value in rows
    )
    html = (
        f"<div><strong>{escaped(_masked(asked.heading))}</strong><table>{cells}</table>"
        f"<p>{escaped(_masked(end.said))}</p></div>"
    )
    return Shown(html, _masked(f"{asked.heading} {end.said}"))


def _masked(text: str) -> str:
    """Without secrets, and with addresses by their first letter: outputs are saved."""
    return Redactor().text(masked(text))
