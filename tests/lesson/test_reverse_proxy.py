"""A reverse proxy: it passes on what came, names itself, and lets no request out to elsewhere."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest

from dialtone_kit import DPoPAuth, ProofKey, build_proof
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.reverse_proxy import ReverseProxy
from tests.support.running_mock import Mock, Registered, client_of


@pytest.fixture
def client(registered_client: Registered) -> IdentityClient:
    return client_of(registered_client)


@pytest.fixture
def proxy(mock: Mock) -> Iterator[ReverseProxy]:
    proxy = ReverseProxy(mock.base_url)
    yield proxy
    proxy.close()


def test_a_proof_for_the_proxys_url_is_refused_and_one_for_the_services_passes(
    client, proxy, mock
) -> None:
    key = ProofKey.generate()
    token = client.get_token("openid notes:write", key=key)
    inner = f"{client.issuer}/api/notes"
    outer, note = inner.replace(mock.base_url, proxy.url), {"text": "through the proxy"}
    refused = client.http.post(outer, json=note, auth=DPoPAuth(key, token))
    assert refused.status_code == 401
    assert "htu_matches" in refused.headers["WWW-Authenticate"]
    assert "M03" in refused.json()["error_description"]
    text = token.access_token.reveal()
    proved = {"DPoP": build_proof(key, "POST", inner, access_token=text)}
    written = client.http.post(outer, json=note, headers=proved | {"Authorization": f"DPoP {text}"})
    assert (written.status_code, written.json()["text"]) == (201, "through the proxy")
    assert written.headers["Via"] == "1.1 proxy"


def test_the_second_of_two_proofs_is_not_lost_on_the_way(client, proxy, mock) -> None:
    key = ProofKey.generate()
    token = client.get_token(key=key).access_token.reveal()
    inner = f"{client.issuer}/api/whoami"
    proofs = [("DPoP", build_proof(key, "GET", inner, access_token=token)) for _ in range(2)]
    outer, fields = inner.replace(mock.base_url, proxy.url), [("Authorization", f"DPoP {token}")]
    assert client.http.get(outer, headers=[*fields, proofs[0]]).status_code == 200
    refused = client.http.get(outer, headers=[*fields, proofs[1], proofs[1]])
    assert "one_header" in refused.headers["WWW-Authenticate"]


def test_the_services_own_date_comes_through_once(client, proxy) -> None:
    answer = client.http.get(f"{proxy.url}/realms/default/jwks")
    assert len(answer.headers.get_list("Date")) == 1
    assert answer.json()["keys"]


@pytest.mark.parametrize(
    ("path", "length", "host", "status"),
    [
        ("/jwks", "0", "", 200),
        ("@id.example/", "0", "", 400),
        ("http://id.example/", "0", "", 400),
        ("/jwks", "65537", "", 413),
        ("/jwks", "x", "", 400),
        ("/jwks", "0", "id.example", 400),  # a name that was made to point here (DNS rebinding)
    ],
)
def test_only_a_request_for_this_proxy_and_of_a_sane_length_is_passed_on(
    proxy, path: str, length: str, host: str, status: int
) -> None:
    own = proxy.url.removeprefix("http://")
    line = http.client.HTTPConnection(own, timeout=5)
    line.putrequest("GET", path, skip_host=True)
    line.putheader("Host", host or own)
    line.putheader("Content-Length", length)
    line.endheaders()
    assert line.getresponse().status == status
    line.close()


def test_a_service_that_is_gone_is_a_502(client) -> None:
    proxy = ReverseProxy("http://127.0.0.1:9")  # the discard port: nobody listens
    try:
        assert client.http.get(f"{proxy.url}/jwks").status_code == 502
    finally:
        proxy.close()


def test_it_ends_when_it_is_closed_and_closing_twice_is_fine(client, proxy) -> None:
    proxy.close()
    proxy.close()
    with pytest.raises((httpx.TransportError, ServiceUnreachable)):
        client.http.get(proxy.url)
