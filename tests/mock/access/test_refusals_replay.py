"""Rows 58 to 66 and 95: a proof works once, whoever sends it, for as long as it could pass."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.raw_http import (
    Answer,
    Line,
    ask_token,
    call,
    call_scene,
    challenged,
    granted,
    refused,
    token_scene,
)
from tests.support.refusals.forge import key_of, new_jti
from tests.support.refusals.signatures import twin
from tests.support.running_mock import Mock, Registered


def together(count: int, ask: Callable[[int], Answer]) -> list[Answer]:
    """The answers to `count` requests that leave at the same moment."""
    start = threading.Barrier(count)

    def one(number: int) -> Answer:
        start.wait()
        return ask(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.row("59")
def test_59_the_same_proof_again(line: Line, resident: Registered) -> None:
    proof = token_scene(resident).proof()
    granted(ask_token(line, resident, [proof]))
    refused(ask_token(line, resident, [proof]), 400, "invalid_dpop_proof", "jti_is_new")


@pytest.mark.row("43")
def test_43_the_n_minus_s_twin_of_an_accepted_proof(line: Line, resident: Registered) -> None:
    proof = token_scene(resident).proof()
    granted(ask_token(line, resident, [proof]))
    refused(ask_token(line, resident, [twin(proof)]), 400, "invalid_dpop_proof", "jti_is_new")


@pytest.mark.row("60")
def test_60_the_same_jti_by_another_key(line: Line, resident: Registered) -> None:
    jti = new_jti()
    for key in (resident.key, key_of("ES256", "other"), key_of("EdDSA")):
        proof = token_scene(resident, key=key).proof(claims={"jti": jti})
        granted(ask_token(line, resident, [proof]))


def test_two_jti_are_one_only_if_they_are_equal(line: Line, resident: Registered) -> None:
    """Neither the case, nor Unicode's equivalences, nor a cut makes two of them one."""
    first = new_jti()
    longer = (first + tail for tail in (" ", "\0", "\u00e9", "e\u0301"))
    for jti in (first, first.upper(), *longer):
        granted(ask_token(line, resident, [token_scene(resident).proof(claims={"jti": jti})]))


def test_a_jti_used_for_a_token_is_used_at_a_resource_too(line: Line, resident: Registered) -> None:
    """One memory for the whole realm: §11.1 leaves it open, the stricter reading is safe."""
    jti = new_jti()
    granted(ask_token(line, resident, [token_scene(resident).proof(claims={"jti": jti})]))
    scene = call_scene(resident, resident.token())
    answer = call(line, scene, [scene.proof(claims={"jti": jti})])
    challenged(answer, "invalid_dpop_proof", "jti_is_new")


@pytest.mark.row("61")
def test_61_dated_ahead_and_sent_again_as_long_as_it_could_pass(
    line: Line, registered_client: Registered
) -> None:
    client, mock = registered_client, registered_client.mock
    scene = token_scene(client)
    proof = scene.proof(claims={"iat": scene.now + 4})
    granted(ask_token(line, client, [proof]))
    for seconds, rule in ((58, "jti_is_new"), (4, "jti_is_new"), (9, "iat_is_fresh")):
        mock.move_clock(client.realm, seconds)
        refused(ask_token(line, client, [proof]), 400, "invalid_dpop_proof", rule)


@pytest.mark.row("58", "58✓")
def test_58_the_window_goes_with_the_services_clock(
    line: Line, registered_client: Registered
) -> None:
    client, mock = registered_client, registered_client.mock
    before = token_scene(client)
    mock.move_clock(client.realm, 3600)
    refused(ask_token(line, client, [before.proof()]), 400, "invalid_dpop_proof", "iat_is_fresh")
    granted(ask_token(line, client, [token_scene(client).proof()]))


