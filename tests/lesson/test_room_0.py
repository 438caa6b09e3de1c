"""Room 0, where nothing is off: no single piece of the bag opens it, and T with P2 is one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit import start
from dialtone_kit.lesson.attack_room import AttackRoom


@pytest.fixture
def room(shared_home: Path) -> Iterator[AttackRoom]:
    lesson = start(11)
    yield lesson.room(0)
    lesson.done()


def test_no_piece_opens_it(room: AttackRoom) -> None:
    for piece in ("P1", "P2", "P3", "P4", "P5", "P6"):
        assert room.call(room.bag.T, getattr(room.bag, piece)).status_code == 401, piece
    assert not room.by_rule


def test_an_unused_proof_is_good_for_the_one_call_that_it_was_made_for(room: AttackRoom) -> None:
    headers = {"Authorization": f"DPoP {room.bag.T}", "DPoP": room.bag.P2}
    sent = [room.http.post(room.notes, headers=headers, json={"text": "x"}) for _ in range(2)]
    assert [response.status_code for response in sent] == [201, 401]
    assert not room.by_rule


def test_it_is_the_same_at_the_second_call_and_gone_at_the_end(shared_home: Path) -> None:
    lesson = start(11)
    room = lesson.room(0)
    assert lesson.room(0) is room
    lesson.done()
    assert room.closed
