"""A workload as an OAuth client: its JWT-SVID instead of a secret (`spiffe_jwt`)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from dialtone_kit.base.errors import CredentialProblem, TokenRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import find, read_members
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import Record
from dialtone_kit.local.running import LocalService
from dialtone_kit.mock.spiffe.client_assertions import workload_of
from dialtone_kit.mock.spiffe.settings import SpiffeSettings
from dialtone_kit.spiffe.workload import Workload
from dialtone_kit.tokens import read_unverified
from tests.support.own_loop import finished
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import ID

JWT_SPIFFE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
OTHER = "spiffe://dialtone.test/ns/lessons/sa/writer"
SPIFFE = {"token_endpoint_auth_method": "spiffe_jwt", "spiffe_id": ID}


@dataclass
class Reader:
    """The workload of ID, and the client of a realm that is registered with that name."""

    mock: Mock
    realm: str
    client: Registered = field(init=False)
    workload: Workload = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.mock.register(self.realm, **SPIFFE)
        self.workload = self.other("reader", ID)

    def other(self, account: str, name: str) -> Workload:
        record = Record(self.mock.base_url, self.mock.port, Secret(self.mock.secret))
        controls = Controls(lambda: LocalService(record, None, ""))
        platform = controls.platform("kubernetes", namespace="lessons", service_account=account)
        return Workload(self.mock.base_url, name, platform)

    def svid(self, audience: Any = None) -> str:
        return self.workload.jwt_svid(audience or self.client.issuer).token.reveal()

    def post(self, path: str = "/token", **changes: Any) -> httpx.Response:
        """A right request of this client, with `changes`; None leaves a member out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client.client_id,
            "client_assertion_type": JWT_SPIFFE,
            "client_assertion": changes.pop("assertion", None) or self.svid(),
        }
        headers = changes.pop("headers", None)
        form = {name: value for name, value in (form | changes).items() if value is not None}
        return self.mock.http.post(self.client.issuer + path, data=form, headers=headers)


@pytest.fixture
def reader(mock: Mock, realm: str) -> Reader:
    return Reader(mock, realm)


def must_be(answer: httpx.Response, status: int, error: str, hint: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert hint in answer.json()["error_description"]


def test_a_workload_is_registered_by_its_name_and_gets_no_secret(reader: Reader) -> None:
    assert "client_secret" not in reader.client.answer
    assert SPIFFE.items() <= reader.client.answer.items()
    mail = reader.mock.inbox(realm=reader.realm)[0]
    assert ID in mail["text"]


def test_its_svid_gets_it_a_token_bound_to_its_key(reader: Reader) -> None:
    proof = reader.client.proof("POST", f"{reader.client.issuer}/token")
    answer = reader.post(headers={"DPoP": proof})
    assert answer.status_code == 200, answer.text
    claims = read_unverified(answer.json()["access_token"]).claims
    assert answer.json()["token_type"] == "DPoP"
    assert claims["cnf"] == {"jkt": reader.client.key.thumbprint}
    assert claims["sub"] == reader.client.client_id


def test_it_introspects_and_revokes_as_other_clients_do(reader: Reader) -> None:
    token = reader.post().json()["access_token"]
    assert reader.post("/introspect", token=token).json()["active"] is True
    assert reader.post("/revoke", token=token).status_code == 200
    assert reader.post("/introspect", token=token).json() == {"active": False}


def test_the_root_finds_the_realm_by_the_client(reader: Reader) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": reader.client.client_id,
        "client_assertion_type": JWT_SPIFFE,
        "client_assertion": reader.svid(),
    }
    assert reader.mock.http.post(f"{reader.mock.base_url}/token", data=form).status_code == 200


def test_an_svid_of_another_workload_is_refused(reader: Reader) -> None:
    svid = reader.other("writer", OTHER).jwt_svid(reader.client.issuer).token.reveal()
    must_be(reader.post(assertion=svid), 401, "invalid_client", "client_assertion sub")


def test_only_an_svid_for_this_issuer_alone_is_accepted(reader: Reader) -> None:
    issuer, base = reader.client.issuer, reader.mock.base_url
    for audience in (f"{base}/realms/strict", base, f"{issuer}/token", [issuer, "https://b.test"]):
        answer = reader.post(assertion=reader.svid(audience))
        must_be(answer, 401, "invalid_client", "client_assertion aud")


def test_an_svid_that_was_changed_or_never_was_one_is_refused(reader: Reader) -> None:
    head, _, signature = reader.svid().split(".")
    _, body, _ = reader.svid(["https://b.test"]).split(".")
    forged = f"{head}.{body}.{signature}"
    must_be(reader.post(assertion=forged), 401, "invalid_client", "client_assertion signature")
    must_be(reader.post(assertion="x"), 401, "invalid_client", "client_assertion")
    token = reader.post().json()["access_token"]
    must_be(reader.post(assertion=token), 401, "invalid_client", "client_assertion kid")


@dataclass(frozen=True)
class Knowing:
    """As much of a service as the check needs: a trust domain, and a store with its bundle."""

    bundle: dict[str, Any]

    @property
    def store(self) -> Knowing:
        return self

    async def read(self, job: Any) -> dict[str, Any]:
        return self.bundle

    def part(self, kind: type) -> SpiffeSettings:
        return SpiffeSettings("dialtone.test", {})


