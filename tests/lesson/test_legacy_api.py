"""The API from before DPoP: what it checks, what it can't know, and that it ends."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from dialtone_kit import ProofKey
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.base.jws import json_object, to_segment
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.content.lesson_04.forgeries import with_claims
from dialtone_kit.lesson.content.lesson_07.finds import short
from dialtone_kit.lesson.legacy_api import LegacyApi
from dialtone_kit.tokens import Token
from tests.support.running_mock import Registered, client_of


@pytest.fixture
def client(registered_client: Registered) -> IdentityClient:
    return client_of(registered_client)


@pytest.fixture
def api(client: IdentityClient) -> Iterator[LegacyApi]:
    api = LegacyApi(client)
    yield api
    api.close()


def sent(client: IdentityClient, api: LegacyApi, scheme: str, token: Token | str) -> httpx.Response:
    text = token if isinstance(token, str) else token.access_token.reveal()
    return client.http.get(api.url, headers={"Authorization": f"{scheme} {text}"})


def test_it_takes_a_bearer_token_in_any_case_of_the_scheme(client, api) -> None:
    for scheme in ("Bearer", "bearer"):
        answer = sent(client, api, scheme, client.get_token())
        assert answer.json() == {"client_id": client.credentials.client_id, "reports": 3}


def test_it_never_looks_at_a_binding(client, api) -> None:
    bound = client.get_token(key=ProofKey.generate())
    assert sent(client, api, "Bearer", bound).status_code == 200
    assert short(client.call("GET", api.url, bound)) == "401 `unauthorized`"


def test_it_does_not_hear_of_a_revocation(client, api) -> None:
    token = client.get_token()
    client.revoke(token)
    assert sent(client, api, "Bearer", token).status_code == 200


def test_a_token_for_another_api_is_refused_and_one_for_it_is_not(client, api) -> None:
    elsewhere = client.get_token(resource=f"{client.issuer}/api")
    assert short(sent(client, api, "Bearer", elsewhere)) == "401 `aud`"
    assert sent(client, api, "Bearer", client.get_token(resource=api.url)).status_code == 200


def test_an_altered_token_and_an_expired_one_are_refused(client, api) -> None:
    token = client.get_token()
    forged = with_claims(token.access_token.reveal(), scope="admin")
    answer = sent(client, api, "Bearer", forged)
    assert short(answer) == "401 `signature`"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="reports", error="inv')
    late = client.connection.now() + 3601
    client.connection.now = lambda: late
    assert short(sent(client, api, "Bearer", token)) == "401 `exp`"


@pytest.mark.parametrize("scheme", ["DPoP", "Basic"])
def test_another_scheme_gets_a_challenge_without_an_error(client, api, scheme: str) -> None:
    answer = sent(client, api, scheme, client.get_token())
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="reports"'


def test_other_paths_are_404_and_junk_is_no_token(client, api) -> None:
    assert client.http.get(f"{api.url}/2026").status_code == 404
    assert sent(client, api, "Bearer", "junk").status_code == 401


def test_a_made_up_key_name_does_not_make_it_ask_the_service(client, api) -> None:
    header, *rest = client.get_token().access_token.reveal().split(".")
    forged = ".".join([to_segment(json_object(header) | {"kid": "k9"}), *rest])
    asked = len(client.wire.round_trips)
    answer = httpx.get(api.url, headers={"Authorization": f"Bearer {forged}"}, trust_env=False)
    assert short(answer) == "401 `kid`"
    assert len(client.wire.round_trips) == asked


def test_it_ends_when_it_is_closed(client, api) -> None:
    api.close()
    api.close()
    with pytest.raises((httpx.TransportError, ServiceUnreachable)):
        client.http.get(api.url)


def test_a_caller_that_goes_away_leaves_no_traceback(api, capfd) -> None:
    here = urlsplit(api.url)
    for _ in range(20):
        with socket.create_connection((here.hostname, here.port)) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.sendall(b"GET /reports HTTP/1.1\r\n\r\n")
    assert httpx.get(api.url, trust_env=False).status_code == 401
    assert capfd.readouterr().err == ""


def test_idle_callers_keep_no_one_out(api) -> None:
    here = urlsplit(api.url)
    with ExitStack() as idle:
        for _ in range(100):
            idle.enter_context(socket.create_connection((here.hostname, here.port), timeout=2))
        assert httpx.get(api.url, trust_env=False, timeout=5).status_code == 401
