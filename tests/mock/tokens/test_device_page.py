"""The device page, V9 and V10: guessing is limited, no one is tricked, and looking does nothing."""

import re
from collections.abc import Callable

import pytest

from tests.support.grant_desk import HTML, Person, begin, error, poll, says
from tests.support.running_mock import Mock, Registered


@pytest.fixture
def person(mock: Mock, realm: str) -> Person:
    return Person(mock, realm)


def wrong_codes(person: Person, number: int) -> list[int]:
    person.open()
    return [
        person.enter(f"AAAA-{n:04}".replace("0", "B").replace("1", "C")).status_code
        for n in range(number)
    ]


@pytest.mark.row("V10")
def test_v10_it_shows_client_scopes_and_realm(mock: Mock, realm: str, person: Person) -> None:
    client = mock.register(realm, client_name="my <b>agent</b>\u202e")
    page = person.look_at(begin(client, scope="openid notes:write")).text
    for shown in (
        "my &lt;b&gt;agent&lt;/b&gt;\\u202e",
        client.client_id,
        realm,
        person.email,
        "<code>openid</code> <code>notes:write</code>",
    ):
        assert shown in page
    assert "notes:read" not in page
    assert "<b>" not in page
    assert "<dt>At</dt>" not in page  # the device named no audience
    assert "let other agents act for you with these permissions, but never with more" in page


@pytest.mark.row("V10")
def test_v10_it_shows_what_the_token_is_for(registered_client: Registered, person: Person) -> None:
    targets = {"audience": "an <i>api</i>\u202e", "resource": "https://one.example/"}
    page = person.look_at(begin(registered_client, **targets)).text
    assert "<bdi>an &lt;i&gt;api&lt;/i&gt;\\u202e</bdi>" in page
    assert "<bdi>https://one.example/</bdi>" in page


@pytest.mark.row("V10")
def test_v10_the_email_says_what_it_is_about(
    mock: Mock, realm: str, registered_client: Registered, person: Person
) -> None:
    person.look_at(begin(registered_client))
    mail = mock.inbox(realm=realm)[0]
    assert mail["to"] == person.email
    assert mail["code"] in mail["text"]
    assert "my-agent" in mail["text"]
    assert "only if you started this yourself" in mail["text"]


@pytest.mark.row("V10")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_v10_looking_never_approves(
    mock: Mock, registered_client: Registered, person: Person, method: str
) -> None:
    device = begin(registered_client)
    complete = device["verification_uri_complete"]
    for more in ("", f"&email={person.email}", "&decision=approve", "&verification_code=x"):
        assert mock.http.request(method, complete + more, headers=HTML).status_code == 200
    assert mock.inbox(realm=registered_client.realm)[0]["to"] != person.email  # no email either
    says(poll(registered_client, device), 400, "authorization_pending")


@pytest.mark.row("V10")
def test_v10_the_complete_link_only_fills_the_form(
    registered_client: Registered, person: Person
) -> None:
    device = begin(registered_client)
    page = person.open(device["verification_uri_complete"]).text
    assert f'name="user_code" value="{device["user_code"]}"' in page
    assert "Does the device in front of you show the same one?" in page
    clever = person.open(f'{person.url}?user_code="><script>alert(1)</script>').text
    assert "<script" not in clever


@pytest.mark.row("V10")
@pytest.mark.parametrize("step", ["first", "second"])
@pytest.mark.parametrize("forgery", ["no token", "of another browser", "no cookie"])
def test_v10_a_forged_form_does_nothing(
    mock: Mock, registered_client: Registered, person: Person, step: str, forgery: str
) -> None:
    device, other = begin(registered_client), Person(mock, registered_client.realm)
    other.open()
    if step == "first":
        person.open()
    else:
        person.look_at(device)
        code = person.mailed_code()
    right = dict(person.form)
    if forgery == "no cookie":
        person.http.cookies.clear()
    forged = {"no token": "", "of another browser": other.form["form_token"]}.get(forgery)
    more = {} if forged is None else {"form_token": forged}
    page = (
        person.enter(device["user_code"], **more)
        if step == "first"
        else person.decide("approve", code, **more)
    )
    assert (page.status_code, "out of date" in page.text) == (403, True)
    says(poll(registered_client, device), 400, "authorization_pending")
    if forgery != "no cookie":  # ✓ its neighbour: the form as this browser got it
        person.form = right
        page = person.enter(device["user_code"]) if step == "first" else person.decide("deny")
        assert page.status_code == 200


