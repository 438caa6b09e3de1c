"""Rows T1 to T8: the token request itself, apart from its proof."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from tests.support.raw_http import ALGS, FORM, Answer, Line, basic, granted, refused
from tests.support.running_mock import Registered

GRANT = "grant_type=client_credentials"


def post(line: Line, client: Registered, body: str, *fields: tuple[str, str]) -> Answer:
    return line.send("POST", client.token_url, [("Content-Type", FORM), *fields], body.encode())


def posted(client: Registered) -> str:
    return f"client_id={client.client_id}&client_secret={client.client_secret}"


@pytest.mark.row("T1")
def test_t1_one_text_for_an_unknown_client_and_a_wrong_secret(
    line: Line, resident: Registered
) -> None:
    texts = set()
    for client_id, secret in (
        (resident.client_id, "sec_wrong"),
        (resident.client_id, resident.client_secret + "x"),
        (resident.client_id, resident.client_secret.upper()),
        ("cli_nobody_00", resident.client_secret),
        ("../../etc/passwd", "x"),
        (resident.client_id + "\n", resident.client_secret),
        (resident.client_id.upper(), resident.client_secret),
    ):
        body = f"{GRANT}&client_id={quote(client_id)}&client_secret={quote(secret)}"
        answer = post(line, resident, body)
        texts.add(refused(answer, 401, "invalid_client"))
        assert answer.all("www-authenticate") == ['Basic realm="dialtone"']
    assert len(texts) == 1


@pytest.mark.row("T2")
@pytest.mark.parametrize("second", ["post", "Basic"])
def test_t2_two_authentications(second: str, line: Line, resident: Registered) -> None:
    if second == "post":
        answer = post(line, resident, f"{GRANT}&{posted(resident)}", basic(resident))
    else:
        answer = post(line, resident, GRANT, basic(resident), basic(resident))
    refused(answer, 400, "invalid_request", "Authenticate once" if second == "post" else "Two")


@pytest.mark.row("T3")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic {}x",
        "Basic {}=",
        "Basic={}",
        "Bearer {}",
        "{}",
        "Basic {} {}",
        f"Basic {b64encode(b'no colon').decode()}",
        "Basic é",
        f"Basic {b64encode(bytes([0xFF, 0x3A, 0xFE])).decode()}",
        f"Basic {b64encode(b'%ff:%fe').decode()}",
        "DPoP {}",
        "Negotiate {}",
    ],
)
def test_t3_malformed_basic(value: str, line: Line, resident: Registered) -> None:
    credentials = basic(resident)[1].removeprefix("Basic ")
    answer = post(line, resident, GRANT, ("Authorization", value.replace("{}", credentials)))
    refused(answer, 401, "invalid_client", "is not Basic with base64 of client_id:client_secret")
    assert answer.all("www-authenticate") == ['Basic realm="dialtone"']


@pytest.mark.row("T3")
def test_t3_nothing_before_and_after_the_colon(line: Line, resident: Registered) -> None:
    answer = post(line, resident, GRANT, ("Authorization", "Basic Og=="))
    refused(answer, 401, "invalid_client", "No client of this realm has this id and this secret")


T4, T6, T7 = (pytest.mark.row(number) for number in ("T4", "T6", "T7"))
TWICE = ("invalid_request", "sent twice")
NOT_UTF8 = ("invalid_request", "grant_type is percent-encoded, but not as UTF-8")
NO_GRANT = ("invalid_request", "grant_type is missing")
UNKNOWN = ("unsupported_grant_type", "grant_type must be one of: client_credentials")
TOO_MUCH = ("invalid_scope", "was granted openid notes:read notes:write and nothing more")


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        pytest.param(f"{GRANT}&{GRANT}", *TWICE, id="T4 grant_type twice", marks=T4),
        pytest.param(f"{GRANT}&scope=openid&scope=openid", *TWICE, id="T4 scope twice", marks=T4),
        pytest.param(f"{GRANT}&x=1&x=2", *TWICE, id="T4 unknown twice", marks=T4),
        pytest.param(f"{GRANT}&scope=&scope=openid", *TWICE, id="T4 once empty", marks=T4),
        pytest.param("scope=openid", *NO_GRANT, id="no grant_type"),
        pytest.param("", *NO_GRANT, id="no body"),
        pytest.param("grant_type=%ff", *NOT_UTF8, id="bad UTF-8"),
        pytest.param(f"{GRANT}&scope=%C3%A9", *TOO_MUCH, id="good UTF-8"),
        pytest.param(f"{GRANT}&unknown=%FF", "invalid_request", "unknown is", id="bad unknown"),
        pytest.param(f"{GRANT}&x=\xe9", "invalid_request", "outside ASCII", id="not encoded"),
        pytest.param(f"{GRANT}{'&x=' * 100}", "invalid_request", "than 100 param", id="too many"),
        pytest.param(f"{GRANT}{'&x=' * 99}", *TWICE, id="not too many"),
        pytest.param("grant_type=password", *UNKNOWN, id="T6 password", marks=T6),
        pytest.param("grant_type=Client_Credentials", *UNKNOWN, id="T6 case", marks=T6),
        pytest.param(f"{GRANT}%0a", *UNKNOWN, id="T6 final newline", marks=T6),
        pytest.param(f"{GRANT}&scope=admin", *TOO_MUCH, id="T7 not granted", marks=T7),
        pytest.param(f"{GRANT}&scope=openid+admin", *TOO_MUCH, id="T7 one not granted", marks=T7),
        pytest.param(f"{GRANT}&scope=OPENID", *TOO_MUCH, id="T7 case", marks=T7),
        pytest.param(f"{GRANT}&scope=openid%0anotes:read", *TOO_MUCH, id="T7 newline", marks=T7),
        pytest.param(f"{GRANT}&scope=%20", *TOO_MUCH, id="T7 a space", marks=T7),
    ],
)
def test_the_parameters(body: str, error: str, says: str, line: Line, resident: Registered) -> None:
    refused(post(line, resident, body, basic(resident)), 400, error, says)


@pytest.mark.row("T8")
def test_t8_neither_a_token_nor_a_refusal_is_kept_by_anyone(
    line: Line, resident: Registered
) -> None:
    bound = ("DPoP", resident.proof("POST", resident.token_url))
    wrong = ("Authorization", "Basic Y2xpX3g6eA==")
    bodies = [
        (GRANT, basic(resident)),
        (GRANT, basic(resident), bound),
        (GRANT, wrong),
        (GRANT,),
        ("", basic(resident)),
        (f"{GRANT}&scope=x", basic(resident)),
    ]
    for body, *fields in bodies:
        answer = post(line, resident, body, *fields)
        assert answer.all("cache-control") == ["no-store"], answer


@pytest.mark.parametrize(
    "more",
    [
        "",
        "&scope=",
        "&scope=openid",
        "&scope=openid%20notes:read",
        "&unknown=1",
        "&unknown=",
        "&audience=a&audience=b",
        "&scope=openid+openid",
    ],
)
def test_their_neighbours_pass(more: str, line: Line, resident: Registered) -> None:
    granted(post(line, resident, GRANT + more, basic(resident)), "Bearer")


@pytest.mark.row("T5")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_t5_wrong_method(method: str, line: Line, resident: Registered) -> None:
    answer = line.send(method, resident.token_url, [basic(resident)])
    assert answer.status == 405
    assert answer.all("allow") == ["POST"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
def test_another_content_type(kind: str, line: Line, resident: Registered) -> None:
    fields = [("Content-Type", kind), basic(resident)]
    answer = line.send("POST", resident.token_url, fields, GRANT.encode())
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("echo", ["client_id", "scope", "grant_type"])
def test_no_refusal_echoes_a_secret(echo: str, line: Line, resident: Registered) -> None:
    """The learner who puts the secret into the wrong field must not find it in the log."""
    body = f"{GRANT}&{echo}={resident.client_secret}".replace(f"{GRANT}&grant", "grant")
    answer = post(line, resident, body, basic(resident))
    assert answer.status in (400, 401)
    assert resident.client_secret.encode() not in answer.body
    assert resident.client_secret not in resident.mock.log


@pytest.mark.row("A1", "A2")
def test_a1_a2_the_issuer_and_the_keys_of_a_realm(line: Line, resident: Registered) -> None:
    place = resident.issuer
    document = line.send("GET", f"{place}/.well-known/openid-configuration", []).json()
    assert document["issuer"] == place
    assert document["dpop_signing_alg_values_supported"] == ALGS.split()
    keys = line.send("GET", document["jwks_uri"], []).json()["keys"]
    assert keys
    assert all(key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in keys)
