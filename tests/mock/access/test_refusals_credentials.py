"""Rows 8 to 11 and 74 to 84: how a token is presented, and the key that it is bound to."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.raw_http import (
    BEARER_CHALLENGE,
    NO_CREDENTIALS,
    Line,
    ask_token,
    call,
    call_scene,
    challenged,
    granted,
    refused,
)
from tests.support.refusals.forge import ABSENT, b64, key_of
from tests.support.running_mock import Registered

Forge = Callable[..., str]


@pytest.fixture(scope="session")
def token(resident: Registered) -> str:
    return resident.token()


@pytest.fixture(scope="session")
def bearer(resident: Registered) -> str:
    return resident.token(bound=False)


@pytest.fixture(scope="session")
def forge(resident: Registered, token: str) -> Forge:
    """Makes tokens by the service's own key, right in all but what is given."""
    ((kid, pem),) = resident.mock.sql("SELECT kid, private_pem FROM signing_keys")
    right = read_unverified(token).claims

    def make(*, typ: str = "JWT", **changes: Any) -> str:
        claims = {k: v for k, v in {**right, **changes}.items() if v is not ABSENT}
        return jwt.encode(claims, pem, algorithm="ES256", headers={"kid": kid, "typ": typ})

    return make


def whoami(line: Line, client: Registered, *headers: tuple[str, str]) -> Any:
    return line.send("GET", client.url("/api/whoami"), list(headers))


# Rows 8 to 11: the presentation


def test_no_credentials_no_error(line: Line, resident: Registered) -> None:
    answer = whoami(line, resident)
    refused(answer, 401, "unauthorized")
    assert answer.all("www-authenticate") == NO_CREDENTIALS


@pytest.mark.row("8")
@pytest.mark.parametrize("second", ["DPoP {}", "Bearer {}", "Basic YTpi", ""])
def test_8_two_authorization_headers(
    second: str, line: Line, resident: Registered, token: str
) -> None:
    scene = call_scene(resident, token)
    more = ("Authorization", second.format(token))
    refused(call(line, scene, [scene.proof()], more), 400, "invalid_request", "Two")


@pytest.mark.row("9")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP", "dPoP"])
def test_9_the_scheme_in_any_case(
    scheme: str, line: Line, resident: Registered, token: str, bearer: str
) -> None:
    proof = call_scene(resident, token).proof()
    answer = whoami(line, resident, ("authorization", f"{scheme} {token}"), ("dpop", proof))
    assert (answer.status, answer.json()["token_type"]) == (200, "DPoP")
    other = {"DPoP": "Bearer", "dpop": "bearer", "DPOP": "BEARER", "dPoP": "bEaReR"}[scheme]
    answer = whoami(line, resident, ("AUTHORIZATION", f"{other} {bearer}"))
    assert (answer.status, answer.json()["token_type"]) == (200, "Bearer")


@pytest.mark.row("10")
@pytest.mark.parametrize("scheme", ["DPoP", "Bearer"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "  ",
        " {} {}",
        " {},x",
        " {};x",
        ' "{}"',
        " token={}",
        " {}\t",
        " {}é",
        " =",
        " {}\\",
        " DPoP {}",
    ],
)
def test_10_what_is_not_a_token68(
    value: str, scheme: str, line: Line, resident: Registered, token: str
) -> None:
    proof = call_scene(resident, token).proof()
    text = scheme + value.replace("{}", token)
    answer = whoami(line, resident, ("Authorization", text), ("DPoP", proof))
    challenged(answer, "invalid_token", "Write Authorization: DPoP <token>", scheme=scheme)


@pytest.mark.row("10")
@pytest.mark.parametrize(
    "value",
    ["", "DPoP\t{}", "DPoP:{}", "DPoP={}", "DPoP,{}", "Token {}", "Basic {}", "JWT {}", "{}"],
)
@pytest.mark.parametrize("path", ["/api/whoami", "/userinfo", "/svid/jwt"])
def test_10_under_another_scheme_no_error(
    value: str, path: str, line: Line, resident: Registered, token: str
) -> None:
    """Whoever sends a password, for example, has sent no wrong token (RFC 6750 §3.1)."""
    fields = [("Authorization", value.replace("{}", token))]
    method = "POST" if path == "/svid/jwt" else "GET"
    answer = line.send(method, resident.url(path), fields)
    refused(answer, 401, "unauthorized", "Write Authorization: DPoP <token>")
    assert answer.all("www-authenticate") == NO_CREDENTIALS


