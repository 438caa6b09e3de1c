"""The proof cases of the catalogue over HTTP: at the token endpoint and at a protected resource."""

import pytest

from tests.support.raw_http import (
    FORM,
    Line,
    ask_token,
    basic,
    call,
    call_scene,
    challenged,
    granted,
    refused,
    token_scene,
)
from tests.support.refusals import ACCEPTED, REFUSED, Case, each, edge_values
from tests.support.running_mock import Registered

AT_RESOURCE = [case for case in REFUSED if case.over_http]
AT_TOKEN_ENDPOINT = [case for case in AT_RESOURCE if case.row != "1"]  # none sent: a bearer token
EDGES = [case for n, case in enumerate(edge_values.CASES) if case.accepted or n % 9 == 0]
ONE_OF_EACH_ROW = list({case.row: case for case in AT_TOKEN_ENDPOINT}.values())


@pytest.fixture(scope="session")
def token(resident: Registered) -> str:
    return resident.token()


@pytest.mark.sample(100)
@pytest.mark.parametrize("case", each(AT_TOKEN_ENDPOINT))
def test_no_token_for(case: Case, line: Line, resident: Registered) -> None:
    proofs = case.headers(token_scene(resident))
    text = refused(ask_token(line, resident, proofs), 400, "invalid_dpop_proof", case.says)
    assert text.startswith(f"{case.rule}: ")


@pytest.mark.parametrize("case", each(ACCEPTED))
def test_a_token_for(case: Case, line: Line, resident: Registered) -> None:
    granted(ask_token(line, resident, case.headers(token_scene(resident))))


@pytest.mark.sample(100)
@pytest.mark.parametrize("case", each(AT_RESOURCE))
def test_no_answer_for(case: Case, line: Line, resident: Registered, token: str) -> None:
    scene = call_scene(resident, token)
    text = challenged(call(line, scene, case.headers(scene)), "invalid_dpop_proof", case.says)
    assert text.startswith(f"{case.rule}: ")


@pytest.mark.parametrize("case", each(case for case in ACCEPTED if case.row not in ("26", "27")))
def test_an_answer_for(case: Case, line: Line, resident: Registered, token: str) -> None:
    scene = call_scene(resident, token)
    answer = call(line, scene, case.headers(scene))
    assert (answer.status, answer.json().get("client_id")) == (200, resident.client_id), answer
    assert answer.all("www-authenticate") == []


@pytest.mark.sample(20)
@pytest.mark.parametrize("case", each(EDGES))
def test_edge_values_over_http(case: Case, line: Line, resident: Registered, token: str) -> None:
    """A sample; tests/base/test_edge_values.py has them all."""
    scene = token_scene(resident)
    answer = ask_token(line, resident, case.headers(scene))
    if case.accepted:
        granted(answer)
        return
    assert refused(answer, 400, "invalid_dpop_proof").startswith(f"{case.rule}: ")
    scene = call_scene(resident, token)
    text = challenged(call(line, scene, case.headers(scene)), "invalid_dpop_proof")
    assert text.startswith(f"{case.rule}: ")


@pytest.mark.row("94")
@pytest.mark.parametrize("case", each(ONE_OF_EACH_ROW))
def test_94_after_the_refusal_the_right_proof_works(
    case: Case, line: Line, resident: Registered, token: str
) -> None:
    scene = token_scene(resident)
    assert ask_token(line, resident, case.headers(scene)).status == 400
    granted(ask_token(line, resident, [scene.proof()]))
    scene = call_scene(resident, token)
    assert call(line, scene, case.headers(scene)).status == 401
    assert call(line, scene, [scene.proof()]).status == 200


@pytest.mark.row("7")
@pytest.mark.parametrize("junk", ["\0", "\x01", "\x7f", "\x0b", "\x1b[31m"], ids=repr)
def test_7_a_control_character_never_reaches_a_token(
    junk: str, line: Line, resident: Registered
) -> None:
    """The server itself may end such a request, before any route could answer in JSON."""
    answer = ask_token(line, resident, [token_scene(resident).proof() + junk])
    assert answer.status == 400
    assert b"access_token" not in answer.body


@pytest.mark.row("5")
@pytest.mark.parametrize("name", ["dpop", "DPOP", "dPoP", "Dpop"])
def test_5_the_name_of_the_header_in_any_case(name: str, line: Line, resident: Registered) -> None:
    proof = token_scene(resident).proof()
    granted(ask_token(line, resident, [], (name, proof)))
    other = token_scene(resident).proof()
    answer = ask_token(line, resident, [proof], (name, other))
    refused(answer, 400, "invalid_dpop_proof", "one DPoP header")


@pytest.mark.row("53")
def test_53_a_forged_host_makes_no_url(line: Line, resident: Registered) -> None:
    """The proof is for the URL that the forged Host would make; the service knows its own."""
    evil = resident.token_url.replace("127.0.0.1", "evil.example")
    fields = [basic(resident), ("Content-Type", FORM)]
    body = b"grant_type=client_credentials"
    proof = token_scene(resident, url=evil).proof()
    port = resident.mock.port
    answer = line.send(
        "POST", resident.token_url, [*fields, ("DPoP", proof)], body, host=f"evil.example:{port}"
    )
    assert answer.status == 421
    right = token_scene(resident).proof()
    forged = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Original-URL", "/evil"),
        ("X-HTTP-Method-Override", "GET"),
    ]
    granted(line.send("POST", resident.token_url, [*fields, *forged, ("DPoP", right)], body))
    again = [*fields, *forged, ("DPoP", token_scene(resident, url=evil).proof())]
    refused(line.send("POST", resident.token_url, again, body), 400, "invalid_dpop_proof", "htu")


@pytest.mark.row("54")
def test_54_localhost_is_another_origin_and_the_message_says_so(
    line: Line, resident: Registered
) -> None:
    """Also when the request itself went to localhost: the base URL decides, not the Host."""
    near = token_scene(resident, url=resident.token_url.replace("127.0.0.1", "localhost"))
    fields = [basic(resident), ("Content-Type", FORM), ("DPoP", near.proof())]
    answer = line.send("POST", near.url, fields, b"grant_type=client_credentials")
    refused(answer, 400, "invalid_dpop_proof", "localhost and 127.0.0.1 are two origins")


@pytest.mark.row("1")
def test_1_where_a_proof_is_required_none_is_refused(
    line: Line, strict_resident: Registered
) -> None:
    answer = ask_token(line, strict_resident, [])
    refused(answer, 400, "invalid_dpop_proof", "one_header: expected a DPoP proof")
