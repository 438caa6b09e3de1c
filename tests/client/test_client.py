"""The client against services that lie, disconnect, redirect, or are something else entirely."""

from __future__ import annotations

import json
import pickle
from base64 import b64decode
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dialtone_kit.base.errors import (
    CredentialProblem,
    DialtoneError,
    EnrollmentProblem,
    IssuerMismatch,
    NotThisService,
    RateLimited,
    ServiceError,
    ServiceUnreachable,
    TokenRefused,
    UnsafeUrl,
)
from dialtone_kit.client import credentials as store
from dialtone_kit.client import enrollments
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.client.responses import WrongCode
from dialtone_kit.keys import ProofKey, jwk_of
from dialtone_kit.tokens import sign_token
from tests.support.fake_service import (
    BASE,
    CREDENTIALS,
    ENROLLMENT,
    GRANTED,
    ISSUER,
    METADATA,
    SECRET,
    FakeService,
    json_body,
    says,
)

NOW = 1_800_000_000.0
KEY = ProofKey.generate()
SIGNER = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def jwt(kid: str = "k1", **changes: Any) -> str:
    claims = {
        "token_type": "access_token",
        "iss": ISSUER,
        "sub": CREDENTIALS.client_id,
        "client_id": CREDENTIALS.client_id,
        "scope": "openid",
        "iat": int(NOW),
        "exp": int(NOW) + 3600,
        "jti": "j",
        **changes,
    }
    return sign_token(SIGNER, claims, kid=kid)


def granted(token: str, kind: str, **changes: Any) -> httpx.Response:
    body = {"access_token": token, "token_type": kind, "expires_in": 3600, "scope": "openid"}
    return httpx.Response(200, json={**body, **changes})


def bound(key: ProofKey = KEY) -> httpx.Response:
    return granted(jwt(cnf={"jkt": key.thumbprint}), "DPoP")


def document(**changes: Any) -> FakeService:
    body = {**METADATA, **changes}
    return FakeService(
        openid_configuration=httpx.Response(200, json=body), token=bound(), jwks=keys("k1")
    )


def keys(*kids: str) -> httpx.Response:
    return httpx.Response(
        200, json={"keys": [{**jwk_of(SIGNER.public_key()), "kid": kid} for kid in kids]}
    )


# --- step 1: discovery ---


def test_discovery_is_fetched_once_and_used() -> None:
    service = document()
    client = service.client(credentials=CREDENTIALS)
    assert client.issuer == ISSUER
    assert client.metadata["token_endpoint"] == client.metadata["token_endpoint"]
    assert len(service.asked) == 1


@pytest.mark.row("H4")
@pytest.mark.parametrize("liar", ["https://evil.example", f"{ISSUER}/", BASE, "", None, 7])
def test_a_lying_issuer_is_refused(liar: object) -> None:
    with pytest.raises(IssuerMismatch, match="M19"):
        document(issuer=liar).client().discover()


@pytest.mark.row("H4")
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint", "x_endpoint"])
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/token",
        "https://id.example:444/token",
        "http://id.example/token",
        "https://id.example@evil.example/token",
        "https://169.254.169.254/token",
        "/token",
        "javascript:alert(1)",
    ],
)
def test_an_endpoint_elsewhere_is_refused_before_anything_is_sent(name: str, url: str) -> None:
    service = document(**{name: url})
    with pytest.raises(UnsafeUrl):
        service.client(credentials=CREDENTIALS).get_token(key=KEY)
    assert len(service.asked) == 1


@pytest.mark.parametrize("value", [None, 7, ["https://id.example"], {}])
def test_an_endpoint_that_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(NotThisService):
        document(token_endpoint=value).client().discover()


@pytest.mark.row("H1")
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_a_document_without_what_is_required_is_not_a_document(name: str) -> None:
    less = {member: value for member, value in METADATA.items() if member != name}
    service = FakeService(openid_configuration=httpx.Response(200, json=less))
    with pytest.raises(NotThisService, match=f"has no {name}"):
        service.client().discover()


