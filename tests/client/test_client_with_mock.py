"""The client against the running mock: the demo's five steps, and what goes wrong on the way."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit.base.errors import CredentialProblem, RateLimited, ServiceError, TokenRefused
from dialtone_kit.client import credentials as store
from dialtone_kit.client import enrollments
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.responses import WrongCode
from dialtone_kit.keys import ProofKey
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.proofs import build_proof

SCOPES = ("openid", "notes:read", "notes:write")


@pytest.fixture(scope="module")
def mock() -> service.LocalService:
    """The mock as a lesson finds it; the root conftest ends it."""
    return service.ensure()


@pytest.fixture(scope="module")
def controls(mock: service.LocalService) -> Controls:
    return Controls(lambda: mock)


@pytest.fixture(params=["default", "strict"])
def realm(request: pytest.FixtureRequest, controls: Controls) -> Iterator[str]:
    name = controls.new_realm(like=request.param)
    yield name
    controls.remove_realm(name)


@pytest.fixture
def client(mock: service.LocalService, realm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path))
    return IdentityClient(mock.base_url, realm)


def register(client: IdentityClient, controls: Controls) -> Credentials:
    email = f"sponsor-{secrets.token_hex(4)}@example.com"
    enrollment = client.request_enrollment(email, "my-agent", "A test", SCOPES)
    return client.confirm_enrollment(enrollment, controls.code_for(email, str(client.realm)))


def test_the_demo_from_end_to_end(client: IdentityClient, controls: Controls) -> None:
    credentials = register(client, controls)
    assert store.find(client.issuer, SCOPES) == credentials
    key = ProofKey.generate()
    token = client.get_token(" ".join(SCOPES), key=key)
    claims = client.verify(token)
    assert claims["cnf"] == {"jkt": key.thumbprint}
    assert claims["sub"] == credentials.client_id
    assert client.userinfo(token)["sub"] == credentials.client_id
    notes = f"{client.issuer}/api/notes"
    assert client.call("POST", notes, token, json={"text": "dial tone"}).status_code == 201
    listed = client.call("GET", notes, token, params={"limit": "5"}).json()
    assert [note["text"] for note in listed["notes"]] == ["dial tone"]


@pytest.mark.parametrize(
    ("off", "says"),
    [
        (600, "Your clock is 600 s ahead of the service's: set it right"),
        (-600, "Your clock is 600 s behind the service's: set it right"),
    ],
)
def test_a_clock_ten_minutes_off_is_named_with_its_skew(
    client: IdentityClient, controls: Controls, off: float, says: str
) -> None:
    """Everything that takes a proof: a token request, a call, a renewal, an introspection."""
    register(client, controls)
    key = ProofKey.generate()
    token = client.get_token(key=key)
    base, own = client.issuer.partition("/realms/")[0], client.credentials
    wrong = IdentityClient(base, client.realm, credentials=own, now=lambda: time.time() + off)
    asking = [
        lambda: wrong.get_token(key=key),
        lambda: wrong.userinfo(token),
        lambda: wrong.exchange(token),
    ]
    for ask in asking:
        with pytest.raises(ServiceError, match="iat_is_fresh") as refused:
            ask()
        assert refused.value.error == "invalid_dpop_proof"
        assert re.sub("(59[5-9]|60[1-5]) s", "600 s", str(refused.value)).count(says) == 1
    if off < 0:
        with pytest.raises(TokenRefused, match=r"iat: valid only in (599|60\d) s.*set it right"):
            wrong.verify(token)
    else:
        assert (
            wrong.verify(token)["sub"] == wrong.verify(token)["client_id"]
        )  # its hour is not over


def test_a_wrong_code_costs_a_try_and_a_second_confirmation_shows_nothing(
    client: IdentityClient, controls: Controls
) -> None:
    enrollment = client.request_enrollment("sponsor@example.com", "my-agent")
    assert client.enrollment_status(enrollment) == "pending"
    code = controls.code_for("sponsor@example.com", str(client.realm))
    wrong = "AAAA-AAAA" if code != "AAAA-AAAA" else "BBBB-BBBB"
    with pytest.raises(WrongCode) as refused:
        client.confirm_enrollment(enrollment, wrong)
    assert refused.value.tries_left == 4
    assert enrollments.pending(client.issuer) == enrollment
    client.confirm_enrollment(enrollment, code.lower().replace("-", " "))
    assert client.enrollment_status(enrollment) == "confirmed"
    with pytest.raises(ServiceError) as again:
        client.confirm_enrollment(enrollment, code)
    assert again.value.status == 409


def test_five_wrong_codes_lock_the_enrollment(client: IdentityClient, controls: Controls) -> None:
    enrollment = client.request_enrollment("sponsor@example.com", "my-agent")
    code = controls.code_for("sponsor@example.com", str(client.realm))
    wrong = "AAAA-AAAA" if code != "AAAA-AAAA" else "BBBB-BBBB"
    for _ in range(4):
        with pytest.raises(WrongCode):
            client.confirm_enrollment(enrollment, wrong)
    for attempt in (wrong, code):
        with pytest.raises(ServiceError) as locked:
            client.confirm_enrollment(enrollment, attempt)
        assert locked.value.status == 410
    assert enrollments.pending(client.issuer) is None


def test_the_fourth_enrollment_of_an_hour_names_the_time_to_come_back(
    client: IdentityClient,
) -> None:
    for _ in range(3):
        client.request_enrollment("sponsor@example.com", "my-agent")
    with pytest.raises(RateLimited, match="Come back at") as limited:
        client.request_enrollment("sponsor@example.com", "my-agent")
    assert 30 < limited.value.retry_after <= 3600


def test_a_demanded_nonce_is_answered_and_then_known(
    client: IdentityClient, controls: Controls
) -> None:
    register(client, controls)
    client.wire.clear()
    token = client.get_token(key=ProofKey.generate())
    client.userinfo(token)
    client.userinfo(token)
    refused = [trip.status for trip in client.wire.round_trips if trip.status != 200]
    assert refused in ([], [400, 401])  # strict: once at the token endpoint, once at the resource


def test_a_proof_serves_once(client: IdentityClient, controls: Controls) -> None:
    register(client, controls)
    key = ProofKey.generate()
    token = client.get_token(key=key)
    client.userinfo(token)  # learns the nonce, where there is one
    last = client.wire.round_trips[-1].request.jwts[0].claims
    url, text = str(client.metadata["userinfo_endpoint"]), token.access_token.reveal()
    proof = build_proof(key, "GET", url, access_token=text, nonce=last.get("nonce"))
    headers = {"Authorization": f"DPoP {text}", "DPoP": proof}
    answers = [client.http.get(url, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].json()["error"] == "invalid_dpop_proof"


def test_credentials_of_another_realm_are_not_sent(
    client: IdentityClient, controls: Controls, mock: service.LocalService
) -> None:
    credentials = register(client, controls)
    other = IdentityClient(mock.base_url, "default", credentials=credentials)
    with pytest.raises(CredentialProblem, match="not sent"):
        other.get_token(key=ProofKey.generate())
    assert len(other.wire.round_trips) == 0


def test_the_root_gives_a_realms_token_and_the_kit_verifies_it(
    client: IdentityClient, controls: Controls, mock: service.LocalService
) -> None:
    root = IdentityClient(mock.base_url, None, credentials=register(client, controls))
    token = root.get_token(key=ProofKey.generate())
    assert root.verify(token)["iss"] == client.issuer
    stranger = IdentityClient(mock.base_url, "default")
    with pytest.raises(TokenRefused, match="iss"):
        stranger.verify(token)


def test_a_realms_own_time_is_kept(
    client: IdentityClient, controls: Controls, mock: service.LocalService
) -> None:
    credentials = register(client, controls)
    token = client.get_token(key=ProofKey.generate())
    controls.move_clock(str(client.realm), 3700)
    assert client.call("GET", f"{client.issuer}/userinfo", token).status_code == 401
    there = IdentityClient(
        mock.base_url, client.realm, credentials=credentials, now=lambda: time.time() + 3700
    )
    fresh = there.get_token(key=ProofKey.generate())
    assert there.userinfo(fresh)["sub"] == credentials.client_id


def test_nothing_secret_is_in_what_the_wire_shows(
    client: IdentityClient, controls: Controls
) -> None:
    credentials = register(client, controls)
    token = client.get_token(key=ProofKey.generate())
    client.userinfo(token)
    shown = client.wire.show(99)
    everything = shown.html + shown.text + "".join(e.curl for e in client.wire.round_trips)
    text = token.access_token.reveal()
    for secret in (credentials.client_secret.reveal(), text[:16], text.rpartition(".")[2]):
        assert secret not in everything
    assert token.claims["jti"] in shown.text