@pytest.mark.row("9")
@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        str.upper,
        str.swapcase,
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t + "=",
        lambda t: t.rpartition(".")[0] + ".",
        lambda t: t.rpartition(".")[0],
        lambda t: t[::-1],
    ],
)
def test_9_but_the_token_in_its_own_case_only(
    change: Callable[[str], str], line: Line, resident: Registered, token: str
) -> None:
    scene = call_scene(resident, change(token))
    challenged(call(line, scene, [scene.proof()]), "invalid_token")


@pytest.mark.row("11")
@pytest.mark.parametrize("place", ["body", "query", "both"])
def test_11_the_token_anywhere_else(
    place: str, line: Line, resident: Registered, bearer: str
) -> None:
    form, form_type = f"access_token={bearer}", "application/x-www-form-urlencoded"
    fields = [("Content-Type", form_type)]
    if place == "both":
        fields.append(("Authorization", f"Bearer {bearer}"))
    query = "" if place == "body" else f"?{form}"
    body = b"" if place == "query" else form.encode()
    url = resident.url("/api/notes")
    refused(line.send("POST", url + query, fields, body), 400, "invalid_request", "header")


# Rows 74 to 80: token, proof and key


@pytest.mark.row("74")
@pytest.mark.parametrize(
    ("ath", "rule"),
    [
        pytest.param(ABSENT, "ath_matches", id="missing"),
        pytest.param("", "ath_matches", id="empty"),
        pytest.param("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "ath_matches", id="wrong"),
        pytest.param(None, "ath_matches", id="null"),
    ],
)
def test_74_ath(ath: object, rule: str, line: Line, resident: Registered, token: str) -> None:
    scene = call_scene(resident, token)
    answer = call(line, scene, [scene.proof(claims={"ath": ath})])
    assert challenged(answer, "invalid_dpop_proof").startswith(rule)


@pytest.mark.row("74")
def test_74_ath_of_another_token_of_mine(line: Line, resident: Registered, token: str) -> None:
    other = call_scene(resident, resident.token()).proof()
    challenged(call(line, call_scene(resident, token), [other]), "invalid_dpop_proof", "ath")


@pytest.mark.row("75")
def test_75_ath_at_the_token_endpoint_is_ignored(line: Line, resident: Registered) -> None:
    proof = call_scene(
        resident, "any.thing", method="POST", url=resident.token_url, path=""
    ).proof()
    granted(ask_token(line, resident, [proof]))


@pytest.mark.row("76")
@pytest.mark.parametrize("thief", ["ES256", "EdDSA"])
def test_76_a_stolen_token_with_the_thiefs_own_key(
    thief: str, line: Line, resident: Registered, token: str
) -> None:
    scene = call_scene(resident, token, key=key_of(thief, "thief"))
    text = challenged(call(line, scene, [scene.proof()]), "invalid_token", "key_is_bound")
    assert resident.key.thumbprint in text


@pytest.mark.row("77", "78")
@pytest.mark.parametrize("with_proof", [False, True], ids=["77 alone", "78 with its proof"])
def test_77_78_a_bound_token_as_bearer(
    with_proof: bool, line: Line, resident: Registered, token: str
) -> None:
    more = [("DPoP", call_scene(resident, token).proof())] if with_proof else []
    answer = whoami(line, resident, ("Authorization", f"Bearer {token}"), *more)
    challenged(answer, "invalid_token", "bound to a key", scheme="Bearer")


@pytest.mark.row("79")
@pytest.mark.parametrize("with_proof", [False, True], ids=["alone", "with a proof"])
def test_79_an_unbound_token_under_dpop(
    with_proof: bool, line: Line, resident: Registered, bearer: str
) -> None:
    more = [("DPoP", call_scene(resident, bearer).proof())] if with_proof else []
    answer = whoami(line, resident, ("Authorization", f"DPoP {bearer}"), *more)
    challenged(answer, "invalid_token", "a bearer token")


@pytest.mark.row("80")
def test_80_the_dpop_scheme_without_a_proof(line: Line, resident: Registered, token: str) -> None:
    answer = whoami(line, resident, ("Authorization", f"DPoP {token}"))
    challenged(answer, "invalid_dpop_proof", "one_header")


# Rows 81, 82, A3, A4: tokens that only the service's own key could sign, and forged ones


@pytest.mark.row("81")
@pytest.mark.parametrize(
    "cnf",
    [
        None,
        "jkt",
        [],
        {},
        {"jkt": None},
        {"jkt": ""},
        {"jkt": ["x"]},
        {"jkt": "short"},
        {"jwk": {}},
        {"x5t#S256": "x" * 43},
        True,
        1,
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("scheme", ["DPoP", "Bearer"])
def test_81_a_malformed_confirmation_is_not_a_bearer_token(
    cnf: object, scheme: str, line: Line, resident: Registered, forge: Forge
) -> None:
    broken = forge(cnf=cnf)
    fields = ("Authorization", f"{scheme} {broken}"), ("DPoP", call_scene(resident, broken).proof())
    challenged(whoami(line, resident, *fields), "invalid_token", "cnf", scheme=scheme)


@pytest.mark.row("82")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"exp": 1}, "exp"),
        ({"exp": ABSENT}, "exp"),
        ({"nbf": 2**33}, "iat"),
        ({"iat": 2**33}, "iat"),
        ({"iat": 2**40}, "iat"),
        ({"iss": "http://127.0.0.1:1/realms/default"}, "iss"),
        ({"iss": ABSENT}, "iss"),
        ({"aud": "https://elsewhere.example"}, "aud"),
        ({"token_type": "id_token"}, "token_type"),
        ({"client_id": "cli_nobody_00"}, "client"),
        ({"client_id": "../../etc/passwd"}, "client"),
        pytest.param(
            {"token_type": ABSENT, "sub": "spiffe://dialtone.test/workload/cli_a"},
            "token_type",
            id="A4 a JWT-SVID",
            marks=pytest.mark.row("A4"),
        ),
        pytest.param({"typ": "dpop+jwt"}, "typ", id="a proof as a token"),
    ],
    ids=str,
)
def test_82_a_dead_or_foreign_token_with_a_good_proof(
    changes: dict[str, Any], rule: str, line: Line, resident: Registered, forge: Forge
) -> None:
    scene = call_scene(resident, forge(**changes))
    text = challenged(call(line, scene, [scene.proof()]), "invalid_token")
    assert text.startswith(f"{rule}: ")


