"""The attack lab beyond the proof: eight checks, each off in one realm, and all others still on."""

from collections.abc import Callable, Iterator

import pytest

from dialtone_kit.base.jws import to_segment
from dialtone_kit.keys import ProofKey
from tests.mock.access.test_attack_lab import lab
from tests.support.grant_desk import (
    Person,
    begin,
    call,
    events,
    exchange,
    exchanged,
    family,
    public_client,
    renew,
    says,
)
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import Scene, csr, pod_in, pod_name

WHOAMI = "/api/whoami"
ELSEWHERE = "https://reports.example"


@pytest.fixture
def without(mock: Mock) -> Iterator[Callable[[str], Registered]]:
    """A client in a realm of its own without that check."""
    made: list[Registered] = []

    def make(check: str) -> Registered:
        made.append(lab(mock, check))
        return made[-1]

    yield make
    for client in made:
        mock.remove_realm(client.realm)


def let_through(client: Registered) -> list[tuple[str, str]]:
    """The events of the trail that name a check, and which."""
    trail = events(client.mock, client.realm)
    return [(one["event"], one["let_through"]) for one in trail if "let_through" in one]


def test_what_passes_by_right_leaves_no_word_in_the_trail(
    without: Callable[[str], Registered],
) -> None:
    client = without("htm_matches")
    token = client.token()
    assert client.call("GET", client.url(WHOAMI), token).status_code == 200
    assert let_through(client) == []
    for_post = client.proof("POST", client.url(WHOAMI), access_token=token)
    assert client.call("GET", client.url(WHOAMI), token, proof=for_post).status_code == 200
    assert let_through(client) == [("authorization_decision", "htm_matches")]


# --- 13, 14: at the API ---


def test_without_the_scheme_a_bound_token_serves_as_bearer(
    without: Callable[[str], Registered], registered_client: Registered
) -> None:
    client = without("scheme_fits_cnf")
    token, url = client.token(), client.url(WHOAMI)
    assert client.call("GET", url, token, scheme="Bearer", bare=True).status_code == 200
    assert let_through(client) == [("authorization_decision", "scheme_fits_cnf")]
    bare = client.call("GET", url, token, bare=True)
    says(bare, 401, "invalid_dpop_proof", "one_header")
    thief = client.call("GET", url, token, key=ProofKey.generate())
    says(thief, 401, "invalid_token", "key_is_bound")
    foreign = registered_client.token()
    says(client.call("GET", url, foreign, scheme="Bearer", bare=True), 401, "invalid_token", "iss")
    home = registered_client.url(WHOAMI)
    sound = registered_client.call("GET", home, foreign, scheme="Bearer", bare=True)
    says(sound, 401, "invalid_token", "scheme")


def test_without_the_audience_a_token_for_another_api_serves(
    without: Callable[[str], Registered], registered_client: Registered
) -> None:
    client = without("audience_is_ours")
    url = client.url(WHOAMI)
    token = client.token(resource=ELSEWHERE)
    assert client.call("GET", url, token).status_code == 200
    assert client.call("GET", url, client.token(resource=client.issuer)).status_code == 200
    assert let_through(client) == [("authorization_decision", "audience_is_ours")]
    as_bearer = client.call("GET", url, token, scheme="Bearer", bare=True)
    says(as_bearer, 401, "invalid_token", "scheme")
    foreign = registered_client.token(resource=ELSEWHERE)
    says(client.call("GET", url, foreign), 401, "invalid_token", "iss")
    sound = registered_client.call("GET", registered_client.url(WHOAMI), foreign)
    says(sound, 401, "invalid_token", "aud")
    home = f"{registered_client.issuer}/api"
    assert f"the token is for {ELSEWHERE}, not for {home}." in sound.json()["error_description"]