@pytest.mark.parametrize(("after", "good"), [(3590, True), (3700, False)])
def test_an_svid_that_has_ended_is_refused(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, after: int, good: bool
) -> None:
    svid, at = reader.svid(), time.time() + after
    url = f"{reader.mock.base_url}/.well-known/spiffe-trust-bundle"
    service: Any = Knowing(reader.mock.http.get(url).json())
    monkeypatch.setattr("dialtone_kit.mock.core.clock.machine_now", lambda: at)
    judged = workload_of(service, svid, reader.client.issuer)
    if good:
        assert finished(judged) == ID
    else:
        with pytest.raises(TokenRefused, match="exp"):
            finished(judged)


def test_a_client_with_a_secret_cannot_use_an_svid(reader: Reader) -> None:
    with_secret = reader.mock.register(reader.realm)
    answer = reader.post(client_id=with_secret.client_id)
    must_be(answer, 401, "invalid_client", "a SPIFFE ID")
    must_be(reader.post(client_id=None), 401, "invalid_client", "a SPIFFE ID")


def test_a_client_of_another_realm_is_unknown_here(reader: Reader) -> None:
    elsewhere = reader.mock.register(reader.mock.new_realm(), **SPIFFE)
    answer = reader.post(client_id=elsewhere.client_id)
    must_be(answer, 401, "invalid_client", "No client of this realm")


def test_a_workload_has_no_other_way_in(reader: Reader) -> None:
    bare = {"client_assertion": None, "client_assertion_type": None}
    must_be(reader.post(**bare), 401, "invalid_client", "Authenticate")
    must_be(reader.post(**bare, client_secret="sec_x"), 401, "invalid_client", "No client")
    must_be(reader.post(client_secret="sec_x"), 400, "invalid_request", "once")
    must_be(reader.post(client_assertion_type="other"), 401, "invalid_client", JWT_SPIFFE)
    must_be(reader.post(client_assertion_type=None), 401, "invalid_client", JWT_SPIFFE)
    locked = {"client_id": reader.client.client_id, "locked": True}
    assert reader.mock.control("POST", "clients/lock", json=locked).status_code == 200
    assert reader.post().json()["error"] == "unauthorized_client"


def test_basic_and_an_svid_at_once_are_refused_whatever_the_secret_is(reader: Reader) -> None:
    other = reader.mock.register(reader.realm)
    for client_id, secret in ((reader.client.client_id, "sec_x"), other.basic):
        basic = httpx.BasicAuth(client_id, secret)
        header = next(basic.auth_flow(httpx.Request("GET", "http://x"))).headers["Authorization"]
        answer = reader.post(client_id=None, headers={"Authorization": header})
        must_be(answer, 400, "invalid_request", "once")


def test_an_svid_is_good_for_as_long_as_it_lasts_and_in_no_other_realm(reader: Reader) -> None:
    svid = reader.svid()
    assert [reader.post(assertion=svid).status_code for _ in range(2)] == [200, 200]
    elsewhere = reader.mock.register(reader.mock.new_realm(), **SPIFFE)
    form = {
        "grant_type": "client_credentials",
        "client_id": elsewhere.client_id,
        "client_assertion_type": JWT_SPIFFE,
        "client_assertion": svid,
    }
    answer = reader.mock.http.post(f"{elsewhere.issuer}/token", data=form)
    must_be(answer, 401, "invalid_client", "client_assertion aud")


def test_a_certificate_is_no_assertion(reader: Reader) -> None:
    pem = reader.workload.x509_svid().pem
    for certificate in (pem, "".join(pem.splitlines()[1:-1])):
        must_be(reader.post(assertion=certificate), 401, "invalid_client", "client_assertion")


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({"token_endpoint_auth_method": "spiffe_jwt"}, "go together"),
        ({"spiffe_id": ID}, "go together"),
        ({**SPIFFE, "spiffe_id": "spiffe://dialtone.test"}, "not a workload"),
        ({**SPIFFE, "spiffe_id": "https://dialtone.test/x"}, "scheme"),
        ({**SPIFFE, "spiffe_id": "spiffe://dialtone.test/a/../b"}, "path"),
    ],
)
def test_a_registration_names_one_workload(
    mock: Mock, realm: str, members: dict[str, Any], hint: str
) -> None:
    must_be(mock.request_enrollment(realm, **members), 400, "invalid_request", hint)


def test_the_kit_signs_in_without_a_secret(reader: Reader) -> None:
    credentials = read_members(reader.client.answer)
    client = IdentityClient(reader.mock.base_url, reader.realm, credentials=credentials)
    with pytest.raises(CredentialProblem, match="sign_in"):
        client.get_token()
    reader.workload.sign_in(client)
    token = client.get_token(key=ProofKey.generate())
    assert (token.token_type, client.introspect(token)["active"]) == ("DPoP", True)
    shown = [trip for trip in client.wire.round_trips if trip.url.endswith("/token")]
    assert "eyJ" not in str(shown[0].request)


def test_it_is_stored_without_a_secret_and_never_taken_for_a_public_client(
    reader: Reader, mock: Mock
) -> None:
    client = IdentityClient(mock.base_url, reader.realm)
    enrollment = client.request_enrollment("a@example.com", "reader", spiffe_id=ID)
    kept = client.confirm_enrollment(enrollment, mock.code_for("a@example.com", reader.realm))
    assert (kept.client_secret, kept.spiffe_id) == (None, ID)
    assert find(client.issuer, public=True) is None
    assert find(client.issuer) is None
