"""Agents that use the whole service, in random order, and note what it acknowledged.

An agent sends one request after another, except those that it sends twice in parallel; many agents
make the load. Any action raises httpx.TransportError when the service is killed in the middle.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import httpx

from dialtone_kit.tokens import read_unverified
from tests.support.grant_desk import ACCESS_TOKEN, DEVICE, EXCHANGE, Person, begin, post
from tests.support.kills.ledger import (
    ALIVE,
    DEAD,
    DOUBTED,
    Family,
    Ledger,
    Node,
    Once,
    Statement,
    Token,
)
from tests.support.running_mock import Mock, Registered

T = TypeVar("T")
USED_PROOF = ("jti_is_new", "iat_is_fresh")  # the second, once its minute is over


class Agent:
    """One agent in its own private realm, with the clients that it has enrolled."""

    def __init__(self, mock: Mock, seed: int) -> None:
        self.mock, self.random, self.ledger = mock, random.Random(seed), Ledger()
        self.realm = mock.new_realm()
        self.person = Person(mock, self.realm)
        self.clients: list[Registered] = []
        self.onces: list[Once] = []
        self.tokens: list[Token] = []
        self.families: list[Family] = []
        self.statements: list[Statement] = []
        for step in (self.enroll, self.confirm, self.get_token):
            step()

    def act(self) -> None:
        """Do one thing at random, or nothing if there is nothing to do it with."""
        (what,) = self.random.choices(list(WEIGHTS), WEIGHTS.values())
        what(self)

    # --- registration ---

    def enroll(self) -> None:
        """Request an enrollment; sometimes the sponsor approves it on the page at once."""
        self.mock.control("POST", "limits/clear", json={"realm": self.realm})
        email = f"{secrets.token_hex(8)}@example.com"
        answer = self._good(
            "enrollment requested",
            self.mock.request_enrollment(self.realm, email=email, client_name=secrets.token_hex(4)),
        )
        self.ledger.effects.append(("registration_requested", "sponsor_email", email))
        enrollment = answer.json()
        code: str | None = self.mock.code_for(email, self.realm)
        holds: tuple[str, ...] = ("pending", "confirmed")
        if self.random.random() < 0.3:
            self._approve_registration(enrollment["approval_url"], code)
            code, holds = None, ("approved", "confirmed")
        self._state(f"enrollment {holds[0]}", partial(self._status, enrollment), holds)
        self._once(
            "credentials",
            partial(self.mock.confirm, self.realm, enrollment, code),
            ("conflict",),
            partial(self._confirmed, email, enrollment),
        )

    def confirm(self) -> None:
        """Fetch the credentials, sometimes twice in parallel."""
        if one := self._pick(self.onces, lambda one: one.kind == "credentials" and _open(one)):
            one.present(self.random.choice((1, 1, 2)))

    def _approve_registration(self, url: str, code: str | None) -> None:
        self.person.open(url)
        form = {**self.person.form, "verification_code": code or ""}
        page = self.person.http.post(url.partition("?")[0], data=form)
        self._good("registration approved", page)

    def _confirmed(self, email: str, enrollment: dict[str, str], answer: httpx.Response) -> None:
        client = Registered(self.mock, answer.json())
        self.clients.append(client)
        self.ledger.sponsors.append(email)
        self.ledger.effects.append(("registration", "client_id", client.client_id))
        self._state("enrollment confirmed", partial(self._status, enrollment), ("confirmed",))

    def _status(self, enrollment: dict[str, str]) -> str:
        return str(self.mock.http.get(enrollment["status_url"]).json().get("status"))

    # --- tokens and calls ---

    def get_token(self) -> None:
        if client := self._pick(self.clients):
            self._ask(client, None, grant_type="client_credentials")

    def exchange(self) -> None:
        """Exchange a token for a lesser one, which dies with it."""
        if token := self._living():
            self._ask(
                token.client,
                token,
                grant_type=EXCHANGE,
                subject_token=token.text,
                subject_token_type=ACCESS_TOKEN,
                scope="openid",
            )

    def call(self) -> None:
        path = self.random.choice(("/userinfo", "/api/whoami", "/api/notes"))
        if token := self._living("notes:read" if path == "/api/notes" else "openid"):
            self._call("GET", token.client.url(path), token, lambda _: None)

    def write_note(self) -> None:
        if token := self._living("notes:write"):
            text = secrets.token_hex(8)
            self._call("POST", token.client.url("/api/notes"), token, self._noted, text)

    def _noted(self, answer: httpx.Response) -> None:
        self.ledger.notes.append(answer.json()["text"])
        self.ledger.effects.append(("note_written", "note", str(answer.json()["id"])))

    def introspect(self) -> None:
        if token := self._pick(self.tokens, lambda one: one.fate != DOUBTED):
            self.look_at(token)

    def look_at(self, token: Token) -> None:
        """Introspection agrees with what was acknowledged."""
        active = self.is_active(token)
        self.ledger.hold(
            f"introspection of a token that is {token.fate}",
            active == (token.fate == ALIVE),
            f"it says active: {active}",
        )

    def call_with(self, token: Token) -> None:
        """A dead token opens nothing, a living one does."""
        status = token.client.call("GET", token.client.url("/userinfo"), token.text).status_code
        wanted = 200 if token.fate == ALIVE else 401
        self.ledger.hold(f"call with a token that is {token.fate}", status == wanted, f"{status}")

    def is_active(self, token: Token) -> bool:
        answer = post(token.client, "/introspect", token=token.text)
        return bool(self._good("introspection", answer).json().get("active"))

    def revoke(self) -> None:
        if token := self._living():
            self._revoke(token, token.client, token.text)
            event = ("revocation", "token_id", token.claims["jti"])
            self.ledger.effects.append(event)

    def _revoke(self, node: Node, client: Registered, text: str) -> None:
        node.checked = False
        try:
            self._good("revocation", post(client, "/revoke", token=text))
        except httpx.ConnectError:
            raise
        except httpx.TransportError:
            node.state = DOUBTED
            raise
        node.state = DEAD

    def _ask(self, client: Registered, parent: Node | None, **form: str) -> None:
        proof = client.proof("POST", client.token_url)
        self._once(
            "proof for a token" if parent is None else "proof for an exchange",
            partial(post, client, "/token", proof, **form),
            (*USED_PROOF, "subject_token"),  # which may have been revoked since
            partial(self._issued, client, parent),
        ).present(self.random.choice((1, 1, 1, 2)))

    def _call(
        self,
        method: str,
        url: str,
        token: Token,
        take: Callable[[httpx.Response], None],
        text: str | None = None,
    ) -> None:
        proof = token.client.proof(method, url, access_token=token.text)
        sent = None if text is None else {"text": text}
        self._once(
            "proof for a call" if text is None else "proof for a note",
            partial(token.client.call, method, url, token.text, proof=proof, json=sent),
            (*USED_PROOF, "invalid_token"),  # the token may have been revoked since
            take,
        ).present(self.random.choice((1, 1, 1, 2)))

    def _issued(self, client: Registered, parent: Node | None, answer: httpx.Response) -> Token:
        text = answer.json()["access_token"]
        claims = dict(read_unverified(text).claims)
        token = Token(parent=parent, client=client, text=text, claims=claims)
        self.tokens.append(token)
        self.ledger.effects.append(("token_issued", "token_id", claims["jti"]))
        return token

    # --- a person's approval ---

    def device(self) -> None:
        """A person approves or denies; the device polls later."""
        client = self._pick(self.clients)
        if client is None:
            return
        self.person.email = f"{secrets.token_hex(8)}@example.com"
        device = begin(client)
        self.ledger.acknowledged["device authorization"] += 1
        if self.random.random() < 0.3:
            self.person.deny(device)
            self.ledger.acknowledged["device denied"] += 1
            self._state(
                "device denied", partial(self._poll_error, client, device), ("access_denied",)
            )
            return
        self.person.approve(device)
        self.ledger.acknowledged["device approved"] += 1
        self._once(
            "device code",
            partial(self._poll, client, device),
            ("This device code was already used",),
            partial(self._approved, client),
        )

    def poll(self) -> None:
        if one := self._pick(self.onces, lambda one: one.kind == "device code" and _open(one)):
            one.present(self.random.choice((1, 2)))

    def refresh(self) -> None:
        """Use a refresh token, sometimes twice in parallel, which ends the family."""
        family = self._pick(self.families, lambda one: one.fate == ALIVE and one.current)
        if family is not None and family.current is not None:
            family.renew(family.current, self.random.choice((1, 1, 1, 1, 2)))

    def reuse(self) -> None:
        """Present a used refresh token: everything from that approval ends."""
        if family := self._pick(self.families, lambda one: one.fate == ALIVE and one.used):
            family.renew(self.random.choice(family.used))

    def end(self) -> None:
        """Revoke a refresh token."""
        if family := self._pick(self.families, lambda one: one.fate == ALIVE and one.current):
            self._revoke(family, family.client, family.text)

    def _poll(self, client: Registered, device: dict[str, str]) -> httpx.Response:
        proof = client.proof("POST", client.token_url)
        code = device["device_code"]
        return post(client, "/token", proof, grant_type=DEVICE, device_code=code)

    def _poll_error(self, client: Registered, device: dict[str, str]) -> str:
        return str(self._poll(client, device).json().get("error"))

    def _approved(self, client: Registered, answer: httpx.Response) -> None:
        subject = read_unverified(answer.json()["access_token"]).claims["sub"]
        family = Family(client=client, subject=subject)
        self.families.append(family)
        self._renewed(family, answer)

    def _renewed(self, family: Family, answer: httpx.Response) -> None:
        """Replace the accepted refresh token with the new one."""
        self._issued(family.client, family, answer)
        if family.current is not None:
            family.used.append(family.current)
        text = family.text = answer.json()["refresh_token"]
        family.current = Once(
            "refresh token",
            self.ledger,
            partial(self._renew, family.client, text),
            ("was already used", "unknown, expired or revoked"),
            partial(self._renewed, family),
        )

    def _renew(self, client: Registered, text: str) -> httpx.Response:
        proof = client.proof("POST", client.token_url)
        return post(client, "/token", proof, grant_type="refresh_token", refresh_token=text)

    def rotate_keys(self) -> None:
        answer = self._good("keys rotated", self.mock.control("POST", "keys/rotate"))
        self.ledger.effects.append(("keys_rotated", "kid", answer.json()["kid"]))

    # --- tools ---

    def _pick(self, things: list[T], fits: Callable[[T], Any] = lambda _: True) -> T | None:
        """One of those that fit, more likely one of the newest ten; None if none fits."""
        fitting = [one for one in things if fits(one)]
        if self.random.random() < 0.5:
            fitting = fitting[-10:]
        return self.random.choice(fitting) if fitting else None

    def _living(self, scope: str = "openid") -> Token | None:
        return self._pick(
            self.tokens, lambda one: one.fate == ALIVE and scope in one.claims["scope"].split()
        )

    def _good(self, kind: str, answer: httpx.Response) -> httpx.Response:
        self.ledger.hold(
            "answers to right requests", answer.is_success, f"{kind}: {answer.status_code}"
        )
        self.ledger.acknowledged[kind] += 1
        return answer

    def _state(self, what: str, look: Callable[[], str], answers: tuple[str, ...]) -> None:
        self.statements.append(Statement(what, look, answers))

    def _once(
        self,
        kind: str,
        send: Callable[[], httpx.Response],
        spent: tuple[str, ...],
        take: Callable[[httpx.Response], None],
    ) -> Once:
        made = Once(kind, self.ledger, send, spent, take)
        self.onces.append(made)
        return made


def _open(once: Once) -> bool:
    return once.state != "spent"


WEIGHTS: dict[Callable[[Agent], None], float] = {
    Agent.enroll: 5,
    Agent.confirm: 5,
    Agent.get_token: 15,
    Agent.call: 15,
    Agent.write_note: 10,
    Agent.introspect: 5,
    Agent.revoke: 8,
    Agent.exchange: 8,
    Agent.device: 4,
    Agent.poll: 6,
    Agent.refresh: 10,
    Agent.reuse: 1,
    Agent.end: 1,
    Agent.rotate_keys: 0.2,
}