@pytest.mark.parametrize(
    "base_url",
    [
        "http://id.example",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://[fe80::1]",
        "https://metadata.google.internal",
        "https://user:pass@id.example",
        "https://id.example?x=1",
        "https://id.example#x",
        "ftp://id.example",
        "id.example",
        "https://id.example/realms/default",
    ],
)
def test_an_unsafe_base_url_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(UnsafeUrl):
        IdentityClient(base_url)


@pytest.mark.parametrize("realm", ["", "..", "a/b", "a?b", "ä", "a\n", "x" * 65])
def test_a_hostile_realm_is_refused(realm: str) -> None:
    with pytest.raises(UnsafeUrl, match="can't be a realm"):
        IdentityClient(BASE, realm)


def test_a_hand_made_request_is_guarded_too() -> None:
    client = document().client()
    for url in ("http://id.example/token", "https://169.254.169.254/latest/meta-data/"):
        with pytest.raises(UnsafeUrl):
            client.http.get(url)


# --- step 2: enrollment ---


def enrolling(**paths: Any) -> FakeService:
    paths.setdefault("confirm", httpx.Response(200, json=GRANTED))
    return FakeService(request=httpx.Response(200, json=ENROLLMENT), **paths)


def test_an_enrollment_ends_in_stored_credentials() -> None:
    service = enrolling()
    client = service.client()
    enrollment = client.request_enrollment("a@example.com", "my-agent", "What it does", ["openid"])
    assert enrollments.pending(ISSUER) == enrollment
    credentials = client.confirm_enrollment(enrollment, "abcd2345")
    assert json_body(service.sent_to("confirm")[0])["verification_code"] == "ABCD-2345"
    assert store.load_credentials(credentials.client_id) == credentials == client.credentials
    assert enrollments.pending(ISSUER) is None


def test_another_kernel_continues_with_the_pending_enrollment() -> None:
    service = enrolling()
    service.client().request_enrollment("a@example.com", "my-agent")
    found = enrollments.pending(ISSUER)
    assert found is not None
    service.client().confirm_enrollment(found, "ABCD-2345")
    assert store.load_credentials(CREDENTIALS.client_id).client_secret.reveal() == SECRET


@pytest.mark.parametrize(
    ("body", "tries"),
    [
        ({"error_description": "Wrong.", "tries_left": 3}, 3),
        ({"error_description": "Wrong. 2 tries left."}, 2),
        ({"error_description": "Wrong, 1 more try."}, 1),
        ({"error_description": "Wrong."}, None),
        ({"error_description": "Wrong.", "tries_left": 10**30}, None),
        ({"error_description": "Wrong.", "tries_left": -1}, None),
        ({"error_description": "Wrong.", "tries_left": True}, None),
    ],
)
def test_a_wrong_code_tells_the_tries_left(body: dict[str, Any], tries: int | None) -> None:
    service = enrolling(confirm=httpx.Response(401, json={"error": "unauthorized", **body}))
    client = service.client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    with pytest.raises(WrongCode, match="M25") as refused:
        client.confirm_enrollment(enrollment, "AAAA-AAAA")
    assert refused.value.tries_left == tries
    assert enrollments.pending(ISSUER) == enrollment


@pytest.mark.parametrize("status", [409, 410])
def test_an_enrollment_that_is_over_is_forgotten(status: int) -> None:
    client = enrolling(confirm=says(status, "gone", "Over.")).client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    with pytest.raises(ServiceError, match="Over"):
        client.confirm_enrollment(enrollment, "AAAA-AAAA")
    assert enrollments.pending(ISSUER) is None


def test_a_code_of_the_wrong_form_is_not_sent() -> None:
    service = enrolling()
    client = service.client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    with pytest.raises(EnrollmentProblem, match="didn't use up a try"):
        client.confirm_enrollment(enrollment, "ABCD")
    assert service.sent_to("confirm") == []


def test_the_poll_token_goes_to_its_own_issuer_only() -> None:
    enrollment = enrolling().client().request_enrollment("a@example.com", "my-agent")
    other = enrolling()
    with pytest.raises(EnrollmentProblem, match="not for https:"):
        other.client(realm="strict").confirm_enrollment(enrollment, "ABCD-2345")
    assert other.asked == []


