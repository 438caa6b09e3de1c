"""The token explorer of a lesson: which verifier judges a token, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dialtone_kit import ProofKey
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import jwk_of
from dialtone_kit.lesson.content.lesson_04.forgeries import new_key, with_claims
from dialtone_kit.lesson.token_desk import token_explorer
from dialtone_kit.tokens import Token, sign_token
from dialtone_kit.widgets.token_explorer import TokenExplorer, TokenVerdict
from tests.support.fake_service import BASE, ISSUER, METADATA, FakeService, says

NOW = 1_800_000_000.0
PRIVATE, KEY = new_key(), ProofKey.generate()
JWKS = {"keys": [{**jwk_of(PRIVATE.public_key()), "kid": "k1", "alg": "ES256", "use": "sig"}]}
CLAIMS = {"iss": ISSUER, "sub": "cli_me", "token_type": "access_token"}


def token(private: Any = PRIVATE, kid: str = "k1", **claims: Any) -> str:
    times = {"iat": int(NOW) - 60, "exp": int(NOW) + 3540}
    return sign_token(private, CLAIMS | times | claims, kid=kid)


def client(
    answer: httpx.Response | Exception | None = None, now: float = NOW, **options: Any
) -> IdentityClient:
    """A client of a service whose key set is JWKS, unless `answer` takes its place."""
    service = FakeService(jwks=answer or (lambda _: httpx.Response(200, json=JWKS)))
    return service.client(now=lambda: now, **options)


def explorer(*tokens: object, key: ProofKey | None = None, **parts: Any) -> TokenExplorer:
    clients = parts.pop("clients", None) or [client(**parts)]
    return token_explorer(SimpleNamespace(clients=clients, interactive=True), tokens, key)


def verdict(*tokens: object, **parts: Any) -> TokenVerdict:
    found = explorer(*tokens, **parts).verdicts[0]
    assert found is not None
    return found


def test_a_genuine_token_names_the_key_and_the_key_set() -> None:
    good = verdict(token())
    assert (good.outcome, good.kid, good.keys_url) == ("verified", "k1", METADATA["jwks_uri"])


def test_a_token_for_an_audience_is_verified_for_that_audience_and_says_so() -> None:
    one, two = "https://notes.example", "https://mail.example"
    for aud, said in ((one, one), ([one], one), ([one, two], f"{one} and {two}")):
        good = verdict(token(aud=aud))
        assert good.outcome == "verified"
        assert f"It is for {said}: any other API must refuse it." in good.text


@pytest.mark.parametrize(
    ("made", "rule", "text"),
    [
        (lambda: with_claims(token(), sub="cli_you"), "signature", "forged or altered"),
        (lambda: token(new_key()), "signature", "forged or altered"),
        (lambda: token(kid="k2"), "kid", "No key k2"),
        (lambda: token(exp=int(NOW) - 5), "exp", "Expired 5 s ago"),
        (lambda: token(iat=int(NOW) + 60), "iat", "only in 60 s"),
        (lambda: token(iss="https://id.example/realms/other"), "iss", "realms/other"),
        (lambda: token(iss=7), "iss", "Issued by 7"),
        (lambda: token(aud=7), "aud", "names none"),
        (lambda: token(token_type="proof"), "token_type", "not an access token"),
        (lambda: token(cnf={"jkt": "short"}), "cnf", "no thumbprint"),
    ],
)
def test_a_token_that_is_refused_names_the_check_and_the_reason(
    made: Callable[[], str], rule: str, text: str
) -> None:
    bad = verdict(made())
    assert (bad.outcome, bad.rule) == ("refused", rule)
    assert text in bad.text
    assert bad.text[:1].isupper()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.Response(200, text="<html>a portal</html>"),
        says(404, "not_found"),
        httpx.Response(429, headers={"Retry-After": "900"}, json={"error": "rate_limited"}),
    ],
)
def test_a_service_that_is_unavailable_leaves_the_question_open(answer: Any) -> None:
    open_one = verdict(token(), answer=answer)
    assert open_one.outcome == "can't tell"
    assert open_one.text.startswith(f"The keys of {ISSUER} could not be fetched.")
    assert "can't tell" in explorer(token(), answer=answer).outcome()


def test_the_client_of_the_tokens_own_realm_judges_it_by_that_realms_clock() -> None:
    ahead = client(now=NOW + 7200)
    assert verdict(token(), clients=[ahead]).rule == "exp"
    other = FakeService().client(realm="other", now=lambda: NOW + 7200)
    panel = explorer(token(), clients=[other, client()])
    assert panel.verdicts[0] == verdict(token())
    assert panel.state()["tokens"][0]["now"] == NOW


def test_a_token_of_no_realm_of_the_lesson_is_refused_by_the_lessons_own_client() -> None:
    assert verdict(token(iss=f"{BASE}/realms/elsewhere")).rule == "iss"


def test_the_key_is_the_one_given_or_that_of_the_token() -> None:
    bound = token(cnf={"jkt": KEY.thumbprint})
    held = Token(Secret(bound), "DPoP", 3600, "openid", KEY, NOW)
    for panel, kind in (
        (explorer(bound), "no key"),
        (explorer(bound, key=KEY), "your key"),
        (explorer(held), "your key"),
        (explorer(held, key=ProofKey.generate()), "another key"),
    ):
        assert panel.state()["tokens"][0]["binding"]["kind"] == kind


@pytest.mark.parametrize("junk", [None, 7, b"bytes", "", "junk", "e30.e30."])
def test_junk_raises_nothing_and_a_good_token_next_to_it_is_judged(junk: object) -> None:
    panel = explorer(junk, token())
    assert panel.verdicts[1] is not None
    assert panel.verdicts[1].outcome == "verified"


def test_what_is_too_long_is_not_read() -> None:
    assert "70,000 characters" in explorer("x" * 70_000).outcome()


def test_the_token_is_not_in_the_objects_that_a_traceback_prints() -> None:
    text = token()
    panel = explorer(text)
    shown = repr([vars(panel), *map(vars, panel._cases), *map(vars, panel._readings)])
    assert text not in shown
    assert text.split(".")[2] not in shown + json.dumps(panel.state())
