"""Every attack against every room: exactly the diagonal opens. `-s` prints the matrix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialtone_kit.attacks.bag import owner
from dialtone_kit.attacks.beyond import BEYOND
from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.attacks.judge import try_attack
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson.attack_room import AttackRoom, sender
from dialtone_kit.lesson.attack_rooms import SOUND, SWITCHES, AttackRooms
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.wire.recorder import Wire
from tests.support.attack_steps import STEPS

EVERY = {attack.number: attack for attack in (*ATTACKS, *BEYOND)}
EXPIRED = 25  # no room has an expired token
AHEAD = 8  # goes to a realm like strict: elsewhere a proof without a nonce is simply a good one
FLAG = re.compile("The flag is flag-[0-9a-f]{12}")


@pytest.fixture
def rooms(shared_home: Path) -> AttackRooms:
    running = service.ensure(say=print)
    return AttackRooms(running.base_url, Controls(lambda: running), Wire(), is_mock=True)


def opened(attack: Attack, room: AttackRoom) -> bool:
    """Whether the attack gets at the notes."""
    if steps := STEPS.get(attack.number):
        try:
            return FLAG.search(steps(room).text) is not None
        except DialtoneError:
            return False
    outcome = try_attack(attack, sender(room.http), owner(room.bag), room.bag)
    could_be = ("not tried",) if attack.number == EXPIRED else ("open", "held")
    assert outcome.verdict in could_be, (attack.number, room, outcome)
    return outcome.verdict == "open"


def row(number: int, rooms: AttackRooms) -> set[int]:
    """The attacks that open the room of that number."""
    room, strict = rooms.new(number), rooms.new(number, "strict")
    _ = strict.bag.P1  # the agent has called before, so it has the nonce
    found = {
        attack.number
        for attack in EVERY.values()
        if opened(attack, strict if attack.number == AHEAD else room)
    }
    assert room.by_rule is (number in found)
    strict.close()
    room.close()
    return found


def test_every_attack_opens_its_own_room_and_no_other(rooms: AttackRooms) -> None:
    matrix = {number: row(number, rooms) for number in (SOUND, *SWITCHES)}
    print("\nroom " + "".join(f"{number:3}" for number in EVERY))
    for number, found in matrix.items():
        marks = "".join("  o" if attack in found else "  ." for attack in EVERY)
        print(f"{number or 'none':>4} {marks}  {SWITCHES.get(number, '')}")
    assert matrix == {number: {number} & set(SWITCHES) for number in matrix}
    assert set(EVERY) - set(SWITCHES) == {11, 12, 24, EXPIRED}


def test_an_attack_bears_the_name_of_what_its_room_is_without() -> None:
    """Where the rule has one name: the catalogue names 13 and 14 by what a verifier reads."""
    own = {number: attack.rule for number, attack in EVERY.items() if number not in (13, 14)}
    proof, token = {11: "alg_is_listed", 12: "jwk_is_public"}, {24: "verify_token", EXPIRED: "exp"}
    assert own == proof | token | {
        number: name for number, name in SWITCHES.items() if number in own
    }