@pytest.mark.parametrize("aud", [[], [None], {}, 7, [{}], [["x"]], [ELSEWHERE, None], ""])
def test_without_the_audience_a_made_up_token_is_refused_whatever_it_names(
    without: Callable[[str], Registered], aud: object
) -> None:
    client = without("audience_is_ours")
    head, _, signature = client.token().split(".")
    forged = f"{head}.{to_segment({'iss': client.issuer, 'aud': aud})}.{signature}"
    assert client.call("GET", client.url(WHOAMI), forged).status_code == 401


# --- 15, 16, 17: at the token endpoint ---


def test_without_leave_any_client_exchanges_a_stolen_token(
    without: Callable[[str], Registered], mock: Mock, registered_client: Registered
) -> None:
    client = without("foreign_needs_leave")
    thief = mock.register(client.realm)
    token = client.token(scope="openid")
    assert call(thief, exchanged(thief, token)) == 200
    issued = [one for one in let_through(client) if one[0] == "token_issued"]
    assert issued == [("token_issued", "foreign_needs_leave")]
    says(exchange(thief, token, scope="notes:read"), 400, "invalid_scope")
    says(exchange(thief, token, None), 400, "invalid_request", "send a proof")
    named = client.token(may_act=client.client_id)
    says(exchange(thief, named), 400, "invalid_request", "names another actor")
    neighbour = mock.register(registered_client.realm)
    says(exchange(neighbour, registered_client.token()), 400, "invalid_request", "does not name")


def test_without_narrowing_an_exchange_brings_what_the_client_may_have(
    without: Callable[[str], Registered], mock: Mock, registered_client: Registered
) -> None:
    client = without("scope_narrows")
    token = client.token(scope="openid")
    wider = exchange(client, token, scope="notes:read")
    assert (wider.status_code, wider.json()["scope"]) == (200, "notes:read")
    assert let_through(client) == [("token_issued", "scope_narrows")]
    says(exchange(client, token, scope="deploy:prod"), 400, "invalid_scope", "This client was")
    thief = mock.register(client.realm)
    says(exchange(thief, token, scope="notes:read"), 400, "invalid_request", "does not name")
    own = registered_client.token(scope="openid")
    sound = exchange(registered_client, own, scope="notes:read")
    says(sound, 400, "invalid_scope", "This exchange was")


def test_without_rotation_a_used_refresh_token_works_on(
    without: Callable[[str], Registered], mock: Mock, registered_client: Registered
) -> None:
    client = without("refresh_is_new")
    first = family(client)
    for _ in range(3):
        again = renew(client, first["refresh_token"])
        assert again.status_code == 200
    assert let_through(client) == [("token_issued", "refresh_is_new")] * 2
    assert call(client, first["access_token"]) == 200
    thief = mock.register(client.realm)
    says(renew(thief, first["refresh_token"]), 400, "invalid_grant", "unknown")
    says(renew(client, "rt_" + "x" * 43), 400, "invalid_grant", "unknown")
    public = public_client(mock, client.realm)
    bound = family(public)["refresh_token"]
    says(renew(public, bound, ProofKey.generate()), 400, "invalid_grant", "[M23]")
    sound = family(registered_client)["refresh_token"]
    assert renew(registered_client, sound).status_code == 200
    says(renew(registered_client, sound), 400, "invalid_grant", "already used")


# --- 18: at registration ---


def test_without_the_lock_a_code_can_be_tried_out(
    without: Callable[[str], Registered], mock: Mock
) -> None:
    client = without("codes_lock")
    enrollment, code = mock.enroll(client.realm)
    wrong = [code[:-1] + last for last in "ABCDEFGH" if last != code[-1]]
    left = [mock.confirm(client.realm, enrollment, one).json()["tries_left"] for one in wrong]
    assert left == [4, 3, 2, 1, *[0] * (len(wrong) - 4)]
    url = f"{mock.issuer(client.realm)}/register/status/{enrollment['enrollment_id']}"
    assert mock.http.get(url).json()["tries_left"] == 0
    assert set(let_through(client)) == {("wrong_code", "codes_lock")}
    other = enrollment | {"poll_token": "pt_" + "x" * 43}
    says_no = mock.confirm(client.realm, other, code)
    assert (says_no.status_code, says_no.json()["tries_left"]) == (401, 0)
    assert mock.confirm(client.realm, enrollment, code).status_code == 200
    assert mock.confirm(client.realm, enrollment, code).status_code == 409


