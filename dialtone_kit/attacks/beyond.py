"""The attacks that go beyond one request to an API: at the doors where tokens are issued.

They go on with the numbers of the catalogue. Each is a few steps in a room that has a bag of loot
and an agent of the attacker's own, and ends with the answer that brings the notes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx

from dialtone_kit.attacks.bag import Loot
from dialtone_kit.attacks.catalogue import Attack
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey

SCOPE = "notes:read"
LOCKED = 410


class Enrollment(Protocol):
    """The body of a confirmation without its code, and the codes that it may have."""

    @property
    def codes(self) -> tuple[Loot, ...]: ...
    def __or__(self, more: dict[str, Any], /) -> Any: ...


class Loots(Protocol):
    """What a bag needs for these attacks: tokens, and bodies of requests."""

    @property
    def T(self) -> Loot: ...
    @property
    def D(self) -> Loot: ...
    @property
    def R(self) -> dict[str, Any]: ...
    @property
    def E(self) -> Enrollment: ...
    @property
    def W(self) -> dict[str, Any]: ...
    @property
    def A(self) -> dict[str, Any]: ...


class Agent(Protocol):
    """An agent of the attacker's own."""

    @property
    def client(self) -> IdentityClient: ...
    @property
    def key(self) -> ProofKey: ...


class Sent(Protocol):
    """A request that an agent sent to a server of the attacker's."""

    @property
    def basic(self) -> tuple[Loot, Loot]: ...


class Room(Protocol):
    """Where these attacks take place."""

    http: httpx.Client
    notes: str

    @property
    def issuer(self) -> str: ...
    @property
    def token_endpoint(self) -> str: ...
    @property
    def confirm_url(self) -> str: ...
    @property
    def svid_url(self) -> str: ...
    @property
    def bag(self) -> Loots: ...
    @property
    def me(self) -> Agent: ...
    def call(self, token: str, *proofs: str, scheme: str = ...) -> httpx.Response: ...
    def become(self, client_id: str, client_secret: str) -> IdentityClient: ...
    def lure(self, document: Mapping[str, Any]) -> Sent: ...


def laundered(room: Room) -> httpx.Response:
    """T, exchanged by the attacker's agent for a token that is bound to its own key."""
    return _exchanged(room, room.me.client, room.bag.T)


def widened(room: Room) -> httpx.Response:
    """D, exchanged for more than it allows."""
    return _exchanged(room, room.me.client, room.bag.D)


def renewed(room: Room) -> httpx.Response:
    """A refresh token that its owner has used already."""
    answer = room.http.post(room.token_endpoint, data=room.bag.R)
    return room.call(answer.json().get("access_token", "none"), scheme="Bearer")


def guessed(room: Room) -> httpx.Response:
    """An enrollment's code, tried until it fits; then T, exchanged as that sponsor's agent."""
    enrollment = room.bag.E
    for code in enrollment.codes:
        sent = enrollment | {"verification_code": code}
        answer = room.http.post(room.confirm_url, json=sent)
        if answer.is_success or answer.status_code == LOCKED:
            break
    if not answer.is_success:
        return answer
    found = answer.json()
    agent = room.become(found["client_id"], found["client_secret"])
    return _exchanged(room, agent, room.bag.T)


def attested_again(room: Room) -> httpx.Response:
    """A workload's request for an SVID, sent once more; then the SVID signs in as that workload."""
    answer = room.http.post(room.svid_url, json=room.bag.W)
    form = room.bag.A | {"client_assertion": answer.json().get("svid", "none")}
    answer = room.http.post(room.token_endpoint, data=form)
    return room.call(answer.json().get("access_token", "none"), scheme="Bearer")


def lured(room: Room) -> httpx.Response:
    """A discovery document that borrows the issuer's name and names the liar's token endpoint."""
    caught = room.lure({"issuer": room.issuer, "token_endpoint": "{here}/token"})
    agent, key = room.become(*caught.basic), ProofKey.generate()
    return agent.call("GET", room.notes, agent.get_token(SCOPE, key=key))


def _exchanged(room: Room, agent: IdentityClient, subject: str) -> httpx.Response:
    token = agent.exchange(subject, scope=SCOPE, key=room.me.key)
    return agent.call("GET", room.notes, token)


Steps = Callable[[Room], httpx.Response]
STEPS: Mapping[int, Steps] = {
    15: laundered,
    16: widened,
    17: renewed,
    18: guessed,
    19: attested_again,
    20: lured,
}
BEYOND = (
    Attack(
        15,
        "A stolen token, laundered by exchange",
        "foreign_needs_leave",
        "RFC 8693 §4.4",
        ("ASI03", "MCP07"),
        "Any client could exchange a stolen token for one that is bound to its own key: ask the "
        "token's `may_act`, or a policy, who may.",
        "M29",
        (),
    ),
    Attack(
        16,
        "More scope by exchange",
        "scope_narrows",
        "RFC 8693 §2.1",
        ("ASI03", "MCP07"),
        "An exchange brought a scope that the subject token doesn't have: allow what both the "
        "token and the client have, and nothing more.",
        "",
        (),
    ),
    Attack(
        17,
        "A used refresh token",
        "refresh_is_new",
        "RFC 9700 §4.14.2",
        ("ASI03", "MCP01"),
        "A refresh token worked twice, so a copy of it is as good as the original: when a used one "
        "comes back, end all that came from it.",
        "M34",
        (),
    ),
    Attack(
        18,
        "Five codes, and five more",
        "codes_lock",
        "RFC 8628 §5.1",
        ("ASI03", "MCP07"),
        "A short code could be tried out: after a few wrong ones, lock what it opens.",
        "",
        (),
    ),
    Attack(
        19,
        "A challenge again",
        "challenge_is_new",
        "RFC 9334 §10",
        ("ASI07", "MCP07"),
        "An old challenge was taken with the evidence that goes with it: a challenge is good for "
        "one attempt, right or wrong.",
        "",
        (),
    ),
    Attack(
        20,
        "A discovery document that lies",
        "issuer_is_asked",
        "RFC 8414 §3.3",
        ("ASI07", "MCP01"),
        "An agent sent its secret where a stranger's document told it to: the document's `issuer` "
        "has to be the one that you asked.",
        "M19",
        (),
    ),
)
