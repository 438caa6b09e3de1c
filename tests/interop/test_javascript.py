"""openid-client does everything against the service, oauth4webapi and jose judge its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit import DPoPAuth, ProofKey
from dialtone_kit.client.transport import open_client
from tests.support.grant_desk import Person, public_client
from tests.support.node import Script
from tests.support.running_mock import Registered

pytestmark = pytest.mark.index  # npm, once for each lock
API = "https://api.example.com"
Start = Callable[..., Script]


def secret(client: Registered) -> dict[str, Any]:
    return {name: client.answer.get(name) for name in ("client_id", "client_secret")}


def begin(script: Start, client: Registered, action: str, **more: Any) -> Script:
    about = {"action": action, "issuer": client.issuer, **secret(client), **more}
    return script("openid-client", **about)


def does(script: Start, client: Registered, action: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = begin(script, client, action, **more).hear()
    return told


@pytest.mark.parametrize("algorithm", ["oidc", "oauth2"])
def test_discovery(script: Start, client: Registered, algorithm: str) -> None:
    told = does(script, client, "discover", algorithm=algorithm)
    assert told["issuer"] == client.issuer
    assert told["token_endpoint"] == client.token_url


def test_a_bound_token_and_calls_with_fresh_proofs(script: Start, client: Registered) -> None:
    told = does(script, client, "call")
    assert (told["token_type"], told["expires_in"]) == ("dpop", 3600)  # the library's lower case
    assert told["written"] == 201
    assert [note["text"] for note in told["read"]["notes"]] == ["from JavaScript"]
    assert told["who"]["cnf"] == {"jkt": told["jkt"]}
    assert told["sub"] == told["who"]["client_id"] == client.client_id


def test_introspection_and_revocation(script: Start, client: Registered) -> None:
    told = does(script, client, "introspectAndRevoke")
    assert told["before"]["active"] is True
    assert told["before"]["token_type"] == "DPoP"
    assert told["before"]["cnf"] == {"jkt": told["jkt"]}
    assert told["after"] == {"active": False}
    assert told["refused"] == {"status": 401, "error": "invalid_token"}


def test_the_device_flow_and_renewal(script: Start, client: Registered) -> None:
    running = begin(script, client, "device")
    Person(client.mock, client.realm).approve(running.hear())
    running.tell(answered=True)
    told = running.hear()
    assert told["person"]["sub"] == told["same"]["sub"]
    assert told["person"]["sub"].startswith("usr_")
    assert told["types"] == ["dpop", "dpop"]
    assert told["rotated"] is True
    assert told["reused"] == {"status": 400, "error": "invalid_grant"}
    assert told["active"] is False  # the used one presented again ended the family


def test_a_public_clients_refresh_token_is_useless_to_a_thief(
    script: Start, client: Registered
) -> None:
    """RFC 9449 §5: without a secret it is bound to the key."""
    public = public_client(client.mock, client.realm)
    running = begin(script, public, "stolen")
    Person(client.mock, client.realm).approve(running.hear())
    running.tell(answered=True)
    assert running.hear() == {
        "refused": {"status": 400, "error": "invalid_grant"},
        "token_type": "dpop",
    }


def test_a_wrong_secret_gets_a_challenge(script: Start, client: Registered) -> None:
    told = does(script, client, "refused", client_secret="sec_wrong")
    assert told == {"status": 401, "scheme": "basic"}


def test_a_person_who_says_no(script: Start, client: Registered) -> None:
    running = begin(script, client, "deviceDenied")
    Person(client.mock, client.realm).deny(running.hear())
    running.tell(answered=True)
    assert running.hear() == {"status": 400, "error": "access_denied"}


def test_token_exchange_narrows(script: Start, client: Registered) -> None:
    told = does(script, client, "exchange")
    assert told["scope"] == "notes:read"
    assert told["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (told["token_type"], told["read"]) == ("dpop", 200)
    assert told["write"] == {"status": 403, "error": "insufficient_scope"}
    assert told["wider"] == {"status": 400, "error": "invalid_scope"}


def test_each_endpoint_demands_its_nonce_once(script: Start, client: Registered) -> None:
    """oauth4webapi keeps one nonce for each origin, while the token endpoint and the API have their
    own (RFC 9449 §8, §9). On one origin each change between them costs a second request, no third.
    """
    told = script("oauth4webapi", action="demands", issuer=client.issuer, **secret(client)).hear()
    demanded = [400, 401] if client.mock.demands_nonces(client.realm) else []
    assert told == {"demanded": demanded, "status": 200}


def test_every_answer_to_a_polling_device(script: Start, client: Registered) -> None:
    running = script("oauth4webapi", action="polls", issuer=client.issuer, **secret(client))
    Person(client.mock, client.realm).approve(running.hear())
    running.tell(answered=True)
    assert running.hear() == {
        "before": ["authorization_pending", "slow_down"],
        "after": ["dpop", "invalid_grant"],
    }


# --- the other side: who is called with our tokens and our proofs ---


def call_of(token: str, key: ProofKey, method: str, url: str) -> dict[str, Any]:
    """A request as the kit's DPoPAuth sends it."""
    with open_client(API, timeout=1) as http:
        request = http.build_request(method, url)
        sent = next(DPoPAuth(key, token).auth_flow(request))
    return {"method": method, "url": url, "headers": dict(sent.headers)}


def judged(script: Start, client: Registered, **about: Any) -> dict[str, Any]:
    running = script("oauth4webapi", action="judge", issuer=client.issuer, audience=API, **about)
    told: dict[str, Any] = running.hear()
    return told


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "PS256"])
def test_a_strict_api_accepts_our_token_and_our_proof(
    script: Start, easy: Registered, alg: str
) -> None:
    easy.key = ProofKey.generate(alg)
    request = call_of(easy.token(audience=API), easy.key, "GET", f"{API}/notes?page=2")
    told = judged(script, easy, **request)
    assert told["claims"]["aud"] == API
    assert told["claims"]["cnf"] == {"jkt": easy.key.thumbprint}


def test_and_refuses_what_it_should(script: Start, easy: Registered) -> None:
    token, url = easy.token(audience=API), f"{API}/notes"
    elsewhere = call_of(token, easy.key, "GET", f"{API}/other") | {"url": url}
    by_another = call_of(token, ProofKey.generate(), "GET", url)
    for_nobody = call_of(easy.token(), easy.key, "GET", url)
    assert "htu mismatch" in judged(script, easy, **elsewhere)["message"]
    assert "confirmation mismatch" in judged(script, easy, **by_another)["message"]
    # RFC 9068 wants `typ: at+jwt` and an `aud`; the demo's token has neither, unless asked for
    assert "typ" in judged(script, easy, **for_nobody)["message"]


@pytest.mark.parametrize(("audience", "typ"), [(None, "JWT"), (API, "at+jwt")])
def test_jose_verifies_by_the_published_keys(
    script: Start, client: Registered, audience: str | None, typ: str
) -> None:
    named = {} if audience is None else {"audience": audience}
    about = {"issuer": client.issuer, "typ": typ, **named}
    token, other = client.token(**named), client.token(**named)
    told = script("oauth4webapi", action="verify", token=token, **about).hear()
    assert told["claims"]["client_id"] == client.client_id
    forged = token.rpartition(".")[0] + "." + other.rpartition(".")[2]
    told = script("oauth4webapi", action="verify", token=forged, **about).hear()
    assert told["code"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
