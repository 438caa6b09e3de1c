"""Rooms of the attack lab: what is in them, what is hidden, and who gets one line instead."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit import start
from dialtone_kit.attacks.bag import PIECES, owner
from dialtone_kit.attacks.victim import Victim
from dialtone_kit.base.errors import DialtoneError, IssuerMismatch, MockOnly, ServiceUnreachable
from dialtone_kit.client import credentials as store
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.attack_rooms import AttackRooms, Found
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.lure import Caught
from dialtone_kit.lesson.room_victim import Robbed
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import free_port
from tests.support.reachable import reachable

LIE = {"token_endpoint": "{here}/token"}


@pytest.fixture
def lesson(shared_home: Path) -> Iterator[Lesson]:
    lesson = start(11)
    yield lesson
    lesson.done()


def flag_in(text: str) -> str:
    found = re.search("flag-[0-9a-f]{12}", text)
    assert found, text
    return found[0]


def test_a_room_is_the_same_until_it_is_gone(lesson: Lesson) -> None:
    room = lesson.room(4)
    assert lesson.room(4) is room
    flag = flag_in(room.call(room.bag.T, room.bag.P2).text)
    assert lesson.found(f" {flag}\n") == Found(4, by_rule=True)
    bag = room.bag
    lesson.controls.remove_realm(room.issuer.rpartition("/")[2])
    with pytest.raises(DialtoneError, match=r"^Room 4 is gone\. lesson\.room\(4\) opens a new one"):
        room.call(room.bag.T)
    with pytest.raises(DialtoneError, match=r"There is no P1: .*\(404\)"):
        _ = bag.P1
    with pytest.raises(DialtoneError, match=r"room\.close\(\), then lesson\.room\(n\)\.$"):
        _ = bag.P1
    for use in (lambda: room.bag, lambda: room.me, lambda: room.lure(LIE)):
        with pytest.raises(DialtoneError, match="Room 4 is gone"):
            use()
    assert lesson.found(flag) == Found(None)
    again = lesson.room(4)
    assert again.issuer != room.issuer
    assert lesson.found(flag) == Found(None)
    lesson.done()
    with pytest.raises(DialtoneError, match="Room 4 is gone"):
        again.call("x")


def test_a_room_whose_service_is_gone_says_so_in_a_line(lesson: Lesson) -> None:
    room = lesson.room(4)
    room.notes = f"http://127.0.0.1:{free_port(0)}/api/notes"
    with pytest.raises(ServiceUnreachable, match="No connection to http://127"):
        room.call("a token")


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (11, "`alg` none or HMAC: that check is never off"),
        (12, "private keys in `jwk`: that check is never off"),
        (21, "nothing here stops a changed body"),
        (22, "only the person at the page"),
        (99, "There is no room 99. Rooms are 0 to 10 and 13 to 20."),
        (-1, "There is no room -1"),
        ("4", "There is no room '4'"),
        (4.5, "There is no room 4.5"),
        ([4], r"There is no room \[4\]"),
        (True, "There is no room True"),
        (None, "There is no room None"),
    ],
)
def test_where_there_is_no_room_one_line_says_so(lesson: Lesson, number: Any, line: str) -> None:
    with pytest.raises(DialtoneError, match=line) as told:
        lesson.room(number)
    assert "\n" not in str(told.value)


def test_the_real_service_has_none(lesson: Lesson) -> None:
    real = AttackRooms("https://id.example", Controls(None), lesson.wire, is_mock=False)
    with pytest.raises(MockOnly, match='Set base_url = "mock" to run this part'):
        real.room(4)


def test_the_flag_of_another_room_is_known_as_such(lesson: Lesson) -> None:
    four, five = lesson.room(4), lesson.room(5)
    flags = [
        flag_in(four.call(four.bag.T, four.bag.P2).text),
        flag_in(five.call(five.bag.T, five.bag.P3).text),
    ]
    assert [lesson.found(flag).room for flag in flags] == [4, 5]
    for no_flag in ("flag-000000000000", "", "flag-", None, 4, ["flag"], "\ud800"):
        assert lesson.found(no_flag) == Found(None)


def test_a_way_in_that_nobody_meant_is_no_way_by_the_rule(lesson: Lesson) -> None:
    room = lesson.room(4)
    realm = room.issuer.rpartition("/")[2]
    lesson.controls.write_policies(realm, "permit (principal, action, resource);")
    stolen = room.me.client.exchange(room.bag.T, scope="notes:read", key=room.me.key)
    flag = flag_in(room.me.client.call("GET", room.notes, stolen).text)
    assert lesson.found(flag) == Found(4, by_rule=False)
    assert room.call(room.bag.T, room.bag.P3).status_code == 401
    theirs = owner(room.bag)  # whoever reads the kit's own memory makes good proofs
    assert room.call(room.bag.T, theirs.proof(room.bag.target)).status_code == 200
    assert lesson.found(flag) == Found(4, by_rule=False)
    assert room.call(room.bag.T, room.bag.P2).status_code == 200
    assert lesson.found(flag) == Found(4, by_rule=True)


def test_a_room_outlives_its_tokens(lesson: Lesson) -> None:
    room = lesson.room(4)
    before = str(room.bag.T)
    assert str(room.bag.T) == before
    room._lab.move_clock(3700)
    assert str(room.bag.T) != before
    assert room.call(room.bag.T, room.bag.P2).status_code == 200


def test_the_room_where_two_proofs_come_takes_a_second_one(lesson: Lesson) -> None:
    room = lesson.room(10)
    assert room.call(room.bag.T, room.bag.P2, room.bag.P3).status_code == 401
    assert "htm_matches" in room.call(room.bag.T, room.bag.P2, room.bag.P3).text


# --- what is hidden ----------------------------------------------------------------------------


def test_no_attribute_leads_to_the_victim(lesson: Lesson) -> None:
    room = lesson.room(4)
    taken = [getattr(room.bag, name) for name in (*PIECES, "D", "R", "E", "W", "A")]
    found = reachable(room, taken)
    assert not [one for one in found if isinstance(one, Robbed | Victim)]
    assert [one for one in found if isinstance(one, ProofKey)] == [room.me.key]
    assert [one for one in found if isinstance(one, Credentials)] == [room.me.client.credentials]


def test_nothing_of_the_victim_is_shown_recorded_or_stored(lesson: Lesson) -> None:
    before = len(lesson.wire.round_trips)
    room = lesson.room(19)
    bag = room.bag
    _ = bag.P1
    pieces = [*(getattr(bag, name) for name in PIECES), bag.R, bag.E, *bag.E.codes, bag.W, bag.A]
    assert len(lesson.wire.round_trips) == before
    assert not [name for name in store.stored() if name.startswith(("cli_orders", "cli_laptop"))]
    shown = repr([room, bag, *pieces])
    secret = [str(bag.T), str(bag.P6), bag.R["refresh_token"], bag.E["poll_token"], *bag.E.codes]
    assert not [text for text in secret if text in shown]
    for thing in (room, bag, *pieces):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_calls_are_on_the_lessons_wire(lesson: Lesson) -> None:
    room = lesson.room(2)
    room.call(room.bag.T, room.bag.P1)
    assert lesson.wire.round_trips[-1].url == room.notes


# --- pieces for the doors beyond ---------------------------------------------------------------


def test_only_one_room_has_a_proof_made_ahead(lesson: Lesson) -> None:
    with pytest.raises(DialtoneError, match="Only room 8 has a P7"):
        _ = lesson.room(4).bag.P7
    room = lesson.room(8)
    assert room.call(room.bag.T, room.bag.P7).status_code == 200


def test_the_right_code_is_among_those_listed_but_no_lucky_guess(lesson: Lesson) -> None:
    room = lesson.room(18)
    enrollment = room.bag.E
    assert room.bag.E is enrollment
    answers = []
    for code in enrollment.codes:
        sent = enrollment | {"verification_code": code}
        answers.append(room.http.post(room.confirm_url, json=sent).status_code)
    assert answers.count(200) == 1
    assert answers.index(200) >= 5
    assert set(answers[: answers.index(200)]) == {401}
    assert len(set(enrollment.codes)) == len(enrollment.codes) == 32
    assert room.bag.E["enrollment_id"] != enrollment["enrollment_id"]  # the next one


def test_each_request_of_the_workload_is_used_up_when_it_is_logged(lesson: Lesson) -> None:
    room = lesson.room(18)
    answer = room.http.post(room.svid_url, json=room.bag.W)
    assert (answer.status_code, "already used" in answer.text) == (409, True)


# --- room 20 -----------------------------------------------------------------------------------


def test_the_naive_agent_sends_its_secret_where_it_is_told_to(lesson: Lesson) -> None:
    room = lesson.room(20)
    caught = room.lure(LIE)
    name, secret = caught.basic
    assert caught.form["grant_type"] == "client_credentials"
    assert secret not in repr(caught) + repr(caught.headers) + repr(caught.basic)
    with pytest.raises(TypeError):
        pickle.dumps(caught)
    agent = room.become(name, secret)
    assert secret not in repr(agent.credentials)
    assert agent.get_token(key=ProofKey.generate()).claims["sub"] == name
    assert name not in store.stored()


@pytest.mark.parametrize("document", [LIE | {"issuer": "{here}"}, LIE | {"issuer": "x"}, LIE, {}])
def test_a_careful_one_sends_nothing(lesson: Lesson, document: dict[str, Any]) -> None:
    room = lesson.room(4)
    with pytest.raises(DialtoneError):
        room.lure(document)


def test_a_careful_one_says_what_is_wrong(lesson: Lesson) -> None:
    room = lesson.room(4)
    with pytest.raises(IssuerMismatch, match="says it is about"):
        room.lure(LIE | {"issuer": room.issuer})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"token_endpoint": None},
        {"token_endpoint": 5},
        {"token_endpoint": "nowhere"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"token_endpoint": {"a": "b"}},
        "a document",
        None,
        5,
        {"issuer": object()},
    ],
)
def test_a_document_that_leads_nowhere_gets_one_line(lesson: Lesson, document: Any) -> None:
    with pytest.raises(DialtoneError, match=r"sent nothing|as a dict that JSON can hold") as told:
        lesson.room(20).lure(document)
    assert "\n" not in str(told.value)


def test_what_came_without_a_secret_says_so(lesson: Lesson) -> None:
    with pytest.raises(DialtoneError, match="No client's secret came"):
        _ = Caught({"Accept": "*/*"}, "").basic
