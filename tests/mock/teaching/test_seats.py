"""A class: two learners on one service who can't touch each other, and a trainer who may do all."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from tests.support.class_room import Learner, Room, error, running_room

OF_A_REALM = [
    ("POST", "clock", {"move_seconds": 60}),
    ("POST", "faults", {"kind": "status"}),
    ("POST", "faults/clear", {}),
    ("POST", "limits/clear", {}),
    ("POST", "reset", {}),
    ("PUT", "policies", {"text": "permit (principal, action, resource);"}),
]
OF_THE_TRAINER = [
    ("POST", "keys/rotate", None),
    ("GET", "policies", None),
    ("POST", "clients/lock", {"client_id": "cli_x"}),
    ("GET", "class/events", None),
]

pytestmark = pytest.mark.both_databases


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Room]:
    with running_room(tmp_path_factory.mktemp("room") / "state", database=database) as room:
        yield room


@pytest.fixture
def anna(room: Room) -> Iterator[Learner]:
    yield room.learners[0]
    room.learners[0].control("DELETE", "realms")


@pytest.fixture
def ben(room: Room) -> Iterator[Learner]:
    yield room.learners[1]
    room.learners[1].control("DELETE", "realms")


@pytest.mark.parametrize(("method", "path", "body"), OF_A_REALM, ids=lambda one: str(one)[:12])
def test_a_private_realm_answers_to_its_learner_alone(
    anna: Learner, ben: Learner, method: str, path: str, body: dict[str, Any]
) -> None:
    sent = {"realm": anna.new_realm(), **body}
    assert error(ben.control(method, path, json=sent)) == (404, "not_found")
    assert anna.control(method, path, json=sent).status_code == 200


def test_nobody_else_removes_a_realm(anna: Learner, ben: Learner) -> None:
    realm = anna.new_realm()
    assert error(ben.control("DELETE", f"realms/{realm}")) == (404, "not_found")
    assert ben.control("DELETE", "realms").json() == {"cleared": 0}
    assert anna.control("DELETE", f"realms/{realm}").status_code == 204


@pytest.mark.parametrize(("method", "path", "body"), OF_THE_TRAINER, ids=lambda one: str(one)[:12])
def test_what_everyone_shares_is_the_trainers(
    room: Room, anna: Learner, method: str, path: str, body: dict[str, Any] | None
) -> None:
    refused = anna.control(method, path, json=body)
    assert error(refused) == (403, "access_denied")
    assert "Only the trainer" in refused.json()["error_description"]
    assert room.control(method, path, json=body).status_code in (200, 201, 404)  # no such client


@pytest.mark.parametrize(("method", "path", "body"), OF_A_REALM, ids=lambda one: str(one)[:12])
def test_a_public_realm_is_no_learners(
    anna: Learner, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = anna.control(method, path, json={"realm": "default", "confirm": "default", **body})
    if path == "limits/clear":
        assert answer.json() == {"cleared": 0}  # their own count, and there is none
    else:
        assert error(answer) == (403, "access_denied")


def test_a_learner_has_three_realms_at_a_time(anna: Learner, ben: Learner) -> None:
    realms = [anna.new_realm() for _ in range(3)]
    refused = anna.control("POST", "realms", json={})
    assert error(refused) == (409, "conflict")
    assert "lesson.done()" in refused.json()["error_description"]
    ben.new_realm()  # the others' don't count
    anna.control("DELETE", f"realms/{realms[0]}")
    anna.new_realm()


def test_an_inbox_shows_its_own_emails(room: Room, anna: Learner, ben: Learner) -> None:
    anna.register()
    assert [mail["to"] for mail in anna.inbox()] == [anna.email]
    assert ben.inbox() == ben.inbox(email=anna.email) == []
    assert room.inbox(email=anna.email)
    assert anna.inbox(email=anna.email.upper())


def test_an_address_with_something_added_is_the_same_persons(anna: Learner, ben: Learner) -> None:
    more = anna.email.replace("@", "+agent@")
    anna.register(email=more)
    assert ben.inbox(email=more) == []


def test_an_address_is_claimed_before_its_emails_are_seen(
    room: Room, anna: Learner, ben: Learner
) -> None:
    room.request_enrollment("default", email="made-up@example.com")
    claim = {"email": "made-up@example.com"}
    assert ben.control("POST", "inbox/addresses", json=claim).status_code == 204
    assert ben.inbox(email="made-up@example.com") == []  # that one was sent before
    ben.register(email="made-up@example.com")
    assert error(anna.control("POST", "inbox/addresses", json=claim)) == (409, "conflict")
    assert anna.inbox(email="made-up@example.com") == []


def test_nobody_claims_an_address_of_the_roster(anna: Learner, ben: Learner) -> None:
    for email in (anna.email, anna.email.replace("@", "+x@").upper()):
        refused = ben.control("POST", "inbox/addresses", json={"email": email})
        assert error(refused) == (409, "conflict")
        assert anna.control("POST", "inbox/addresses", json={"email": email}).status_code == 204
    wrong = anna.control("POST", "inbox/addresses", json={"email": "no address"})
    assert error(wrong) == (400, "invalid_request")


@pytest.fixture
def longer(room: Room, anna: Learner) -> Iterator[Learner]:
    """Someone who comes late, with Anna's address and something added."""
    late = Learner(room, 3, anna.email.replace("@", "+late@"))
    room.learners.append(late)
    room.write()
    yield late
    room.learners.remove(late)
    room.write()


