"""DPoP as an httpx.Auth: a proof of its own for every send, a nonce answered once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import httpx
import pytest

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.dpop_auth import DPoPAuth, demands_nonce
from dialtone_kit.keys import ProofKey
from dialtone_kit.proofs import check_proof
from dialtone_kit.rules import Request, access_token_hash
from dialtone_kit.tokens import read_unverified
from tests.support.fake_service import says

URL = "https://api.example/notes?page=2"
KEY = ProofKey.generate()
NONCE_BODY = {"error": "use_dpop_nonce"}


class Api:
    def __init__(self, *answers: httpx.Response) -> None:
        self.answers, self.asked = list(answers), list[httpx.Request]()
        self.http = httpx.Client(transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        # httpx sends the same object again: what matters is what it held at the time.
        self.asked.append(httpx.Request(request.method, request.url, headers=request.headers))
        return self.answers.pop(0) if self.answers else httpx.Response(200, json={})

    def proofs(self) -> list[dict[str, object]]:
        return [dict(read_unverified(r.headers["DPoP"]).claims) for r in self.asked]


def demand(nonce: str, status: int = 401) -> httpx.Response:
    headers = {"DPoP-Nonce": nonce}
    if status == 401:
        headers["WWW-Authenticate"] = 'DPoP error="use_dpop_nonce", algs="ES256"'
    return httpx.Response(status, headers=headers, json=NONCE_BODY)


def test_the_proof_is_for_this_request_and_passes_every_rule() -> None:
    api = Api()
    api.http.get(URL, auth=DPoPAuth(KEY, "tok", now=lambda: 1000.0))
    [sent] = api.asked
    request = Request("GET", URL, 1000.0, access_token="tok", bound_to=KEY.thumbprint)
    proof = check_proof([sent.headers["DPoP"]], request)
    assert proof.claims["ath"] == access_token_hash("tok")
    assert proof.claims["htu"] == "https://api.example/notes"
    assert sent.headers["Authorization"] == "DPoP tok"


def test_without_a_token_there_is_no_ath_and_basic_stays() -> None:
    api = Api()
    api.http.post(URL, auth=DPoPAuth(KEY), headers={"Authorization": "Basic abc"})
    assert "ath" not in api.proofs()[0]
    assert api.asked[0].headers["Authorization"] == "Basic abc"


def test_every_send_has_a_proof_of_its_own() -> None:
    api, auth = Api(), DPoPAuth(KEY, Secret("tok"))
    for _ in range(5):
        api.http.get(URL, auth=auth)
    assert len({str(claims["jti"]) for claims in api.proofs()}) == 5


@pytest.mark.parametrize("status", [400, 401])
def test_a_demanded_nonce_is_answered_with_a_new_proof(status: int) -> None:
    api = Api(demand("n1", status))
    assert api.http.get(URL, auth=DPoPAuth(KEY)).status_code == 200
    first, second = api.proofs()
    assert "nonce" not in first
    assert second["nonce"] == "n1"
    assert first["jti"] != second["jti"]


@pytest.mark.row("H8")
def test_a_nonce_demanded_twice_ends_after_one_answer() -> None:
    api = Api(demand("n1"), demand("n2"), demand("n3"))
    assert api.http.get(URL, auth=DPoPAuth(KEY)).status_code == 401
    assert len(api.asked) == 2


@pytest.mark.row("H8")
def test_the_same_nonce_demanded_again_is_not_tried_again() -> None:
    api, auth = Api(demand("n1"), demand("n1"), demand("n1")), DPoPAuth(KEY)
    api.http.get(URL, auth=auth)
    api.http.get(URL, auth=auth)
    assert len(api.asked) == 3  # the second call knew n1 already: once, and no more


def test_a_nonce_that_comes_with_success_is_used_next_time() -> None:
    api = Api(httpx.Response(200, headers={"DPoP-Nonce": "next"}))
    auth = DPoPAuth(KEY)
    api.http.get(URL, auth=auth)
    api.http.get(URL, auth=auth)
    assert [claims.get("nonce") for claims in api.proofs()] == [None, "next"]


def test_a_nonce_never_goes_to_another_origin() -> None:
    api, auth = Api(demand("n1")), DPoPAuth(KEY)
    api.http.get(URL, auth=auth)
    api.http.get("https://other.example/notes", auth=auth)
    assert "nonce" not in api.proofs()[-1]


def test_the_token_endpoints_nonce_is_not_the_resources() -> None:
    nonces: dict[tuple[str, str], str] = {}
    api = Api(demand("for-token", 400))
    api.http.post(URL, auth=DPoPAuth(KEY, nonces=nonces))
    api.http.get(URL, auth=DPoPAuth(KEY, "tok", nonces=nonces))
    assert "nonce" not in api.proofs()[-1]


@pytest.mark.parametrize(
    "refusal",
    [
        says(401, "invalid_dpop_proof", **{"DPoP-Nonce": "n"}),
        says(403, "use_dpop_nonce", **{"DPoP-Nonce": "n"}),
        httpx.Response(400, text="<html>", headers={"DPoP-Nonce": "n"}),
        httpx.Response(401, json=NONCE_BODY),
        httpx.Response(400, json=["use_dpop_nonce"], headers={"DPoP-Nonce": "n"}),
    ],
)
def test_no_other_refusal_is_answered(refusal: httpx.Response) -> None:
    api = Api(refusal)
    api.http.get(URL, auth=DPoPAuth(KEY))
    assert len(api.asked) == 1


@pytest.mark.row("C1")
@pytest.mark.parametrize("keep", [pickle.dumps, copy.deepcopy])
def test_it_shows_and_keeps_no_token(keep: Callable[[object], object]) -> None:
    auth = DPoPAuth(KEY, "very-secret-token")
    assert "very-secret" not in repr(auth)
    with pytest.raises(TypeError):
        keep(auth)


@pytest.mark.parametrize(
    ("field", "demanded"),
    [
        ("DPoP error=use_dpop_nonce", True),
        ("dpop ERROR = \"use_dpop_nonce\", algs='x'", True),
        ('Bearer realm="a, b", DPoP algs="ES256", error="use_dpop_nonce"', True),
        ('DPoP error="use\\_dpop_nonce"', True),
        ('Basic realm="x", DPoP error=use_dpop_nonce, Bearer', True),
        ('DPoP algs="ES256", error="invalid_token"', False),
        ('DPoP error_description="error=use_dpop_nonce"', False),
        ('DPoP realm="a \\" error=use_dpop_nonce", error=invalid_token', False),
        ("Bearer error=use_dpop_nonce", False),
        ("DPoP error=use_dpop_nonce_x", False),
        ("", False),
    ],
)
def test_a_challenge_is_read_as_http_writes_it(field: str, demanded: bool) -> None:
    response = httpx.Response(401, headers={"WWW-Authenticate": field})
    assert demands_nonce(response) is demanded