@pytest.mark.row("82")
def test_82_a_client_of_another_realm(line: Line, resident: Registered, forge: Forge) -> None:
    """No such token was ever issued; anyone who could make one would still get nothing here."""
    stranger = resident.mock.register(resident.mock.new_realm())
    scene = call_scene(resident, forge(client_id=stranger.client_id))
    challenged(call(line, scene, [scene.proof()]), "invalid_token", "client: ")


@pytest.mark.row("A3")
def test_a3_a_token_of_no_realm_at_the_root(line: Line, resident: Registered, forge: Forge) -> None:
    """There the token says which realm it is of."""
    root = f"{resident.mock.base_url}/userinfo"
    for iss in ("http://127.0.0.1:1/realms/default", resident.mock.issuer("nowhere"), "", ABSENT):
        scene = call_scene(resident, forge(iss=iss), url=root)
        text = challenged(call(line, scene, [scene.proof()]), "invalid_token")
        assert text.startswith("iss: "), text
    scene = call_scene(resident, forge(), url=root)
    assert call(line, scene, [scene.proof()]).status == 200


def test_the_forge_of_these_tests_makes_good_tokens(
    line: Line, resident: Registered, forge: Forge
) -> None:
    scene = call_scene(resident, forge())
    assert call(line, scene, [scene.proof()]).status == 200


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "RS256"])
@pytest.mark.parametrize("kid", ["the right one", "../../dev/null", "' OR 1=1 --", ""])
def test_forged_tokens(alg: str, kid: str, line: Line, resident: Registered, token: str) -> None:
    """By no one, by the public key as an HMAC secret, by a thief's key."""
    header = {**jwt.get_unverified_header(token), "alg": alg}
    if kid != "the right one":
        header["kid"] = kid
    text = f"{b64(json.dumps(header))}.{token.split('.')[1]}"
    signature = b"" if alg == "none" else key_of("ES256", "thief").sign(text.encode())
    scene = call_scene(resident, f"{text}.{b64(signature)}")
    challenged(call(line, scene, [scene.proof()]), "invalid_token")


