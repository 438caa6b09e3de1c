"""The token endpoint: the demo's step 3, client authentication (T1 to T8), audiences, nonces."""

import base64
import time

import jwt
import pytest

from dialtone_kit.base.jws import b64url, to_segment
from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.running_mock import Mock, Registered


def test_a_proof_gives_a_token_bound_to_its_key(registered_client: Registered) -> None:
    client = registered_client
    answer = client.ask_token(client.proof("POST", client.token_url), scope="openid")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("DPoP", 3600, "openid")
    claims = client_claims(client, told["access_token"])
    assert claims["cnf"] == {"jkt": client.key.thumbprint}
    assert claims["sub"] == claims["client_id"] == client.client_id
    assert claims["token_type"] == "access_token"
    assert claims["iss"] == client.issuer
    assert claims["exp"] - claims["iat"] == 3600
    assert "aud" not in claims


def client_claims(client: Registered, token: str) -> dict[str, object]:
    """The claims, verified by PyJWT as an independent reader."""
    keys = jwt.PyJWKSet.from_dict(client.mock.http.get(client.url("/jwks")).json())
    kid = jwt.get_unverified_header(token)["kid"]
    return dict(jwt.decode(token, keys[kid], ["ES256"], options={"verify_aud": False}))


def test_without_a_proof_it_is_a_bearer_token(registered_client: Registered) -> None:
    answer = registered_client.ask_token()
    assert answer.json()["token_type"] == "Bearer"
    assert "cnf" not in read_unverified(answer.json()["access_token"]).claims


def test_the_root_endpoint_takes_the_realm_from_the_client(registered_client: Registered) -> None:
    client = registered_client
    url = f"{client.mock.base_url}/token"
    answer = client.ask_token(client.proof("POST", url), url=url)
    assert read_unverified(answer.json()["access_token"]).claims["iss"] == client.issuer
    wrong = client.ask_token(client.proof("POST", client.token_url), url=url)
    assert wrong.json()["error"] == "invalid_dpop_proof"


@pytest.mark.row("T1")
def test_t1_unknown_client_and_wrong_secret_sound_alike(registered_client: Registered) -> None:
    client = registered_client
    wrong = client.ask_token(auth=(client.client_id, "sec_wrong"))
    unknown = client.ask_token(auth=("cli_nobody_00", client.client_secret))
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"] == "invalid_client"
    assert wrong.headers["www-authenticate"].startswith("Basic")


def test_a_client_of_another_realm_is_unknown(registered_client: Registered) -> None:
    url = f"{registered_client.mock.issuer('default')}/token"
    assert registered_client.ask_token(url=url).json()["error"] == "invalid_client"


@pytest.mark.row("T2")
def test_t2_two_authentications_are_refused(registered_client: Registered) -> None:
    client = registered_client
    both = {"client_id": client.client_id, "client_secret": client.client_secret}
    answer = client.ask_token(**both)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    # the id alone beside Basic is what some clients send, and it is the same one
    assert client.ask_token(client_id=client.client_id).status_code == 200
    assert client.ask_token(client_id="cli_other_00").json()["error"] == "invalid_request"


def post_form(mock: Mock, client: Registered, body: str, **headers: str) -> tuple[int, str]:
    head = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    answer = mock.http.post(client.token_url, content=body, headers=head)
    return answer.status_code, answer.json().get("error", "")


def test_client_secret_post_works(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    secrets = f"client_id={client.client_id}&client_secret={client.client_secret}"
    body = f"grant_type=client_credentials&{secrets}"
    assert post_form(mock, client, body) == (200, "")
    assert post_form(mock, client, body + "x") == (401, "invalid_client")
    assert post_form(mock, client, "grant_type=client_credentials") == (401, "invalid_client")


@pytest.mark.row("T3")
@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"cli_%ff:x").decode(),
        "Bearer abc",
        "",
    ],
)
def test_t3_malformed_basic(mock: Mock, registered_client: Registered, header: str) -> None:
    body = "grant_type=client_credentials"
    answer = post_form(mock, registered_client, body, Authorization=header)
    assert answer == (401, "invalid_client")


