"""What learners share: events alone, bounded, each once; the trainer reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.class_room import Learner, Room, error, running_room

SERIES = "0123456789abcdef"
EVENT = {
    "number": 0,
    "at": "2026-11-26T19:09:03+00:00",
    "lesson": "02",
    "kind": "tried",
    "id": "02.tries",
    "outcome": "wrong",
    "code": "M25",
}

pytestmark = pytest.mark.both_databases


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Room]:
    with running_room(
        tmp_path_factory.mktemp("room") / "state", learners=30, database=database
    ) as room:
        yield room


@pytest.fixture
def learner(room: Room) -> Learner:
    return room.learners.pop()  # one for each test


def share(learner: Learner, *events: dict[str, Any], series: str = SERIES) -> Any:
    body = {"series": series, "events": list(events)}
    return learner.control("POST", "class/events", json=body)


def shared(room: Room, seat: int, after: int = 0) -> list[dict[str, Any]]:
    found = room.control("GET", "class/events", params={"after": after}).json()["events"]
    return [one["event"] for one in found if one["seat"] == seat]


def test_an_event_comes_to_the_trainer_as_it_was_sent(room: Room, learner: Learner) -> None:
    assert share(learner, EVENT).json() == {"received": 1}
    (seen,) = shared(room, learner.seat)
    assert {name: value for name, value in seen.items() if value is not None} == EVENT


def test_an_event_that_comes_again_is_stored_once(room: Room, learner: Learner) -> None:
    second = EVENT | {"number": 1}
    assert share(learner, EVENT, EVENT).json() == {"received": 1}
    assert share(learner, EVENT, second).json() == {"received": 1}
    assert share(learner, EVENT, series="f" * 16).json() == {"received": 1}
    assert [event["number"] for event in shared(room, learner.seat)] == [0, 1, 0]


def test_a_reader_continues_behind_an_event(room: Room, learner: Learner) -> None:
    share(learner, EVENT)
    last = room.control("GET", "class/events").json()["events"][-1]["id"]
    share(learner, EVENT | {"number": 1})
    assert [event["number"] for event in shared(room, learner.seat, last)] == [1]


@pytest.mark.parametrize(
    "more",
    [
        {"text": "my own words"},
        {"choice": 2},
        {"email": "me@example.com"},
        {"kind": "wrote"},
        {"code": "123"},
        {"id": "me@example.com"},
        {"id": "x" * 49},
        {"at": "yesterday"},
        {"confidence": "VERY sure, and here is why"},
        {"lesson": "2"},
        {"number": -1},
        {"right": "yes"},
    ],
    ids=str,
)
def test_nothing_else_is_taken(learner: Learner, more: dict[str, Any]) -> None:
    assert error(share(learner, EVENT | more)) == (400, "invalid_request")
    assert share(learner, EVENT).json() == {"received": 1}


def test_a_call_brings_a_hundred_events_and_a_minute_six_hundred(learner: Learner) -> None:
    events = [EVENT | {"number": number} for number in range(701)]
    assert error(share(learner, *events[:101])) == (400, "invalid_request")
    for start in range(0, 600, 100):
        assert share(learner, *events[start : start + 100]).json() == {"received": 100}
    refused = share(learner, events[600])
    assert error(refused) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "60"
    assert share(learner, events[0]).json() == {"received": 0}  # that one is there already


def test_the_trainer_shares_nothing(room: Room) -> None:
    body = {"series": SERIES, "events": [EVENT]}
    assert error(room.control("POST", "class/events", json=body)) == (403, "access_denied")


def test_a_seat_has_room_for_twenty_thousand(room: Room, learner: Learner) -> None:
    room.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 19999) "
        "INSERT INTO class_events (seat, series, number, received_at, event) "
        "SELECT :seat, 'old', i, 0, '{}' FROM n",
        seat=learner.seat,
    )
    assert share(learner, EVENT).json() == {"received": 1}
    assert error(share(learner, EVENT | {"number": 1})) == (409, "conflict")
    room.sql("DELETE FROM class_events WHERE series = 'old'")
    assert share(learner, EVENT | {"number": 1}).json() == {"received": 1}