@pytest.mark.row("V10")
def test_v10_the_first_forms_token_is_no_use_for_the_second(
    registered_client: Registered, person: Person
) -> None:
    device = begin(registered_client)
    person.open()
    first = person.form["form_token"]
    person.look_at(device)
    code = person.mailed_code()
    assert person.decide("approve", code, form_token=first).status_code == 403
    assert person.decide("approve", code).status_code == 200


@pytest.mark.row("V9")
def test_v9_guessing_is_limited_and_a_success_gives_nothing_back(
    registered_client: Registered, person: Person
) -> None:
    device = begin(registered_client)
    assert wrong_codes(person, 19) == [404] * 19
    assert person.enter(device["user_code"]).status_code == 200  # ✓ the 20th try, and it is right
    assert wrong_codes(person, 1) == [404]
    person.open()
    page = person.enter(device["user_code"])  # right again, but the budget is used up
    assert (page.status_code, "limit" in page.text) == (429, True)
    assert 0 < int(page.headers["retry-after"]) <= 3600
    person.mock.move_clock(person.realm, 3601)
    person.open()
    assert person.enter(begin(registered_client)["user_code"]).status_code == 200


@pytest.mark.row("V9")
def test_v9_the_limit_is_the_same_for_every_worker_and_after_a_restart(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock(workers=2)
    for _ in range(20):  # a new connection each: any worker
        assert wrong_codes(Person(mine, "default"), 1) == [404]
    assert wrong_codes(Person(mine, "default"), 1) == [429]
    mine.stop()
    mine.start()
    assert wrong_codes(Person(mine, "default"), 1) == [429]


@pytest.mark.row("V9")
def test_what_can_not_be_a_code_costs_no_try(registered_client: Registered, person: Person) -> None:
    device = begin(registered_client)
    person.open()
    for _ in range(21):  # one more than the limit of wrong ones
        page = person.enter("12")
        assert (page.status_code, "This does not count as a try" in page.text) == (400, True)
    assert person.enter(f"The device says \u200b{device['user_code']}.").status_code == 200
    for _ in range(5):
        assert person.decide("approve", "12").status_code == 400
    assert "4 tries left" in person.decide("approve", "AAAA-AAAA").text


@pytest.mark.row("V9")
def test_v9_five_wrong_emailed_codes_lock_the_device_over_all_visits(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    device, other = begin(registered_client), Person(mock, registered_client.realm)
    person.look_at(device)
    for left in (4, 3):
        page = person.decide("approve", "AAAA-AAAA")
        assert (page.status_code, f"{left} tries left" in page.text) == (401, True)
    other.look_at(device)  # another email brings no more tries
    code = other.mailed_code()
    for left in ("2 tries left", "1 try left"):
        assert left in other.decide("approve", "AAAA-AAAA").text
    assert other.decide("approve", "AAAA-AAAA").status_code == 410
    assert other.decide("approve", code).status_code == 410
    says(poll(registered_client, device), 400, "access_denied")


@pytest.mark.row("V9")
def test_v9_emails_are_limited(mock: Mock, registered_client: Registered, person: Person) -> None:
    device = begin(registered_client)
    for _ in range(5):
        person.look_at(device)
    person.open()
    many = person.enter(device["user_code"])
    assert (many.status_code, "Too many codes" in many.text) == (429, True)
    person.open()
    many = person.enter(begin(registered_client)["user_code"])  # nor to this address
    assert (many.status_code, "email address" in many.text) == (429, True)
    assert many.headers["retry-after"]
    Person(mock, person.realm).look_at(begin(registered_client))  # ✓


@pytest.mark.row("V10")
def test_v10_a_person_can_not_hand_out_what_the_policy_denies_them(mock: Mock) -> None:
    """What the client was granted is not enough: the yes would be this person's."""
    realm = mock.new_realm("acme")
    client = mock.register(realm, email="agent@acme.example", requested_scopes=["notes:read"])
    outsider = Person(mock, realm, "somebody@elsewhere.example")
    device = begin(client)
    outsider.open()
    page = outsider.enter(device["user_code"])
    assert (page.status_code, "elsewhere.example" in page.text) == (403, True)
    assert all(mail["to"] != outsider.email for mail in mock.inbox(realm=realm))
    Person(mock, realm, "colleague@acme.example").approve(device)  # ✓
    assert poll(client, device).status_code == 200
    mock.remove_realm(realm)


def test_a_code_is_for_one_visit(mock: Mock, registered_client: Registered, person: Person) -> None:
    other = Person(mock, registered_client.realm)
    person.look_at(begin(registered_client))
    other.look_at(begin(registered_client))
    page = other.decide("approve", person.mailed_code())
    assert (page.status_code, "not the code" in page.text) == (401, True)
    assert other.decide("approve", other.mailed_code().lower()).status_code == 200


def test_what_was_decided_stays_decided(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    device, other = begin(registered_client), Person(mock, registered_client.realm)
    other.look_at(device)
    person.approve(device)
    assert "Approved" in other.decide("deny").text  # too late
    assert poll(registered_client, device).status_code == 200
    assert "Approved" in other.decide("approve", other.mailed_code()).text
    person.open()
    assert person.enter(device["user_code"]).status_code == 404


def test_another_realms_page_does_not_know_the_code(
    mock: Mock, registered_client: Registered, person: Person
) -> None:
    elsewhere = Person(mock, mock.new_realm())
    elsewhere.open()
    device = begin(registered_client)
    assert elsewhere.enter(device["user_code"]).status_code == 404
    person.look_at(device)
    elsewhere.form = person.form
    assert elsewhere.decide("deny").status_code == 404


@pytest.mark.parametrize(
    "email",
    ["", "x", "a@b@c", "a@example.com,b@example.com", "a@example.com\r\nBcc: b@example.com"],
)
def test_one_address_please(registered_client: Registered, person: Person, email: str) -> None:
    device = begin(registered_client)
    person.open()
    assert person.enter(device["user_code"], email=email).status_code == 400
    assert person.enter(device["user_code"]).status_code == 200


def test_an_international_domain_is_one_address_too(
    registered_client: Registered, person: Person
) -> None:
    person.open()
    page = person.enter(begin(registered_client)["user_code"], email="anna@müller.example")
    assert (page.status_code, "anna@xn--mller-kva.example" in page.text) == (200, True)


def test_an_answer_without_yes_or_no(registered_client: Registered, person: Person) -> None:
    person.look_at(begin(registered_client))
    code = person.mailed_code()
    for decision, given in (("", code), ("maybe", code), ("approve", ""), ("approve", " ")):
        page = person.decide(decision, given)
        asks = decision == "maybe" or "Enter the code from the email" in page.text
        assert (page.status_code, asks) == (400, True)
    assert person.decide("approve", code).status_code == 200


def test_programs_get_json_when_the_answer_is_no(mock: Mock, realm: str) -> None:
    told = mock.http.post(f"{mock.issuer(realm)}/device", data={"user_code": "x"})
    assert error(told) == (403, "access_denied")
    for visit in ("visit_x", "visit_\0"):
        told = mock.http.post(f"{mock.issuer(realm)}/device", data={"visit": visit})
        assert error(told) == (404, "not_found")


def test_the_page_runs_nothing_and_works_behind_a_prefix(
    registered_client: Registered, mock: Mock
) -> None:
    person = Person(mock, registered_client.realm, Host="hub.example.org")
    person.http.cookies.set("_xsrf", "hub-secret")
    device = begin(registered_client)
    for page in (person.open(), person.look_at(device)):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert re.findall(r'(?:action|href|src)="([^"]*)"', page.text) == ["device"]
        assert "hub" not in page.text
        assert "HttpOnly; SameSite=Strict" in page.headers["set-cookie"]
        assert "Path" not in page.headers["set-cookie"]


def test_the_log_holds_no_code(mock: Mock, registered_client: Registered, person: Person) -> None:
    device = begin(registered_client)
    person.open(device["verification_uri_complete"])
    person.look_at(device)
    person.decide("approve", "AAAA-AAAA")
    for secret in (device["device_code"], device["user_code"], person.mailed_code()):
        assert secret not in mock.log


def test_an_email_that_can_not_be_sent_is_reported(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(environment={"DIALTONE_SMTP_URL": "smtp://127.0.0.1:1"})
    client = mine.register("default")
    person = Person(mine, "default")
    assert "The email could not be sent" in person.look_at(begin(client)).text
