"""The rooms of the attack lab, by the numbers of the attacks that open them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from dialtone_kit.attacks.beyond import BEYOND
from dialtone_kit.attacks.catalogue import ATTACKS
from dialtone_kit.base.errors import DialtoneError, MockOnly, ServiceError, brief
from dialtone_kit.client.quiet import hiding
from dialtone_kit.lesson.attack_room import NAIVE, AttackRoom
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.local.controls import Controls
from dialtone_kit.wire.recorder import Wire

Like = Literal["default", "strict"]
NO_ROOM: Mapping[int, str] = {
    11: "Room 11 would need a service that takes `alg` none or HMAC: that check is never off.",
    12: "Room 12 would need a service that takes private keys in `jwk`: that check is never off.",
    21: "There is no room 21: nothing here stops a changed body, so no check can be off. TLS does.",
    22: "There is no room 22: only the person at the page stops a phished approval.",
    24: "Room 24 would need a service that takes any token: that check is never off.",
    25: "Room 25 would need a service that takes expired tokens: that check is never off.",
}
# What is off in each room: what stops the attack of that number, by the lab's name for it.
LAB_NAMES = {"scheme": "scheme_fits_cnf", "aud": "audience_is_ours"}
SWITCHES: Mapping[int, str] = {
    attack.number: LAB_NAMES.get(attack.rule, attack.rule)
    for attack in (*ATTACKS, *BEYOND)
    if attack.number not in NO_ROOM
}
SOUND = 0  # the room where nothing is off
DEMONSTRATION = 10  # a good proof comes along, so its room shows no theft and has no flag


@dataclass(frozen=True)
class Found:
    """What a flag shows. `room`: the number of the open room that it is from; None if of none.

    `by_rule`: the check that is off there has let something through.
    """

    room: int | None
    by_rule: bool = False


class AttackRooms:
    """Opens rooms, each once, and recognizes their flags."""

    def __init__(self, base_url: str, controls: Controls, wire: Wire, *, is_mock: bool) -> None:
        self._base_url, self._controls, self._wire = base_url, controls, wire
        self._is_mock = is_mock
        self._open: dict[int, AttackRoom] = {}
        self._all: list[AttackRoom] = []  # in the order in which they were opened

    @hiding
    def room(self, number: int) -> AttackRoom:
        """Room `number`, as it was left. Raises DialtoneError where there is none."""
        if not self._is_mock:
            raise MockOnly(
                "Only the local service has rooms to break into; nobody breaks into the real one "
                'here. Set base_url = "mock" to run this part.'
            )
        if type(number) is not int or number not in (SOUND, *SWITCHES):
            told = f"There is no room {brief(repr(number))}. Rooms are 0 to 10 and 13 to 20."
            raise DialtoneError(NO_ROOM.get(number, told) if type(number) is int else told)
        known = self._open.get(number)
        if known is None or known.closed:
            self._open[number] = self.new(number)
            self._all.append(self._open[number])
        return self._open[number]

    def new(self, number: int, like: Like | None = None) -> AttackRoom:
        """A new room, in a realm `like` default; the one without nonces is like strict."""
        off = SWITCHES.get(number, "")
        like = like or ("strict" if off == "nonce_is_ours" else "default")
        lab = self._realm(like, None if off in ("", NAIVE) else off)
        return AttackRoom(number, off, self._base_url, lab, self._wire)

    def _realm(self, like: Like, without: str | None) -> LabRealm:
        """A realm for a room.

        In a class you have few, so the oldest room makes way for it, but never room 0: all others
        are compared with that one.
        """
        make = partial(LabRealm, self._base_url, self._controls, self._wire, scopes=())
        while True:
            try:
                return make(like=like, without=without)
            except ServiceError as refused:
                spare = [room for room in self._all if not room.closed and room.number != SOUND]
                if refused.status != 409 or not spare:
                    raise
                spare[0].leave()

    def found(self, flag: object) -> Found:
        """Whose flag this is, and whether the rule that is off there has let someone in."""
        text = flag.strip() if isinstance(flag, str) else ""
        for room in reversed(self._all):
            if room.hides(text):
                return Found(room.number, room.by_rule)
        return Found(None)

    def holed(self, asked: str) -> bool:
        """Whether a request such as "GET /realms/lab-1234/api/notes" was for a room with a hole."""
        paths = [urlsplit(room.issuer).path for room in self._all if room.number != SOUND]
        return any(f" {path}/" in asked for path in paths)

    def close(self) -> None:
        """Close them all."""
        for room in self._all:
            room.close()
