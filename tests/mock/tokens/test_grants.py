"""What holds for every grant: rows 66, 84, 89, 90, 94 and 95, and the audit trail."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from dialtone_kit.keys import ProofKey
from dialtone_kit.tokens import read_unverified
from tests.support.grant_desk import (
    ACCESS_TOKEN,
    DEVICE,
    EXCHANGE,
    Person,
    ask,
    begin,
    call,
    error,
    events,
    family,
    in_parallel,
    post,
    says,
)
from tests.support.running_mock import Mock, Registered

Form = dict[str, str]


def for_itself(_client: Registered) -> Form:
    return {"grant_type": "client_credentials"}


def for_a_device(client: Registered) -> Form:
    device = begin(client)
    Person(client.mock, client.realm).approve(device)
    return {"grant_type": DEVICE, "device_code": device["device_code"]}


def renewed(client: Registered) -> Form:
    return {"grant_type": "refresh_token", "refresh_token": family(client)["refresh_token"]}


def from_a_token(client: Registered) -> Form:
    return {
        "grant_type": EXCHANGE,
        "subject_token": client.token(bound=False),
        "subject_token_type": ACCESS_TOKEN,
    }


GRANTS = [for_itself, for_a_device, renewed, from_a_token]
every_grant = pytest.mark.parametrize("grant", GRANTS, ids=lambda grant: grant.__name__)
Grant = Callable[[Registered], Form]


@pytest.mark.row("90", "84")
@every_grant
def test_90_84_every_grant_binds_and_says_so(registered_client: Registered, grant: Grant) -> None:
    client, key = registered_client, ProofKey.generate()
    told = ask(client, key=key, **grant(client)).json()
    assert told["token_type"] == "DPoP"
    assert read_unverified(told["access_token"]).claims["cnf"] == {"jkt": key.thumbprint}
    assert call(client, told["access_token"], key) == 200
    bearer = ask(client, key=None, **grant(client)).json()
    assert bearer["token_type"] == "Bearer"
    assert "cnf" not in read_unverified(bearer["access_token"]).claims


# --- 89 and 94: what is refused uses nothing up ---


@dataclass(frozen=True)
class Flaw:
    """A request that is right in all but one thing."""

    what: str
    proof: Callable[[Registered], str]
    form: Callable[[Form], Form]
    code: str
    reason: str


def right_proof(client: Registered) -> str:
    return client.proof("POST", client.token_url)


def used_proof(client: Registered) -> str:
    proof = right_proof(client)
    assert post(client, "/token", proof, grant_type="client_credentials").status_code == 200
    return proof


def same(form: Form) -> Form:
    return form


FLAWS = [
    Flaw("89 broken proof", lambda c: "x.y.z", same, "invalid_dpop_proof", "well_formed"),
    Flaw(
        "89 proof for another URL",
        lambda c: c.proof("POST", c.url("/revoke")),
        same,
        "invalid_dpop_proof",
        "htu_matches",
    ),
    Flaw(
        "89 proof for another method",
        lambda c: c.proof("GET", c.token_url),
        same,
        "invalid_dpop_proof",
        "htm_matches",
    ),
    Flaw(
        "89 old proof",
        lambda c: c.proof("POST", c.token_url, now=c.mock.now(c.realm) - 90),
        same,
        "invalid_dpop_proof",
        "iat_is_fresh",
    ),
    Flaw("89 used proof", used_proof, same, "invalid_dpop_proof", "jti_is_new"),
    Flaw(
        "94 audience",
        right_proof,
        lambda form: {**form, "resource": "relative"},
        "invalid_target",
        "absolute",
    ),
    Flaw(
        "94 may_act",
        right_proof,
        lambda form: {**form, "may_act": "x"},
        "invalid_request",
        "may_act",
    ),
]


@pytest.mark.row("89", "94")
@every_grant
@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.what)
def test_89_94_a_refusal_uses_nothing_up(
    registered_client: Registered, grant: Grant, flaw: Flaw
) -> None:
    client = registered_client
    form = grant(client)
    for _ in range(2):
        refused = post(client, "/token", flaw.proof(client), **flaw.form(form))
        says(refused, 400, flaw.code, flaw.reason)
    assert post(client, "/token", right_proof(client), **form).status_code == 200


@pytest.mark.row("64")
@every_grant
def test_64_nor_does_it_use_up_a_proof(registered_client: Registered, grant: Grant) -> None:
    client = registered_client
    form, proof = grant(client), right_proof(client)
    says(post(client, "/token", proof, **form, resource="relative"), 400, "invalid_target")
    assert post(client, "/token", proof, **form).status_code == 200
    once_more = post(client, "/token", proof, **grant(client))
    says(once_more, 400, "invalid_dpop_proof", "jti_is_new")


@pytest.mark.row("66")
@every_grant
def test_66_a_wrong_secret_is_reported_first(registered_client: Registered, grant: Grant) -> None:
    client = registered_client
    form, proof = grant(client), right_proof(client)
    for came in ("nonsense", proof):
        answer = client.mock.http.post(
            client.token_url,
            data=form,
            auth=(client.client_id, "sec_wrong"),
            headers={"DPoP": came},
        )
        assert error(answer) == (401, "invalid_client")
    assert post(client, "/token", proof, **form).status_code == 200


@pytest.mark.both_databases
@pytest.mark.row("95")
@every_grant
def test_95_in_parallel_with_different_keys(registered_client: Registered, grant: Grant) -> None:
    """Grants that can be had again and again are had by all; the others by exactly one."""
    client = registered_client
    form = grant(client)

    def send(http: httpx.Client) -> httpx.Response:
        proof = client.proof("POST", client.token_url, key=ProofKey.generate())
        return http.post(client.token_url, data=form, auth=client.basic, headers={"DPoP": proof})

    answers = in_parallel(6, send)
    won = [answer.json() for answer in answers if answer.status_code == 200]
    once = grant in (for_a_device, renewed)
    assert len(won) == (1 if once else 6)
    keys = {read_unverified(told["access_token"]).claims["cnf"]["jkt"] for told in won}
    assert len(keys) == len(won)


@pytest.mark.both_databases
@pytest.mark.row("95")
def test_95_different_devices_in_parallel_with_different_keys(
    registered_client: Registered,
) -> None:
    client = registered_client
    forms = [for_a_device(client) for _ in range(4)]

    def send(http: httpx.Client) -> httpx.Response:
        proof = client.proof("POST", client.token_url, key=ProofKey.generate())
        return http.post(
            client.token_url, data=forms.pop(), auth=client.basic, headers={"DPoP": proof}
        )

    assert [answer.status_code for answer in in_parallel(4, send)] == [200] * 4


@pytest.mark.row("89")
@pytest.mark.parametrize("flaw", FLAWS[:3], ids=lambda flaw: flaw.what)
def test_89_a_bad_proof_does_not_count_as_a_poll(registered_client: Registered, flaw: Flaw) -> None:
    client = registered_client
    form = {"grant_type": DEVICE, "device_code": begin(client)["device_code"]}
    for _ in range(3):
        says(post(client, "/token", flaw.proof(client), **form), 400, flaw.code)
    says(post(client, "/token", right_proof(client), **form), 400, "authorization_pending")


# --- the audit trail ---


def test_each_effect_is_in_the_audit_trail_once(mock: Mock, registered_client: Registered) -> None:
    client, agent = registered_client, mock.register(registered_client.realm)
    first = family(client)
    second = ask(client, "refresh_token", refresh_token=first["refresh_token"]).json()
    parent = client.token(may_act=agent.client_id)
    form = {"subject_token": parent, "subject_token_type": ACCESS_TOKEN, "scope": "openid"}
    child = ask(agent, EXCHANGE, **form).json()["access_token"]
    says(ask(client, "refresh_token", refresh_token=first["refresh_token"]), 400, "invalid_grant")
    for _ in range(2):
        post(agent, "/revoke", token=child)
    found = [
        one
        for one in events(mock, client.realm)
        if not one["event"].startswith(("registration", "authorization"))
    ]
    assert [one["event"] for one in found] == [
        "device_requested",
        "device_approved",
        "token_issued",
        "token_issued",
        "token_issued",
        "token_issued",
        "revocation",
        "revocation",
    ]
    approved, device, renewal, _, exchange, reused, revoked = found[1:]
    subject = read_unverified(first["access_token"]).claims["sub"]
    assert (approved["subject"], approved["person"][:7]) == (subject, "person-")
    assert (device["grant"], device["subject"]) == (DEVICE, subject)
    assert renewal["token"] == read_unverified(second["access_token"]).claims["jti"]
    assert exchange["client_id"] == agent.client_id
    assert exchange["act"] == {"sub": agent.client_id}
    assert exchange["parent"] == read_unverified(parent).claims["jti"]
    assert (exchange["binding"], exchange["jkt"]) == ("DPoP", agent.key.thumbprint)
    assert "came back" in reused["reason"]
    assert revoked["token"] == read_unverified(child).claims["jti"]
    text = json.dumps(found)
    for secret in (first["refresh_token"], second["refresh_token"], child.rpartition(".")[2]):
        assert secret not in text