def test_basic_may_be_percent_encoded(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    name, secret = (text.replace("_", "%5F") for text in client.basic)
    packed = base64.b64encode(f"{name}:{secret}".encode()).decode()
    body = "grant_type=client_credentials"
    assert post_form(mock, client, body, Authorization=f"basic {packed}") == (200, "")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=openid&scope=openid", "invalid_request"),
        ("grant_type=client_credentials&scope=&scope=", "invalid_request"),
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=admin", "invalid_scope"),
        ("grant_type=client_credentials&scope=openid+admin", "invalid_scope"),
        ("grant_type=client_credentials&scope=%20", "invalid_scope"),
        ("grant_type=client_credentials&resource=relative", "invalid_target"),
        ("grant_type=client_credentials&resource=https%3A%2F%2Fa%2F%23x", "invalid_target"),
        ("grant_type=client_credentials&resource=http%3A%2F%2F%5B", "invalid_target"),
        ("grant_type=%ff", "invalid_request"),
        ("grant_type=client_credentials&scope=openid&unknown=1&empty=", ""),
        ("grant_type=client_credentials&scope=", ""),
        ("grant_type=client_credentials&audience=a&audience=b", ""),
    ],
)
def test_the_form(mock: Mock, registered_client: Registered, body: str, error: str) -> None:
    packed = base64.b64encode(":".join(registered_client.basic).encode()).decode()
    status, came = post_form(mock, registered_client, body, Authorization=f"Basic {packed}")
    assert (status, came) == ((400, error) if error else (200, ""))