def test_an_address_in_the_roster_is_the_one_persons_who_has_it(
    anna: Learner, longer: Learner
) -> None:
    later = longer.email.replace("@", "+more@")
    for email, whose in ((longer.email, longer), (later, longer), (anna.email, anna)):
        registered = whose.register(email=email)
        for one in (anna, longer):
            assert bool(one.inbox(email=email)) is (one is whose)
            trail = one.control("GET", "audit", params={"client": registered.client_id}).json()
            assert bool(trail["events"]) is (one is whose)


def test_who_claimed_an_address_loses_it_to_the_one_who_comes_with_it(
    room: Room, anna: Learner
) -> None:
    claimed = "someone.else@example.org"
    assert anna.control("POST", "inbox/addresses", json={"email": claimed}).status_code == 204
    anna.register(email=claimed)
    late = Learner(room, 3, claimed)
    room.learners.append(late)
    room.write()
    try:
        assert late.inbox(email=claimed)
        assert not anna.inbox(email=claimed)
    finally:
        room.learners.remove(late)
        room.write()


def test_a_private_realm_has_all_its_emails(room: Room, anna: Learner, ben: Learner) -> None:
    realm = anna.new_realm()
    room.request_enrollment(realm, email="somebody@example.com")
    assert [mail["to"] for mail in anna.inbox(realm=realm)] == ["somebody@example.com"]
    assert ben.inbox(realm=realm) == []


def test_the_trail_shows_ones_own(room: Room, anna: Learner, ben: Learner) -> None:
    client = anna.register(email=anna.email.replace("@", "+trail@"))
    client.token(scope="openid")
    hers = anna.control("GET", "audit", params={"client": client.client_id}).json()["events"]
    assert {event["client_id"] for event in hers} == {client.client_id}
    asked = {"client": client.client_id}
    assert ben.control("GET", "audit", params=asked).json()["events"] == []
    assert room.control("GET", "audit", params=asked).json()["events"] == hers


def test_limits_are_counted_by_seat_and_not_by_address(
    room: Room, anna: Learner, ben: Learner
) -> None:
    def ask(learner: Learner, number: int) -> int:
        email = learner.email.replace("@", f"+{number}@")
        return room.request_enrollment("strict", email=email).status_code

    assert [ask(anna, n) for n in range(11)] == [200] * 10 + [429]
    assert ask(ben, 0) == 200
    assert ben.control("POST", "limits/clear", json={"realm": "strict"}).json() == {"cleared": 2}
    assert ask(anna, 11) == 429  # only his own were cleared
    anna.control("POST", "limits/clear", json={"realm": "strict"})
    assert ask(anna, 12) == 200


def test_a_token_of_another_class_is_told_so(room: Room, anna: Learner) -> None:
    stranger = replace(anna, token="seat_" + "x" * 43)
    refused = stranger.control("GET", "inbox")
    assert error(refused) == (401, "unauthorized")
    assert "from another class" in refused.json()["error_description"]


def test_hello_is_keyed_by_the_hash_of_the_token(room: Room, anna: Learner) -> None:
    asked = {"nonce": "n", "seat": str(anna.seat)}
    answer = room.http.get(f"{room.base_url}/mock/hello", params=asked).json()["answer"]
    message = f"hello|n|{room.base_url}".encode()
    assert answer == hmac.new(anna.key.encode(), message, sha256).hexdigest()
    unknown = room.http.get(f"{room.base_url}/mock/hello", params=asked | {"seat": "99"})
    assert error(unknown) == (404, "not_found")


def test_the_file_holds_hashes_and_nobody_can_use_them(room: Room, anna: Learner) -> None:
    assert anna.token not in room.file.read_text()
    thief = replace(anna, token=anna.key)
    assert error(thief.control("GET", "inbox")) == (401, "unauthorized")


def test_a_late_learner_and_a_renewed_token_need_no_restart(room: Room, ben: Learner) -> None:
    late, old = Learner(room, 3, "late@school.example"), ben.token
    assert error(late.control("GET", "inbox")) == (401, "unauthorized")
    room.learners.append(late)
    ben.token = replace(late).token[:-4] + "abcd"
    room.write()
    assert late.control("GET", "inbox").status_code == 200
    assert ben.control("GET", "inbox").status_code == 200
    assert error(replace(ben, token=old).control("GET", "inbox")) == (401, "unauthorized")


def test_a_file_that_is_damaged_leaves_the_seats_as_they_were(room: Room, anna: Learner) -> None:
    room.file.write_text("{")
    assert anna.control("GET", "inbox").status_code == 200
    room.write()
    assert anna.control("GET", "inbox").status_code == 200


def test_faults_of_one_realm_leave_the_other_alone(anna: Learner, ben: Learner) -> None:
    first, second = anna.new_realm(), ben.new_realm()
    anna.control("POST", "faults", json={"realm": first, "kind": "status", "times": 5})
    get = anna.room.http.get
    assert get(f"{anna.room.issuer(second)}/jwks").status_code == 200
    assert get(f"{anna.room.issuer(first)}/jwks").status_code == 503
    shared = {"realm": first, "kind": "status", "path_suffix": "/v1/svid/x509"}
    assert error(anna.control("POST", "faults", json=shared)) == (403, "access_denied")


def test_a_clock_moves_for_one_learner(anna: Learner, ben: Learner) -> None:
    first, second = anna.new_realm(), ben.new_realm()
    anna.control("POST", "clock", json={"realm": first, "move_seconds": 86400})
    get = anna.room.http.get
    dates = [get(f"{anna.room.issuer(one)}/jwks").headers["date"] for one in (first, second)]
    assert dates[0][:16] != dates[1][:16]
