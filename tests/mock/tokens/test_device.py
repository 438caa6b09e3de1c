"""The device flow (RFC 8628), rows V1 to V12 of the catalogue, and its page."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from dialtone_kit.keys import ProofKey
from dialtone_kit.mock.store import tables, upgrade
from dialtone_kit.mock.tokens import device_grants
from dialtone_kit.tokens import read_unverified
from tests.support.databases import Database
from tests.support.grant_desk import (
    DEVICE,
    Person,
    ask,
    begin,
    error,
    in_parallel,
    poll,
    post,
    public_client,
    renew,
    says,
)
from tests.support.running_mock import Mock, Registered


@pytest.fixture
def person(mock: Mock, realm: str) -> Person:
    return Person(mock, realm)


def test_it_asks_and_a_person_approves(registered_client: Registered, person: Person) -> None:
    client = registered_client
    device = begin(client, scope="openid notes:read")
    assert device.keys() == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert device["verification_uri"] == client.url("/device")
    complete = f"{device['verification_uri']}?user_code={device['user_code']}"
    assert device["verification_uri_complete"] == complete
    person.approve(device)
    answer = poll(client, device)
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (told["token_type"], told["scope"]) == ("DPoP", "openid notes:read")
    assert re.fullmatch(r"rt_[A-Za-z0-9_-]{43}", told["refresh_token"])
    claims = read_unverified(told["access_token"]).claims
    assert re.fullmatch(r"usr_[0-9a-f]{32}", claims["sub"])
    assert (claims["client_id"], claims["cnf"]["jkt"]) == (client.client_id, client.key.thumbprint)


def test_the_subject_is_the_address_in_this_realm(
    mock: Mock, registered_client: Registered
) -> None:
    client, email = registered_client, "Somebody@example.com"

    def subject(who: str, of: Registered = client) -> str:
        device = begin(of)
        Person(mock, of.realm, who).approve(device)
        return str(read_unverified(poll(of, device).json()["access_token"]).claims["sub"])

    mine = subject(email)
    assert subject(email.lower()) == mine
    assert subject("other@example.com") != mine
    elsewhere = mock.register(mock.new_realm())
    assert subject(email, elsewhere) != mine


def test_at_the_root_the_client_says_the_realm(mock: Mock, registered_client: Registered) -> None:
    client = registered_client
    answer = mock.http.post(
        f"{mock.base_url}/device_authorization", data={"scope": "openid"}, auth=client.basic
    )
    device = answer.json()
    assert device["verification_uri"] == client.url("/device")
    person = Person(mock, client.realm)
    person.url = f"{mock.base_url}/device"  # and the root's page knows every code
    person.approve(device)
    assert poll(client, device).status_code == 200


# --- what the token is for (RFC 8707) ---

ONE, TWO = "https://one.example/", "https://two.example/"


def audience(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return read_unverified(answer.json()["access_token"]).claims.get("aud")


@pytest.mark.parametrize(
    "form",
    [
        {"resource": "relative"},
        {"resource": f"{ONE}#part"},
        {"resource": [ONE, "relative"]},
        {"audience": "a" * 501},
        {"audience": [f"a{n}" for n in range(11)]},
        {"audience": [f"a{n}" for n in range(6)], "resource": [f"{ONE}{n}" for n in range(5)]},
    ],
    ids=str,
)
def test_a_wrong_target_is_refused_before_anyone_is_asked(
    registered_client: Registered, form: dict[str, Any]
) -> None:
    says(post(registered_client, "/device_authorization", **form), 400, "invalid_target")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, None),
        ({"resource": ""}, None),
        ({"resource": ONE}, ONE),
        ({"resource": [ONE, TWO, ONE]}, [ONE, TWO]),
        ({"audience": "a b", "resource": ONE}, ["a b", ONE]),
    ],
    ids=str,
)
def test_the_token_is_for_what_the_device_named_at_the_start(
    registered_client: Registered, person: Person, form: dict[str, Any], expected: Any
) -> None:
    device = begin(registered_client, **form)
    person.approve(device)
    assert audience(poll(registered_client, device)) == expected


@pytest.mark.parametrize("form", [{"resource": TWO}, {"audience": "other"}], ids=str)
def test_a_poll_may_name_less_than_was_approved_and_never_more(
    registered_client: Registered, person: Person, form: dict[str, str]
) -> None:
    client = registered_client
    device = begin(client, audience="api", resource=ONE)
    person.approve(device)
    code = device["device_code"]
    for asked in (form, {**form, "audience": ["api", *form.values()]}):
        answer = ask(client, DEVICE, device_code=code, **asked)
        says(answer, 400, "invalid_target", f"The approval is for api, {ONE} and nothing else.")
    assert audience(ask(client, DEVICE, device_code=code, resource=ONE)) == ONE


@pytest.mark.parametrize("form", [{"resource": TWO}, {"audience": "api"}], ids=str)
def test_an_approval_gives_nothing_that_no_one_saw(
    registered_client: Registered, person: Person, form: dict[str, str]
) -> None:
    client, advice = registered_client, "Name it in the device_authorization request"
    device = begin(client)
    person.approve(device)
    says(poll(client, device, **form), 400, "invalid_target", advice)
    first = poll(client, device)  # the refusal used up nothing
    assert audience(first) is None
    token = first.json()["refresh_token"]
    says(renew(client, token, **form), 400, "invalid_target", advice)
    assert audience(renew(client, token)) is None


def test_a_refreshed_token_is_for_no_more_than_was_approved(
    registered_client: Registered, person: Person
) -> None:
    client = registered_client
    device = begin(client, resource=[ONE, TWO])
    person.approve(device)
    first = ask(client, DEVICE, device_code=device["device_code"], resource=ONE)
    assert audience(first) == ONE
    token = first.json()["refresh_token"]
    says(renew(client, token, resource="https://three.example/"), 400, "invalid_target")
    second = renew(client, token)
    assert audience(second) == [ONE, TWO]
    assert audience(renew(client, second.json()["refresh_token"], resource=TWO)) == TWO


# --- V1 to V7: what a poll is told ---


def pending(_client: Registered, _device: dict[str, Any], _person: Person) -> None:
    """No one did anything."""


def hasty(client: Registered, device: dict[str, Any], _person: Person) -> None:
    poll(client, device)


def late(client: Registered, _device: dict[str, Any], _person: Person) -> None:
    client.mock.move_clock(client.realm, 901)


def approved_and_late(client: Registered, device: dict[str, Any], person: Person) -> None:
    person.approve(device)
    client.mock.move_clock(client.realm, 901)


def denied(_client: Registered, device: dict[str, Any], person: Person) -> None:
    person.deny(device)


def locked(_client: Registered, device: dict[str, Any], person: Person) -> None:
    person.look_at(device)
    for _ in range(5):
        page = person.decide("approve", "AAAA-AAAA")
    assert page.status_code == 410


def used(client: Registered, device: dict[str, Any], person: Person) -> None:
    person.approve(device)
    assert poll(client, device).status_code == 200


@pytest.mark.parametrize(
    ("before", "code", "reason"),
    [
        pytest.param(
            pending, "authorization_pending", "in 5 s", id="V1", marks=pytest.mark.row("V1")
        ),
        pytest.param(hasty, "slow_down", "wait 10 s", id="V2", marks=pytest.mark.row("V2")),
        pytest.param(late, "expired_token", "expired", id="V3", marks=pytest.mark.row("V3")),
        pytest.param(
            approved_and_late,
            "expired_token",
            "expired",
            id="V3-approved",
            marks=pytest.mark.row("V3"),
        ),
        pytest.param(denied, "access_denied", "declined", id="V4", marks=pytest.mark.row("V4")),
        pytest.param(
            locked, "access_denied", "wrong codes", id="V4-locked", marks=pytest.mark.row("V4")
        ),
        pytest.param(used, "invalid_grant", "was used", id="V6", marks=pytest.mark.row("V6")),
    ],
)
def test_what_a_poll_gets(
    before: Any, code: str, reason: str, registered_client: Registered, person: Person
) -> None:
    device = begin(registered_client)
    before(registered_client, device, person)
    says(poll(registered_client, device), 400, code, reason)


@pytest.mark.row("V2")
def test_v2_slow_down_adds_five_seconds_for_good(
    registered_client: Registered, person: Person
) -> None:
    client, move = registered_client, registered_client.mock.move_clock
    device = begin(client)
    steps = [
        (0, "authorization_pending", "in 5 s"),
        (5, "authorization_pending", "in 5 s"),  # ✓ the interval that was given
        (1, "slow_down", "wait 10 s"),
        (6, "slow_down", "wait 15 s"),  # the old pace is too fast now
        (15, "authorization_pending", "in 15 s"),  # ✓ and the new one is kept
    ]
    for seconds, code, reason in steps:
        move(client.realm, seconds)
        says(poll(client, device), 400, code, reason)
    person.approve(device)
    assert poll(client, device).status_code == 200  # an approved device no longer waits


@pytest.mark.row("V5")
def test_v5_another_client_gets_nothing_and_disturbs_nothing(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    client, other = registered_client, mock.register(registered_client.realm)
    device = begin(client)
    for _ in range(3):
        says(poll(other, device), 400, "invalid_grant", "This client has no such device code")
    says(poll(client, device), 400, "authorization_pending")  # its pace is its own
    person.approve(device)
    says(poll(other, device), 400, "invalid_grant")
    assert poll(client, device).status_code == 200  # ✓


@pytest.mark.parametrize("code", ["", "dc_", "dc_" + "A" * 43, "é\0", "x" * 5000])
def test_unknown_device_codes(registered_client: Registered, code: str) -> None:
    expected = "invalid_grant" if code else "invalid_request"
    assert error(ask(registered_client, DEVICE, device_code=code)) == (400, expected)


@pytest.mark.both_databases
@pytest.mark.row("V7", "V7✓")
def test_v7_polls_in_parallel_bring_one_token(
    registered_client: Registered, person: Person
) -> None:
    client = registered_client
    device = begin(client)
    person.approve(device)

    def send(http: Any) -> Any:
        return http.post(
            client.token_url,
            data={"grant_type": DEVICE, "device_code": device["device_code"]},
            auth=client.basic,
            headers={"DPoP": client.proof("POST", client.token_url)},
        )

    answers = in_parallel(12, send)
    assert sorted(answer.status_code for answer in answers) == [200] + 11 * [400]
    assert {error(one) for one in answers if one.status_code == 400} == {(400, "invalid_grant")}


@pytest.mark.both_databases
@pytest.mark.row("V7")
def test_v7_of_two_that_saw_it_approved_the_second_gets_nothing(
    tmp_path: Path, database: str
) -> None:
    """What the race above comes down to, without the race."""
    made = Database(tmp_path, database)
    engine = made.engine()
    grant = {
        "device_hash": b"d" * 32,
        "user_hash": b"u" * 32,
        "realm": "default",
        "client_id": "cli_x",
        "scopes": "openid",
        "status": "approved",
        "interval": 5,
        "mails": 1,
        "wrong_codes": 0,
        "expires_at": 2.0**40,
        "forget_at": 2.0**40,
    }
    with engine.begin() as tx:
        upgrade.bring_up_to_date(tx)
        tx.execute(insert(tables.device_grants), grant)
        row = tx.execute(select(tables.device_grants)).one()
        assert [device_grants.use(tx, row), device_grants.use(tx, row)] == [True, False]
    engine.dispose()
    made.drop()


@pytest.mark.row("V8")
def test_v8_codes_are_many_and_easy_to_type(registered_client: Registered, person: Person) -> None:
    codes = {begin(registered_client)["user_code"] for _ in range(20)}
    assert len(codes) == 20
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    assert len(alphabet) ** 8 >= 20**8
    assert all(re.fullmatch(rf"[{alphabet}]{{4}}-[{alphabet}]{{4}}", code) for code in codes)
    code = codes.pop()
    for typed in (code.lower(), code.replace("-", ""), f" {code[:2]} {code[2:]} ", code):
        person.open()
        assert person.enter(typed).status_code == 200


@pytest.mark.row("V11")
def test_v11_a_client_locked_after_the_approval(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    client = registered_client
    device = begin(client)
    person.approve(device)

    def lock(locked: bool) -> None:
        body = {"client_id": client.client_id, "locked": locked}
        assert mock.control("POST", "clients/lock", json=body).json() == body

    lock(True)
    says(poll(client, device), 400, "invalid_grant", "locked")
    says(ask(client, "client_credentials"), 400, "unauthorized_client", "locked")
    says(post(client, "/device_authorization"), 400, "unauthorized_client", "locked")
    says(post(client, "/introspect", token="x"), 401, "invalid_client", "locked")
    lock(False)
    assert poll(client, device).status_code == 200  # ✓


def test_a_locked_clients_code_can_not_be_approved(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    device = begin(registered_client)
    person.look_at(device)
    code = person.mailed_code()
    mock.control("POST", "clients/lock", json={"client_id": registered_client.client_id})
    assert person.decide("approve", code).status_code == 404
    person.open()
    assert person.enter(device["user_code"]).status_code == 404


@pytest.mark.row("V12")
def test_v12_the_device_code_has_256_random_bits(registered_client: Registered) -> None:
    codes = {begin(registered_client)["device_code"] for _ in range(5)}
    assert len(codes) == 5
    assert all(re.fullmatch(r"dc_[A-Za-z0-9_-]{43}", code) for code in codes)


# --- who may ask ---


def test_a_client_without_a_secret_may_use_this_flow_and_no_other(mock: Mock, realm: str) -> None:
    client = public_client(mock, realm)
    assert client.answer.keys() == {
        "client_id",
        "token_endpoint_auth_method",
        "granted_scopes",
        "token_endpoint",
        "issuer",
        "realm",
    }
    device = begin(client)
    Person(mock, realm).approve(device)
    assert poll(client, device).status_code == 200
    for grant in ("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"):
        says(ask(client, grant), 400, "unauthorized_client", "without a secret")


@pytest.mark.parametrize("path", ["/token", "/device_authorization", "/revoke"])
def test_an_id_alone_is_enough_for_a_public_client_only(
    mock: Mock, realm: str, registered_client: Registered, path: str
) -> None:
    url, form = mock.issuer(realm) + path, {"grant_type": "refresh_token", "token": "x"}

    def ask_as(**who: str) -> int:
        return mock.http.post(url, data={**form, **who}).status_code

    open_one = public_client(mock, realm).client_id
    assert ask_as(client_id=open_one) != 401
    assert ask_as(client_id=registered_client.client_id) == 401
    assert ask_as(client_id="cli_nobody_00") == 401
    assert ask_as(client_id=open_one, client_secret="sec_anything") == 401
    assert ask_as() == 401
    with_basic = mock.http.post(url, data=form, auth=(open_one, ""))
    assert with_basic.status_code == 401


@pytest.mark.parametrize("method", ["private_key_jwt", "", 1, None])
def test_other_ways_to_authenticate_are_not_on_offer(mock: Mock, realm: str, method: Any) -> None:
    answer = mock.request_enrollment(realm, token_endpoint_auth_method=method)
    says(answer, 400, "invalid_request", "token_endpoint_auth_method")


@pytest.mark.parametrize("scope", ["admin", "openid admin", " "])
def test_a_scope_beyond_the_clients(registered_client: Registered, scope: str) -> None:
    answer = post(registered_client, "/device_authorization", scope=scope)
    says(answer, 400, "invalid_scope", "was granted")


def test_strict_binds_here_too(mock: Mock, strict_client: Registered) -> None:
    device = begin(strict_client)
    Person(mock, strict_client.realm).approve(device)
    says(poll(strict_client, device, key=None), 400, "invalid_dpop_proof", "bound tokens only")
    without_nonce = strict_client.proof("POST", strict_client.token_url)
    form = {"grant_type": DEVICE, "device_code": device["device_code"]}
    says(post(strict_client, "/token", without_nonce, **form), 400, "use_dpop_nonce")
    key = ProofKey.generate()
    told = poll(strict_client, device, key).json()
    assert read_unverified(told["access_token"]).claims["cnf"] == {"jkt": key.thumbprint}


def test_a_request_without_a_body_is_an_empty_form(registered_client: Registered) -> None:
    """Some libraries name no content type when there is nothing to send."""
    client = registered_client
    url = client.url("/device_authorization")
    answer = client.mock.http.post(url, auth=client.basic)
    assert (answer.status_code, "content-type" in answer.request.headers) == (200, False)
    for body in (b"x=y", b"{}"):
        answer = client.mock.http.post(url, auth=client.basic, content=body)
        assert error(answer) == (415, "unsupported_media_type")