@pytest.mark.row("T5")
def test_t5_wrong_method(mock: Mock, registered_client: Registered) -> None:
    answer = mock.http.get(registered_client.token_url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"] == "method_not_allowed"


def test_json_is_the_wrong_content_type(mock: Mock, registered_client: Registered) -> None:
    answer = mock.http.post(registered_client.token_url, json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")


def test_without_a_scope_all_that_was_granted(registered_client: Registered) -> None:
    assert registered_client.ask_token().json()["scope"] == "openid notes:read notes:write"


@pytest.mark.parametrize(
    ("named", "fits"),
    [
        (["a"] * 11, True),
        ([f"a{n}" for n in range(10)], True),
        ([f"a{n}" for n in range(11)], False),
        ("x" * 500, True),
        ("x" * 501, False),
    ],
    ids=["one again and again", "ten", "eleven", "500 characters", "501 characters"],
)
def test_audiences_are_few_and_short(
    registered_client: Registered, named: str | list[str], fits: bool
) -> None:
    answer = registered_client.ask_token(audience=named)
    if fits:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert "at most 10 " in answer.json()["error_description"]


def test_audiences_are_few_and_short_together(registered_client: Registered) -> None:
    resources = [f"https://{n}.example/" for n in range(5)]
    for count, status in ((5, 200), (6, 400)):
        audience = [f"a{n}" for n in range(count)]
        answer = registered_client.ask_token(audience=audience, resource=resources)
        assert answer.status_code == status
    assert answer.json()["error"] == "invalid_target"


def test_an_audience_makes_it_an_rfc9068_token(registered_client: Registered) -> None:
    one = read_unverified(registered_client.token(audience="https://api.example"))
    assert (one.header["typ"], one.claims["aud"]) == ("at+jwt", "https://api.example")
    many = read_unverified(registered_client.token(audience="a", resource="https://b.example/"))
    assert many.claims["aud"] == ["a", "https://b.example/"]
    assert read_unverified(registered_client.token()).header["typ"] == "JWT"


def test_two_authorization_headers_are_refused(registered_client: Registered) -> None:
    two = [("Authorization", "Basic eDp5")] * 2
    body = {"grant_type": "client_credentials"}
    answer = registered_client.mock.http.post(registered_client.token_url, data=body, headers=two)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_wrong_secret_is_reported_before_the_proof_is_checked(
    registered_client: Registered,
) -> None:
    client = registered_client
    proof = client.proof("POST", client.token_url)
    assert client.ask_token("nonsense", auth=(client.client_id, "x")).status_code == 401
    assert client.ask_token(proof, auth=(client.client_id, "x")).status_code == 401
    assert client.ask_token(proof).status_code == 200  # it was not used up


def test_a_proof_is_used_up_only_by_a_request_that_passes_all_else(
    registered_client: Registered,
) -> None:
    client = registered_client
    proof = client.proof("POST", client.token_url)
    assert client.ask_token(proof, scope="admin").json()["error"] == "invalid_scope"
    assert client.ask_token(proof).status_code == 200
    again = client.ask_token(proof)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")
    assert "jti_is_new" in again.json()["error_description"]


def test_the_same_jti_by_another_key_is_another_proof(registered_client: Registered) -> None:
    client, other = registered_client, ProofKey.generate()
    url = client.token_url
    now = client.mock.now(client.realm)
    mine = with_jti(client.key, url, now)
    theirs = with_jti(other, url, now)
    assert client.ask_token(mine).status_code == client.ask_token(theirs).status_code == 200


def with_jti(key: ProofKey, url: str, now: float) -> str:
    header = {"typ": "dpop+jwt", "alg": key.alg, "jwk": key.public_jwk}
    claims = {"htm": "POST", "htu": url, "iat": int(now), "jti": "the same"}
    text = f"{to_segment(header)}.{to_segment(claims)}"
    return f"{text}.{b64url(key.sign(text.encode()))}"


def test_a_proof_dated_ahead_is_not_good_again_later(mock: Mock, realm: str) -> None:
    client = mock.register(realm)
    proof = client.proof("POST", client.token_url, now=mock.now(realm) + 4)
    assert client.ask_token(proof).status_code == 200
    mock.move_clock(realm, 62)
    answer = client.ask_token(proof)
    assert "jti_is_new" in answer.json()["error_description"]


def test_strict_demands_a_proof_and_a_nonce(strict_client: Registered) -> None:
    client = strict_client
    without = client.ask_token()
    assert (without.status_code, without.json()["error"]) == (400, "invalid_dpop_proof")
    demanded = client.ask_token(client.proof("POST", client.token_url))
    assert (demanded.status_code, demanded.json()["error"]) == (400, "use_dpop_nonce")
    assert len(demanded.headers.get_list("dpop-nonce")) == 1
    assert demanded.headers["cache-control"] == "no-store"
    nonce = demanded.headers["dpop-nonce"]
    answer = client.ask_token(client.proof("POST", client.token_url, nonce=nonce))
    assert answer.json()["token_type"] == "DPoP"
    assert answer.headers["dpop-nonce"]


def test_a_nonce_lives_for_its_period_and_the_next(strict_client: Registered) -> None:
    client, mock = strict_client, strict_client.mock
    nonce = client.nonce(client.token_url)
    mock.move_clock(client.realm, 120)
    assert client.ask_token(client.proof("POST", client.token_url, nonce=nonce)).is_success
    mock.move_clock(client.realm, 120)
    late = client.ask_token(client.proof("POST", client.token_url, nonce=nonce))
    assert late.json()["error"] == "use_dpop_nonce"
    assert late.headers["dpop-nonce"] != nonce


@pytest.mark.parametrize("nonce", ["", "made-up", "A" * 32, "=", "é"])
def test_a_foreign_nonce_is_refused(strict_client: Registered, nonce: str) -> None:
    client = strict_client
    answer = client.ask_token(client.proof("POST", client.token_url, nonce=nonce))
    assert answer.json()["error"] == "use_dpop_nonce"


def test_a_nonce_is_for_one_realm_and_one_purpose(mock: Mock, strict_client: Registered) -> None:
    client = strict_client
    other = mock.register(mock.new_realm("strict"))
    foreign = other.nonce(other.token_url)
    answer = client.ask_token(client.proof("POST", client.token_url, nonce=foreign))
    assert answer.json()["error"] == "use_dpop_nonce"
    of_resource = client.nonce(client.url("/userinfo"))
    answer = client.ask_token(client.proof("POST", client.token_url, nonce=of_resource))
    assert answer.json()["error"] == "use_dpop_nonce"
    mock.remove_realm(other.realm)


def test_default_ignores_a_nonce_and_sends_none(registered_client: Registered) -> None:
    client = registered_client
    answer = client.ask_token(client.proof("POST", client.token_url, nonce="whatever"))
    assert answer.is_success
    assert "dpop-nonce" not in answer.headers


def test_a_token_names_the_realms_time(mock: Mock, realm: str) -> None:
    client = mock.register(realm)
    mock.move_clock(realm, 5000)
    iat = read_unverified(client.token()).claims["iat"]
    assert abs(iat - time.time() - 5000) < 5