def test_without_the_lock_the_device_page_takes_any_number_of_codes(
    without: Callable[[str], Registered], mock: Mock
) -> None:
    client = without("codes_lock")
    person = Person(mock, client.realm)
    person.look_at(begin(client))
    code = person.mailed_code()
    for left in (
        *("4 tries left", "3 tries left", "2 tries left", "1 try left"),
        *["0 tries left"] * 3,
    ):
        assert left in person.decide("approve", "AAAA-AAAA").text
    assert person.decide("approve", code).status_code == 200


def test_with_the_lock_the_fifth_is_the_last(mock: Mock, realm: str) -> None:
    enrollment, code = mock.enroll(realm)
    wrong = [code[:-1] + last for last in "ABCDEFGH" if last != code[-1]][:5]
    answers = [mock.confirm(realm, enrollment, one).status_code for one in (*wrong, code)]
    assert answers == [401] * 4 + [410] * 2


# --- 19: attestation, in a cluster of the private realm's own ---


def test_without_the_memory_of_challenges_a_request_can_be_sent_again(
    without: Callable[[str], Registered], mock: Mock
) -> None:
    client = without("challenge_is_new")
    pod, sent = pod_in(mock, client.realm)
    for kind in ("x509", "jwt", "jwt"):
        answer = pod.post(kind, sent)
        assert (answer.status_code, answer.json()["spiffe_id"]) == (200, pod_name(client.realm))
    assert let_through(client) == [("svid_issued", "challenge_is_new")] * 2
    thief = Scene(mock)
    says(thief.post("jwt", sent | {"key": thief.request()["key"]}), 401, "unauthorized", "aud")
    says(pod.post("jwt", sent | {"nonce": pod.nonce()}), 401, "unauthorized", "evidence aud")
    says(pod.post("jwt", sent | {"nonce": "made-up"}), 401, "unauthorized", "did not issue")


def test_without_its_audience_evidence_serves_whoever_has_it(
    without: Callable[[str], Registered], mock: Mock
) -> None:
    client = without("made_for_challenge")
    pod, sent = pod_in(mock, client.realm)
    assert pod.post("jwt", sent).status_code == 200
    assert let_through(client) == []
    thief = Scene(mock)
    copied = sent | {"nonce": thief.nonce(), "key": thief.request()["key"]}
    assert thief.post("jwt", copied).json()["spiffe_id"] == pod_name(client.realm)
    assert let_through(client) == [("svid_issued", "made_for_challenge")]
    says(pod.post("jwt", sent), 409, "conflict", "already used")
    head, _, signature = sent["evidence"]["token"].rpartition(".")
    other = "B" if signature[0] == "A" else "A"
    forged = {"evidence": {"token": f"{head}.{other}{signature[1:]}"}, "nonce": thief.nonce()}
    says(thief.post("jwt", copied | forged), 401, "unauthorized", "evidence signature")
    misnamed = copied | {"nonce": thief.nonce(), "csr": csr(thief.key)}
    says(thief.post("x509", misnamed), 403, "access_denied", "spiffe_id")


def test_what_a_realm_is_without_touches_no_other_cluster(
    without: Callable[[str], Registered], mock: Mock, realm: str
) -> None:
    for check in ("challenge_is_new", "made_for_challenge"):
        without(check)
    for pod, sent in ((Scene(mock), Scene(mock).request()), pod_in(mock, realm)):
        assert pod.post("jwt", sent).status_code == 200
        says(pod.post("jwt", sent), 409, "conflict", "already used")
        says(pod.post("jwt", sent | {"nonce": pod.nonce()}), 401, "unauthorized", "evidence aud")