@pytest.mark.both_databases
@pytest.mark.row("62", "62✓")
def test_62_of_thirty_tokens_in_parallel_exactly_one(mock: Mock, resident: Registered) -> None:
    proof = token_scene(resident).proof()
    answers = together(30, lambda _: ask_token(Line(mock), resident, [proof]))
    assert sorted(answer.status for answer in answers) == [200] + 29 * [400]
    for answer in answers:
        if answer.status == 400:
            refused(answer, 400, "invalid_dpop_proof", "jti_is_new")


@pytest.mark.both_databases
@pytest.mark.row("62")
def test_62_of_thirty_notes_in_parallel_exactly_one(mock: Mock, resident: Registered) -> None:
    """Proof and effect share a transaction: twenty-nine notes are never written."""
    token, text = resident.token(), new_jti()
    scene = call_scene(resident, token, path="/api/notes", method="POST")
    fields = [
        ("Authorization", f"DPoP {token}"),
        ("DPoP", scene.proof()),
        ("Content-Type", "application/json"),
    ]
    body = f'{{"text": "{text}"}}'.encode()
    answers = together(30, lambda _: Line(mock).send("POST", scene.url, fields, body))
    assert sorted(answer.status for answer in answers) == [201] + 29 * [401]
    notes = resident.call("GET", scene.url, token).json()["notes"]
    assert [note["text"] for note in notes].count(text) == 1


@pytest.mark.both_databases
@pytest.mark.row("95")
def test_95_in_parallel_with_different_keys(mock: Mock, resident: Registered) -> None:
    scenes = [token_scene(resident, key=key_of("ES256", str(n))) for n in range(10)]
    answers = together(10, lambda n: ask_token(Line(mock), resident, [scenes[n].proof()]))
    assert len({granted(answer) for answer in answers}) == 10


@pytest.mark.row("63")
def test_63_used_is_used_for_another_worker_and_after_a_restart(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock(workers=2)
    client = mine.register("default")
    token = client.token()
    at_token, at_resource = token_scene(client), call_scene(client, token)
    proof, proof_of_call = at_token.proof(), at_resource.proof()
    granted(ask_token(Line(mine), client, [proof]))
    assert call(Line(mine), at_resource, [proof_of_call]).status == 200

    def all_refused() -> None:
        for _ in range(6):  # new connections: they come to both workers
            refused(ask_token(Line(mine), client, [proof]), 400, "invalid_dpop_proof", "jti_is_new")
            again = call(Line(mine), at_resource, [proof_of_call])
            challenged(again, "invalid_dpop_proof", "jti_is_new")

    all_refused()
    mine.stop()
    mine.start()
    all_refused()
    granted(ask_token(Line(mine), client, [at_token.proof()]))


@pytest.mark.row("64")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"resource": "not absolute"}, "invalid_target"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_64_a_refused_request_uses_up_no_proof(
    fault: dict[str, str], error: str, line: Line, resident: Registered
) -> None:
    proof = token_scene(resident).proof()
    refused(ask_token(line, resident, [proof], **fault), 400, error)
    granted(ask_token(line, resident, [proof]))


@pytest.mark.row("64")
def test_64_nor_does_a_call_without_the_scope(line: Line, resident: Registered) -> None:
    poor, rich = resident.token(scope="openid"), resident.token()
    jti = new_jti()
    for token, status in ((poor, 403), (rich, 200), (rich, 401)):
        scene = call_scene(resident, token, path="/api/notes")
        assert call(line, scene, [scene.proof(claims={"jti": jti})]).status == status


@pytest.mark.row("66")
def test_66_a_wrong_secret_is_reported_first_and_uses_up_no_proof(
    line: Line, resident: Registered
) -> None:
    scene = token_scene(resident)
    proof = scene.proof()
    stranger = Registered(resident.mock, {**resident.answer, "client_secret": "sec_wrong"})
    refused(ask_token(line, stranger, [proof]), 401, "invalid_client")
    refused(ask_token(line, stranger, [scene.proof(claims={"htm": "GET"})]), 401, "invalid_client")
    granted(ask_token(line, resident, [proof]))