@pytest.mark.row("A3")
def test_a3_a_token_of_another_realm(line: Line, resident: Registered, token: str) -> None:
    """Also with a right proof for the URL in the other realm."""
    for url in (
        f"{resident.mock.base_url}/realms/default/userinfo",
        f"{resident.mock.base_url}/realms/default/api/whoami",
    ):
        scene = call_scene(resident, token, url=url, path="")
        challenged(call(line, scene, [scene.proof()]), "invalid_token", "iss")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/userinfo"),
        ("GET", "/api/notes"),
        ("GET", "/audit/events"),
        ("POST", "/svid/jwt"),
    ],
)
def test_what_is_wrong_with_a_bearer_token_is_in_the_bearer_challenge(
    method: str, path: str, line: Line, resident: Registered, bearer: str
) -> None:
    fields = [("Authorization", f"Bearer {bearer[:-4]}AAAA")]
    answer = line.send(method, resident.url(path), fields)
    challenged(answer, "invalid_token", scheme="Bearer")


def test_strict_realms_offer_no_bearer(line: Line, strict_resident: Registered) -> None:
    """What is wrong with a bearer token has no challenge there; the body says it."""
    answer = whoami(line, strict_resident, ("Authorization", "Bearer abc"))
    refused(answer, 401, "invalid_token")
    assert answer.all("www-authenticate") == NO_CREDENTIALS[:1]
    answer = whoami(line, strict_resident, ("Authorization", "DPoP abc"))
    challenged(answer, "invalid_token", bearer=False)


@pytest.mark.parametrize("path", ["/userinfo", "/api/whoami", "/api/notes"])
def test_every_resource_asks_the_same(path: str, line: Line, resident: Registered) -> None:
    token = resident.token()
    scene = call_scene(resident, token, path=path)
    good = scene.proof()
    assert call(line, scene, [good]).status == 200
    challenged(call(line, scene, [good]), "invalid_dpop_proof", "jti_is_new")
    challenged(call(line, scene, []), "invalid_dpop_proof", "one_header")
    challenged(call(line, scene, [good, good]), "invalid_dpop_proof", "one_header")


def test_a_proof_for_one_resource_does_not_open_another(line: Line, resident: Registered) -> None:
    token = resident.token()
    proof = call_scene(resident, token, path="/userinfo").proof()
    answer = call(line, call_scene(resident, token), [proof])
    challenged(answer, "invalid_dpop_proof", "htu_matches")


# Row 84, and the scopes


@pytest.mark.row("84")
def test_84_token_type_is_dpop_exactly_when_the_token_is_bound(
    line: Line, resident: Registered
) -> None:
    key = ProofKey.generate()
    bound = granted(
        ask_token(line, resident, [resident.proof("POST", resident.token_url, key=key)])
    )
    assert read_unverified(bound).claims["cnf"] == {"jkt": key.thumbprint}
    unbound = granted(ask_token(line, resident, []), "Bearer")
    assert "cnf" not in read_unverified(unbound).claims


def test_a_scope_too_few_is_403_and_names_the_scope(line: Line, resident: Registered) -> None:
    token = resident.token(scope="openid")
    scene = call_scene(resident, token, path="/api/notes")
    answer = call(line, scene, [scene.proof()])
    refused(answer, 403, "insufficient_scope", "notes:read")
    dpop, bearer = answer.all("www-authenticate")
    assert dpop.endswith(', scope="notes:read"')
    assert bearer == BEARER_CHALLENGE


def test_a_bearer_token_of_a_scope_too_few(line: Line, resident: Registered) -> None:
    token = resident.token(scope="openid", bound=False)
    fields = [("Authorization", f"Bearer {token}")]
    answer = line.send("GET", resident.url("/api/notes"), fields)
    refused(answer, 403, "insufficient_scope", "notes:read")
    dpop, bearer = answer.all("www-authenticate")
    assert dpop == NO_CREDENTIALS[0]
    assert bearer.startswith('Bearer realm="dialtone", error="insufficient_scope", ')
    assert bearer.endswith(', scope="notes:read"')