def test_the_status_is_not_asked_elsewhere() -> None:
    """A file of a pending enrollment could have been changed, or written by an older service."""
    service = enrolling()
    client = service.client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    asked = len(service.asked)
    with pytest.raises(EnrollmentProblem, match="not for https:"):
        client.enrollment_status(replace(enrollment, status_url="https://evil.example/status"))
    assert len(service.asked) == asked


def test_a_store_that_can_not_be_written_is_noticed_before_the_secret_is_shown(
    config: Path,
) -> None:
    service = enrolling()
    client = service.client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    config.chmod(0o777)
    with pytest.raises(CredentialProblem, match="open to others"):
        client.confirm_enrollment(enrollment, "ABCD-2345")
    assert service.sent_to("confirm") == []


def test_a_secret_that_can_not_be_stored_after_all_is_not_lost() -> None:
    client = enrolling().client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    path = store.save_credentials(CREDENTIALS)
    path.write_text(path.read_text().replace(SECRET, "sec_other"))
    with pytest.raises(CredentialProblem, match=r"save_credentials\(client\.credentials\)"):
        client.confirm_enrollment(enrollment, "ABCD-2345")
    assert client.credentials is not None
    assert client.credentials.client_secret.reveal() == SECRET


@pytest.mark.row("H7")
@pytest.mark.parametrize("path", ["request", "confirm"])
@pytest.mark.parametrize("cut", [httpx.ReadError("cut"), httpx.ReadTimeout("late")])
def test_registration_is_not_repeated_once_it_may_have_taken_effect(
    path: str, cut: Exception
) -> None:
    service = enrolling()
    client = service.client()
    if path == "confirm":
        enrollment = client.request_enrollment("a@example.com", "my-agent")
        send = partial(client.confirm_enrollment, enrollment, "ABCD-2345")
    else:
        send = partial(client.request_enrollment, "a@example.com", "my-agent")
    service.answers[path] = [cut, httpx.Response(200, json=ENROLLMENT)]
    with pytest.raises(DialtoneError, match="may have taken effect"):
        send()
    assert len(service.sent_to(path)) == 1


def test_registration_is_repeated_if_no_connection_was_made() -> None:
    service = enrolling()
    service.answers["request"].insert(0, httpx.ConnectError("refused"))
    service.client().request_enrollment("a@example.com", "my-agent")
    assert len(service.sent_to("request")) == 2


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("issuer", "https://evil.example", NotThisService),
        ("issuer", f"{BASE}/realms/strict", IssuerMismatch),
        ("client_secret", None, NotThisService),
        ("client_id", "cli_../../x", CredentialProblem),
        ("token_endpoint", "https://evil.example/token", NotThisService),
    ],
)
def test_strange_credentials_are_not_stored(
    member: str, value: object, error: type[DialtoneError], config: Path
) -> None:
    client = enrolling(confirm=httpx.Response(200, json={**GRANTED, member: value})).client()
    enrollment = client.request_enrollment("a@example.com", "my-agent")
    with pytest.raises(error):
        client.confirm_enrollment(enrollment, "ABCD-2345")
    assert [path.name for path in config.iterdir()] == ["pending"]


def test_a_limit_names_the_time_to_come_back() -> None:
    limited = says(429, "rate_limited", "Three an hour.", **{"Retry-After": "1800"})
    client = FakeService(request=limited).client(now=lambda: NOW)
    with pytest.raises(RateLimited) as refused:
        client.request_enrollment("a@example.com", "my-agent")
    assert refused.value.come_back_at == NOW + 1800
    assert len(refused.value._render_traceback_()) == 1


def test_a_limit_names_what_else_can_be_done() -> None:
    limited = says(429, "rate_limited", "Three an hour.", **{"Retry-After": "1800"})
    client = FakeService(request=limited).client(when_limited="Clear it.")
    with pytest.raises(RateLimited) as refused:
        client.request_enrollment("a@example.com", "my-agent")
    assert refused.value._render_traceback_()[1:] == ["Clear it."]


# --- step 3: tokens ---


def asking(*answers: Any, **paths: Any) -> tuple[FakeService, IdentityClient]:
    service = FakeService(token=list(answers), **paths)
    return service, service.client(credentials=CREDENTIALS, now=lambda: NOW)


