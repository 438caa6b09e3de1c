"""The proof cases of the catalogue over HTTP: at the token endpoint and at a protected resource."""

import pytest
from raw_http import (
    Line,
    ask_token,
    call,
    call_scene,
    challenged,
    granted,
    refused,
    token_scene,
)
from running_mock import Registered

from refusals import ACCEPTED, REFUSED, Case

AT_RESOURCE = [case for case in REFUSED if case.over_http]
AT_TOKEN_ENDPOINT = [case for case in AT_RESOURCE if case.row != "1"]  # none sent: a bearer token
ONE_OF_EACH_ROW = list({case.row: case for case in AT_TOKEN_ENDPOINT}.values())


@pytest.fixture(scope="session")
def token(resident: Registered) -> str:
    return resident.token()


@pytest.mark.parametrize("case", AT_TOKEN_ENDPOINT, ids=lambda case: case.id)
def test_no_token_for(case: Case, line: Line, resident: Registered) -> None:
    proofs = case.headers(token_scene(resident))
    text = refused(ask_token(line, resident, proofs), 400, "invalid_dpop_proof", case.says)
    assert text.startswith(f"{case.rule}: ")


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_a_token_for(case: Case, line: Line, resident: Registered) -> None:
    granted(ask_token(line, resident, case.headers(token_scene(resident))))


@pytest.mark.parametrize("case", AT_RESOURCE, ids=lambda case: case.id)
def test_no_answer_for(case: Case, line: Line, resident: Registered, token: str) -> None:
    scene = call_scene(resident, token)
    text = challenged(call(line, scene, case.headers(scene)), "invalid_dpop_proof", case.says)
    assert text.startswith(f"{case.rule}: ")


@pytest.mark.parametrize(
    "case", [case for case in ACCEPTED if case.row not in ("26", "27")], ids=lambda case: case.id
)
def test_an_answer_for(case: Case, line: Line, resident: Registered, token: str) -> None:
    scene = call_scene(resident, token)
    answer = call(line, scene, case.headers(scene))
    assert (answer.status, answer.json().get("client_id")) == (200, resident.client_id), answer
    assert answer.all("www-authenticate") == []


@pytest.mark.parametrize("case", ONE_OF_EACH_ROW, ids=lambda case: case.row)
def test_94_after_the_refusal_the_right_proof_works(
    case: Case, line: Line, resident: Registered, token: str
) -> None:
    scene = token_scene(resident)
    assert ask_token(line, resident, case.headers(scene)).status == 400
    granted(ask_token(line, resident, [scene.proof()]))
    scene = call_scene(resident, token)
    assert call(line, scene, case.headers(scene)).status == 401
    assert call(line, scene, [scene.proof()]).status == 200


@pytest.mark.parametrize("junk", ["\0", "\x01", "\x7f", "\x0b", "\x1b[31m"], ids=repr)
def test_7_a_control_character_never_reaches_a_token(
    junk: str, line: Line, resident: Registered
) -> None:
    """The server itself may end such a request, before any route could answer in JSON."""
    answer = ask_token(line, resident, [token_scene(resident).proof() + junk])
    assert answer.status == 400
    assert b"access_token" not in answer.body


@pytest.mark.parametrize("name", ["dpop", "DPOP", "dPoP", "Dpop"])
def test_5_the_name_of_the_header_in_any_case(name: str, line: Line, resident: Registered) -> None:
    proof = token_scene(resident).proof()
    granted(ask_token(line, resident, [], (name, proof)))
    other = token_scene(resident).proof()
    answer = ask_token(line, resident, [proof], (name, other))
    refused(answer, 400, "invalid_dpop_proof", "one DPoP header")
