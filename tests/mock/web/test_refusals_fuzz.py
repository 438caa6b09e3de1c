"""Whatever is in the header fields, the service answers in its own shape and continues."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.raw_http import (
    FORM,
    Line,
    ask_token,
    basic,
    call,
    call_scene,
    granted,
    refused,
    token_scene,
)
from tests.support.running_mock import Registered

BOUNDED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELD = st.text(  # what HTTP lets through: visible characters, tab, obs-text
    alphabet=st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"),
    max_size=200,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
HEADERS = st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit", "kid", "x5c"]), VALUES)
CLAIMS = st.dictionaries(
    st.sampled_from(["htm", "htu", "iat", "jti", "exp", "nbf", "nonce", "ath"]), VALUES
)


def in_shape(status: int, body: bytes) -> bool:
    answer = json.loads(body)
    return status < 500 and (status == 200 or answer.keys() == {"error", "error_description"})


@BOUNDED
@given(fields=st.lists(FIELD, max_size=3))
def test_any_dpop_header_fields(fields: list[str], line: Line, resident: Registered) -> None:
    answer = ask_token(line, resident, fields)
    assert in_shape(answer.status, answer.body), answer
    assert (answer.status == 200) == (fields == [])


@BOUNDED
@given(header=HEADERS, claims=CLAIMS, place=st.sampled_from(["token", "resource"]))
def test_any_header_and_claims_signed_rightly(
    header: dict[str, object],
    claims: dict[str, object],
    place: str,
    line: Line,
    strict_resident: Registered,
    resident: Registered,
) -> None:
    """At the token endpoint of a realm that demands nonces, and at a resource."""
    if place == "token":
        scene = token_scene(strict_resident)
        answer = ask_token(line, strict_resident, [scene.proof(header, claims)])
        assert answer.status == 400
    else:
        scene = call_scene(resident, resident.token())
        answer = call(line, scene, [scene.proof(header, claims)])
    assert in_shape(answer.status, answer.body), answer


@BOUNDED
@given(text=FIELD, scheme=st.sampled_from(["DPoP ", "Bearer ", "Basic ", ""]))
def test_any_authorization(text: str, scheme: str, line: Line, resident: Registered) -> None:
    fields = [("Authorization", scheme + text), ("Content-Type", FORM)]
    for method, url in (("GET", resident.url("/userinfo")), ("POST", resident.token_url)):
        answer = line.send(method, url, fields, b"grant_type=client_credentials")
        assert answer.status in (400, 401), answer
        assert in_shape(answer.status, answer.body)


@pytest.mark.parametrize(
    "path",
    [
        "/realms/d%C3%A9fault/token",
        "/realms/%5C/token",
        "/realms/%00/token",
        "/realms/a%20b/token",
        "/realms/%2e%2e/token",
        "/realms/%zz/token",
        "/realms//token",
        "//token",
        "/realms/%0d%0a/token",
        "/realms/default%3f/token",
        "/realms/" + "x" * 3000 + "/token",
        "/realms/%F0%9F%98%80/token",
    ],
)
def test_a_strange_path_is_404_also_with_a_proof(
    path: str, line: Line, resident: Registered
) -> None:
    scene = token_scene(resident, url=resident.mock.base_url + path)
    fields = [basic(resident), ("Content-Type", FORM), ("DPoP", scene.proof())]
    answer = line.send("POST", scene.url, fields, b"grant_type=client_credentials")
    refused(answer, 404, "not_found")


def test_afterwards_the_service_is_as_before(line: Line, resident: Registered) -> None:
    granted(ask_token(line, resident, [token_scene(resident).proof()]))
    assert "Traceback" not in resident.mock.log