def test_a_bound_token_is_asked_for_as_the_demo_does() -> None:
    service, client = asking(bound())
    token = client.get_token(key=KEY)
    [sent] = service.sent_to("token")
    basic = b64decode(sent.headers["Authorization"].removeprefix("Basic ")).decode()
    assert basic == f"{CREDENTIALS.client_id}:{SECRET}"
    assert sent.content == b"grant_type=client_credentials&scope=openid"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert service.proofs("token")[0]["htu"] == f"{ISSUER}/token"
    assert (token.token_type, token.key, token.expires_at.timestamp()) == ("DPoP", KEY, NOW + 3600)
    assert token.claims["cnf"] == {"jkt": KEY.thumbprint}


@pytest.mark.row("H7✓")
def test_every_attempt_carries_a_fresh_proof() -> None:
    service, client = asking(
        httpx.Response(503), httpx.ReadError("cut"), httpx.ConnectError("no"), bound()
    )
    client.get_token(key=KEY)
    assert len({claims["jti"] for claims in service.proofs("token")}) == 4


@pytest.mark.row("H10")
def test_a_bearer_answer_to_a_proof_is_refused() -> None:
    _, client = asking(granted(jwt(), "Bearer"))
    with pytest.raises(TokenRefused, match="asked for DPoP, got 'Bearer'"):
        client.get_token(key=KEY)


def test_a_token_bound_to_another_key_is_refused() -> None:
    _, client = asking(bound(ProofKey.generate()))
    with pytest.raises(TokenRefused, match="cnf"):
        client.get_token(key=KEY)


def test_without_a_key_a_bearer_token_comes_and_a_bound_one_is_refused() -> None:
    service, client = asking(granted(jwt(), "Bearer"), bound())
    assert client.get_token().key is None
    assert "DPoP" not in service.asked[-1].headers
    with pytest.raises(TokenRefused, match="asked for Bearer"):
        client.get_token()


def test_the_scheme_is_understood_in_any_case_and_an_opaque_token_too() -> None:
    _, client = asking(granted("opaque-token", "dpop"))
    assert client.get_token(key=KEY).token_type == "dpop"


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": "ä"},
        {"token_type": 1},
        {"expires_in": "3600"},
        {"expires_in": True},
        {"expires_in": 1.5},
        {"expires_in": -1},
        {"expires_in": 10**30},
    ],
)
def test_an_incomplete_token_answer_is_one_clear_line(changes: dict[str, Any]) -> None:
    _, client = asking(granted(jwt(), "Bearer", **changes))
    with pytest.raises(NotThisService):
        client.get_token()


def test_the_secret_is_not_sent_to_another_issuer() -> None:
    service = document()
    client = service.client(realm="strict", credentials=CREDENTIALS)
    with pytest.raises(CredentialProblem, match="not sent"):
        client.get_token(key=KEY)
    assert service.asked == []


def test_without_credentials_the_way_is_shown() -> None:
    with pytest.raises(CredentialProblem, match="enroll first"):
        document().client().get_token()


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        ("use_dpop_nonce", "A nonce is needed.", "M02"),
        ("invalid_dpop_proof", "jti was used.", "M01"),
        ("invalid_dpop_proof", "htu is another.", "M04"),
        ("invalid_client", "", "M15"),
        ("unsupported_media_type", "", "M09"),
    ],
)
def test_a_refusal_says_what_to_do(error: str, text: str, code: str) -> None:
    _, client = asking(says(400, error, text))
    with pytest.raises(ServiceError, match=rf" \[{code}\]$") as refused:
        client.get_token(key=KEY)
    assert refused.value.error == error
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("error", "text", "advice"),
    [
        ("invalid_dpop_proof", "htu is another. Sign the right one. [M04]", ""),
        ("invalid_token", "expired. Get a new token.", ""),
        ("invalid_token", "It has expired and is broken.", " Get a new token."),
    ],
)
def test_advice_that_the_service_gave_is_not_repeated(error: str, text: str, advice: str) -> None:
    _, client = asking(says(400, error, text))
    with pytest.raises(ServiceError) as refused:
        client.get_token(key=KEY)
    assert refused.value.description == text + advice


