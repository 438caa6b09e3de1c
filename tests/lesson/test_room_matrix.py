"""Every attack against every room: exactly the diagonal opens. `-s` prints the matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit import start
from dialtone_kit.attacks.bag import owner
from dialtone_kit.attacks.beyond import BEYOND, STEPS
from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.attacks.judge import try_attack
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson.attack_room import AttackRoom, sender
from dialtone_kit.lesson.attack_rooms import SWITCHES, AttackRooms
from dialtone_kit.lesson.lab_realm import LabRealm
from dialtone_kit.lesson.lesson import Lesson

EVERY = {attack.number: attack for attack in (*ATTACKS, *BEYOND)}
AHEAD = 8  # goes to a realm like strict: elsewhere a proof without a nonce is simply a good one
SOUND = 0  # a room with nothing off


@pytest.fixture
def lesson(shared_home: Path) -> Iterator[Lesson]:
    lesson = start(11)
    yield lesson
    lesson.done()


def opened(attack: Attack, room: AttackRoom, lesson: Lesson) -> bool:
    """Whether the attack gets at the notes."""
    steps = STEPS.get(attack.number)
    if steps is None:
        victim = owner(room.bag)
        outcome = try_attack(attack, sender(room.http), victim, room.bag)
        assert outcome.verdict in ("open", "held"), (attack.number, room, outcome)
        return outcome.verdict == "open"
    try:
        text = steps(room).text
    except DialtoneError:
        return False
    flag = re.search("flag-[0-9a-f]{12}", text)
    return flag is not None and (room.number == SOUND or lesson.found(flag[0]).room == room.number)


def sound(lesson: Lesson, like: str = "default") -> AttackRoom:
    lab = LabRealm(lesson.base_url, lesson.controls, lesson.wire, like=like, scopes=())
    return AttackRoom(SOUND, "", lesson.base_url, lab, lesson.wire, lambda _: None)


def row(number: int, lesson: Lesson) -> set[int]:
    """The attacks that open the room of that number."""
    rooms: AttackRooms = lesson._rooms
    room = lesson.room(number) if number in SWITCHES else sound(lesson)
    strict = rooms.new(number, "strict") if number in SWITCHES else sound(lesson, "strict")
    _ = strict.bag.P1  # the agent has called before, so it has the nonce
    found = {
        attack.number
        for attack in EVERY.values()
        if opened(attack, strict if attack.number == AHEAD else room, lesson)
    }
    strict.close()
    room.close()
    return found


def test_every_attack_opens_its_own_room_and_no_other(lesson: Lesson) -> None:
    matrix = {number: row(number, lesson) for number in (SOUND, *SWITCHES)}
    print("\nroom " + "".join(f"{number:3}" for number in EVERY))
    for number, found in matrix.items():
        marks = "".join("  o" if attack in found else "  ." for attack in EVERY)
        print(f"{number or 'none':>4} {marks}  {SWITCHES.get(number, '')}")
    assert matrix == {number: {number} & set(SWITCHES) for number in matrix}
    assert set(EVERY) - set(SWITCHES) == {11, 12}