@pytest.mark.parametrize(("offset", "way"), [(-40, "40 s ahead of"), (600, "600 s behind")])
@pytest.mark.parametrize(
    "text", ["iat: too old", "The proof is not recent enough", "issued in the future"]
)
def test_a_wrong_clock_is_named_when_the_time_is_refused(
    text: str, offset: float, way: str
) -> None:
    """In the words of this service, and of others."""
    date = formatdate(NOW + offset, usegmt=True)
    _, client = asking(says(400, "invalid_dpop_proof", text, Date=date))
    with pytest.raises(ServiceError, match=f"Your clock is {way} the service's"):
        client.get_token(key=KEY)


def test_a_right_clock_is_not_blamed() -> None:
    date = formatdate(NOW + 3, usegmt=True)
    _, client = asking(says(400, "invalid_dpop_proof", "iat: too old", Date=date))
    with pytest.raises(ServiceError) as refused:
        client.get_token(key=KEY)
    assert "Your clock" not in str(refused.value)


def test_milliseconds_are_not_blamed_on_the_clock() -> None:
    wrong = "iat_is_fresh: expected iat in Unix seconds, got 1700000000000."
    _, client = asking(says(400, "invalid_dpop_proof", wrong))
    with pytest.raises(ServiceError, match="as numbers, in seconds") as refused:
        client.get_token(key=KEY)
    assert "M06" not in str(refused.value)


def test_a_hostile_error_text_is_one_harmless_line() -> None:
    text = f"no\n\x1b[31m \u202e sorry {SECRET} " + "x" * 5000
    _, client = asking(says(400, "invalid_request", text))
    with pytest.raises(ServiceError) as refused:
        client.get_token(key=KEY)
    shown = str(refused.value)
    assert not {"\n", "\x1b", "\u202e"} & set(shown)
    assert "s3cr3t" not in shown
    assert len(shown) < 600


@pytest.mark.row("C1")
def test_tokens_are_masked_and_never_pickled() -> None:
    _, client = asking(bound())
    token = client.get_token(key=KEY)
    assert token.access_token.reveal()[:8] not in repr(token)
    with pytest.raises(TypeError):
        pickle.dumps(token)


# --- step 4: verification ---


def test_a_token_is_verified_by_the_issuers_keys() -> None:
    _, client = asking(bound(), jwks=keys("k1"))
    assert client.verify(client.get_token(key=KEY))["sub"] == CREDENTIALS.client_id


def test_a_new_signing_key_is_fetched_once() -> None:
    service, client = asking(granted(jwt("k2"), "Bearer"), jwks=[keys("k1"), keys("k1", "k2")])
    client.jwks()
    client.verify(client.get_token())
    assert len(service.sent_to("jwks")) == 2
    with pytest.raises(TokenRefused, match="kid"):
        client.verify(jwt("k3"))
    assert len(service.sent_to("jwks")) == 3


def test_only_an_unknown_key_is_a_reason_to_fetch_the_keys_again() -> None:
    service, client = asking(bound(), jwks=keys("k1"))
    for token in (jwt(exp=int(NOW) - 9), jwt()[:-8] + "AAAAAAAA"):
        with pytest.raises(TokenRefused, match=r"exp|signature"):
            client.verify(token)
    assert len(service.sent_to("jwks")) == 1


@pytest.mark.parametrize("iss", [BASE, f"{BASE}/realms/strict", "https://evil.example", None])
def test_a_token_of_another_issuer_is_refused_without_asking_it(iss: object) -> None:
    service, client = asking(bound(), jwks=keys("k1"))
    with pytest.raises(TokenRefused, match="iss"):
        client.verify(jwt(iss=iss))
    assert service.asked == []


def test_the_roots_client_takes_a_realms_token_and_that_realms_keys() -> None:
    def document_of(request: httpx.Request) -> httpx.Response:
        issuer = str(request.url).partition("/.well-known")[0]
        endpoints = {"token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/jwks"}
        return httpx.Response(200, json={"issuer": issuer, **endpoints})

    service = FakeService(openid_configuration=document_of, jwks=keys("k1"))
    client = service.client(realm=None, now=lambda: NOW)
    assert client.verify(jwt())["iss"] == ISSUER
    assert str(service.asked[-1].url) == f"{ISSUER}/jwks"
    with pytest.raises(TokenRefused, match="iss"):
        client.verify(jwt(iss=f"{BASE}/realms/a/b"))


# --- step 5: calls ---


def test_a_call_is_proved_for_its_url_and_token() -> None:
    service, client = asking(bound(), notes=httpx.Response(200, json={}))
    token = client.get_token(key=KEY)
    client.call("GET", f"{ISSUER}/api/notes", token, params={"page": "2"})
    [claims] = service.proofs("notes")
    assert (claims["htm"], claims["htu"]) == ("GET", f"{ISSUER}/api/notes")
    assert "ath" in claims


def test_a_bearer_call_has_no_proof() -> None:
    service, client = asking(granted(jwt(), "Bearer"), notes=httpx.Response(200, json={}))
    client.call("GET", f"{ISSUER}/api/notes", client.get_token())
    assert service.asked[-1].headers["Authorization"].startswith("Bearer ")
    assert "DPoP" not in service.asked[-1].headers


def test_a_posted_note_is_not_posted_twice() -> None:
    service, client = asking(bound(), notes=httpx.Response(503, json={}))
    token = client.get_token(key=KEY)
    assert client.call("POST", f"{ISSUER}/api/notes", token, json={"text": "x"}).status_code == 503
    assert len(service.sent_to("notes")) == 1
    client.call("GET", f"{ISSUER}/api/notes", token)
    assert len({claims["jti"] for claims in service.proofs("notes")}) == 5


@pytest.mark.parametrize("url", ["/api/notes", "http://id.example/x", f"{ISSUER}/a\nb", ""])
def test_a_token_does_not_go_to_an_unsafe_url(url: str) -> None:
    service, client = asking(bound())
    token = client.get_token(key=KEY)
    asked = len(service.asked)
    with pytest.raises(UnsafeUrl):
        client.call("GET", url, token)
    assert len(service.asked) == asked


def test_userinfo_where_there_is_none_says_so() -> None:
    service = document()
    without = {name: url for name, url in METADATA.items() if name != "userinfo_endpoint"}
    service.answers["openid-configuration"] = [httpx.Response(200, json=without)]
    client = service.client(credentials=CREDENTIALS, now=lambda: NOW)
    with pytest.raises(NotThisService, match="no userinfo endpoint"):
        client.userinfo(client.get_token(key=KEY))


# --- answers that are none ---


@pytest.mark.row("H5")
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Hotel Wi-Fi</h1>"),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        httpx.Response(200, content=b"{}", headers={"Content-Type": ""}),
        httpx.Response(200, content=b'{"issuer"', headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b'{"a": NaN}', headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"[" * 99999, headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"1" * 5000, headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"\xff\xfe", headers={"Content-Type": "application/json"}),
        httpx.Response(200, json=["not", "an", "object"]),
        httpx.Response(302, headers={"Location": "https://evil.example/login"}),
        httpx.Response(200, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_what_is_not_an_identity_service_is_one_clear_line(answer: httpx.Response) -> None:
    with pytest.raises(NotThisService) as refused:
        FakeService(openid_configuration=answer).client().discover()
    assert "\n" not in str(refused.value)


def test_a_json_refusal_that_lacks_everything_is_still_a_service_error() -> None:
    with pytest.raises(ServiceError, match="404 error"):
        FakeService(openid_configuration=httpx.Response(404, json={})).client().discover()


def test_an_unreachable_service_says_what_to_run() -> None:
    service = FakeService(openid_configuration=httpx.ConnectError("refused"))
    with pytest.raises(ServiceUnreachable, match="dialtone serve"):
        service.client().discover()
    assert len(service.asked) == 4


def test_a_missing_ca_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DialtoneError, match="ca_file"):
        IdentityClient(BASE, ca_file=tmp_path / "nowhere.pem")
    (tmp_path / "bad.pem").write_text(json.dumps({}))
    with pytest.raises(DialtoneError, match="ca_file"):
        IdentityClient(BASE, ca_file=tmp_path / "bad.pem")
