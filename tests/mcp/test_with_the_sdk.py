"""The SDK's own server and client, with the gate between: what works, and what attacks come to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.auth.utils import (
    build_protected_resource_metadata_discovery_urls,
    extract_resource_metadata_from_www_auth,
)
from mcp.server import MCPServer
from mcp.shared.auth import ProtectedResourceMetadata
from mcp.shared.exceptions import MCPError

from dialtone_kit.base.errors import DialtoneError, ServiceError, UnsafeUrl
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.mcp import McpDPoP, caller, connected, http_client
from dialtone_kit.proofs import build_proof
from dialtone_kit.wire.raw import with_fresh_proof
from dialtone_kit.wire.recorder import Wire
from tests.support.mcp_scene import Agent, Tools, agent, post, served
from tests.support.own_loop import finished
from tests.support.running_mock import Mock, Registered


@pytest.fixture(scope="module")
def ada(resident: Registered) -> Agent:
    return agent(resident)


@pytest.fixture(scope="module")
def bob(mock: Mock, resident: Registered) -> Agent:
    return agent(mock.register(resident.realm))


@pytest.fixture(scope="module")
def issuer(resident: Registered) -> IdentityClient:
    """What a server knows of the issuer: no credentials are needed."""
    return IdentityClient(resident.mock.base_url, resident.realm)


@pytest.fixture(scope="module")
def url(issuer: IdentityClient) -> Iterator[str]:
    with served(issuer) as where:
        yield where


# --- what works ---


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdks_client_calls_a_tool(ada: Agent, url: str, mode: str) -> None:
    """With and without a session, whose stream of events stays open meanwhile."""
    wire = Wire()
    name = finished(ada.call_tool(url, "whoami", wire=wire, mode=mode))
    assert name == ada.client_id
    jtis = [jwt.claims["jti"] for one in wire.round_trips for jwt in one.request.jwts[:1]]
    assert len(set(jtis)) == len(wire.round_trips) > 1
    methods = {one.method for one in wire.round_trips}
    assert methods == ({"POST"} if mode == "auto" else {"POST", "GET", "DELETE"})


def test_a_server_in_a_process_of_its_own(ada: Agent, resident: Registered) -> None:
    command = [sys.executable, "-m", "tests.support.mcp_scene", resident.mock.base_url]
    with subprocess.Popen(
        [*command, resident.realm], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        there = process.stdout.readline().strip()
        assert finished(ada.call_tool(there, "delete_all")) == "all gone"
        assert ada.post(there, ada.token(there), scheme="Bearer").status_code == 401
        process.communicate()  # its input ends, and so does the server
    assert process.returncode == 0


def test_a_demanded_nonce_is_answered(ada: Agent, issuer: IdentityClient) -> None:
    wire = Wire()
    with served(issuer, nonce_key=b"n" * 32) as strict:
        assert finished(ada.call_tool(strict, "delete_all", wire=wire)) == "all gone"
    statuses = [one.status for one in wire.round_trips]
    assert statuses == [401] + [200] * (len(statuses) - 1)  # the nonce is kept from then on


def test_the_sdk_finds_the_issuer_as_its_own_clients_do(url: str, issuer: IdentityClient) -> None:
    refused = post(url, [])
    response = httpx2.Response(401, headers=refused.headers.multi_items())
    found = extract_resource_metadata_from_www_auth(response)
    assert found == build_protected_resource_metadata_discovery_urls(None, url)[0]
    document = httpx.get(str(found), trust_env=False).content
    metadata = ProtectedResourceMetadata.model_validate_json(document)
    assert (str(metadata.resource), str(metadata.authorization_servers[0])) == (url, issuer.issuer)
    assert metadata.dpop_bound_access_tokens_required is True


# --- the attacks, each with the neighbour that passes ---


def test_a_token_for_another_server(ada: Agent, url: str) -> None:
    foreign = ada.token(f"{url}.evil")
    refused = ada.post(url, foreign)
    assert refused.status_code == 401
    assert refused.json()["error_description"].startswith("aud: the token is for")
    with pytest.raises(ServiceError, match="401 invalid_token: aud: the token is for"):
        finished(ada.call_tool(url, "whoami", foreign))
    assert ada.post(url, ada.token(url)).status_code == 200  # ✓


def test_a_bound_token_as_bearer(ada: Agent, url: str) -> None:
    token = ada.token(url)
    for proofs in ([], [ada.proof(url, token)]):
        fields = [("Authorization", f"Bearer {token.access_token.reveal()}")]
        refused = post(url, [*fields, *(("DPoP", one) for one in proofs)])
        assert refused.status_code == 401
        assert "[M08]" in refused.json()["error_description"]
    assert ada.post(url, token).status_code == 200  # ✓


def test_a_tool_that_was_swapped_in_the_body_alone(ada: Agent, url: str) -> None:
    refused = ada.post(url, ada.token(url), tool="delete_all", named="whoami")
    assert refused.status_code == 400
    assert "mcp-name header does not match" in refused.text


def test_a_tool_that_was_swapped_in_body_and_header(ada: Agent, url: str) -> None:
    """One URL, one method: a proof can't tell two tools apart (RFC 9449 §11.7). TLS has to."""
    swapped = ada.post(url, ada.token(url), tool="delete_all")
    assert swapped.status_code == 200
    assert "all gone" in swapped.text


def test_a_token_that_is_passed_on(
    ada: Agent, bob: Agent, url: str, issuer: IdentityClient
) -> None:
    """A server sends the token that it was called with to the next one, with a proof of its own."""
    with served(issuer) as behind:
        both = ada.token([url, behind])  # careless: good at two servers
        proof = bob.proof(behind, both)
        refused = bob.post(behind, both, proof)
        assert refused.status_code == 401
        assert refused.json()["error"] == "invalid_token"
        assert refused.json()["error_description"].startswith("key_is_bound: ")
        assert ada.post(behind, both).status_code == 200  # ✓


def test_a_session_is_of_no_use_to_another_caller(ada: Agent, bob: Agent, url: str) -> None:
    wire = Wire()

    async def with_a_session_open() -> list[int]:
        auth = McpDPoP(ada.key, ada.token(url))
        async with connected(url, auth, wire, mode="legacy") as client:
            await client.list_tools()
            session = wire.raw[-1].headers["mcp-session-id"]
            return [listed(one, url, session) for one in (bob, ada)]

    assert finished(with_a_session_open()) == [404, 200]


def listed(one: Agent, url: str, session: str) -> int:
    token = one.token(url)
    headers = {
        "Authorization": f"DPoP {token.access_token.reveal()}",
        "DPoP": one.proof(url, token),
        "Accept": "application/json, text/event-stream",
        "Mcp-Session-Id": session,
    }
    body = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
    return httpx.post(url, headers=headers, json=body, trust_env=False).status_code


# --- the API behind: an exchange, never the caller's own token ---


def onward(own: Agent, api: str, audience: str) -> Tools:
    """Two tools of a server that is the client `own` where it calls an API itself."""

    def add(server: MCPServer[Any]) -> None:
        @server.tool()
        def who_calls_the_api() -> str:
            held = caller().token
            token = own.kit.exchange(held, resource=audience, scope="openid", key=own.key)
            answer = own.kit.call("GET", api, token).json()
            return f"{answer['sub']} by {token.claims['act']['sub']}"

        @server.tool()
        def pass_the_token_on() -> str:
            held = caller().token
            proof = build_proof(own.key, "GET", api, access_token=held)
            headers = {"Authorization": f"DPoP {held}", "DPoP": proof}
            return str(httpx.get(api, headers=headers, trust_env=False).json())

    return add


def test_the_server_exchanges_and_each_caller_gets_their_own_answer(mock: Mock, realm: str) -> None:
    ada, bob, own = (agent(mock.register(realm)) for _ in range(3))
    api = f"{mock.issuer(realm)}/api/whoami"
    with served(own.kit, onward(own, api, mock.base_url)) as url:
        permit(mock, realm, own.client_id, url, mock.base_url)

        async def at_once() -> list[str]:
            calls = [one.call_tool(url, "who_calls_the_api") for one in (ada, bob, ada)]
            return await asyncio.gather(*calls)

        answers = finished(at_once())
        both = [url, mock.base_url]  # careless: a token for the server and for the API
        passed_on = finished(ada.call_tool(url, "pass_the_token_on", ada.token(both)))
    assert answers == [f"{one.client_id} by {own.client_id}" for one in (ada, bob, ada)]
    assert "key_is_bound" in passed_on


def permit(mock: Mock, realm: str, server: str, held: str, audience: str) -> None:
    text = f"""
    @id("server-calls-api") permit (
        principal == Client::"{server}",
        action == Action::"call-onward", resource == Audience::"{audience}"
    ) when {{ context.held.contains("{held}") }};
    @id("whoami") permit (principal, action == Action::"whoami", resource);"""
    put = mock.control("PUT", "policies", json={"realm": realm, "text": text})
    assert put.status_code == 200, put.text


# --- the client's side by itself ---


def test_an_error_of_ones_own_comes_out_as_it_is(ada: Agent, url: str) -> None:
    async def failing() -> None:
        moved = [0.0]
        auth = McpDPoP(ada.key, ada.token(url), now=lambda: time.time() - moved[0])
        async with connected(url, auth) as client:
            moved[0] = 90.0
            with pytest.raises(MCPError):
                await client.call_tool("whoami")
            raise LookupError("mine")

    with pytest.raises(ExceptionGroup) as group:
        finished(failing())
    assert group.group_contains(LookupError, match="mine")


def test_an_error_of_the_server_behind_the_gate_is_no_refusal(ada: Agent, url: str) -> None:
    async def failing() -> None:
        async with connected(url, McpDPoP(ada.key, ada.token(url))) as client:
            await client.read_resource("no://such")

    with pytest.raises(ExceptionGroup) as group:
        finished(failing())
    assert group.group_contains(MCPError)


def test_a_call_that_is_turned_away_later_says_why(ada: Agent, url: str) -> None:
    """The token was good when the connection was made."""

    async def expiring() -> None:
        moved = [0.0]
        auth = McpDPoP(ada.key, ada.token(url), now=lambda: time.time() - moved[0])
        async with connected(url, auth) as client:
            moved[0] = 90.0
            await client.call_tool("whoami")

    with pytest.raises(ServiceError, match="401 invalid_dpop_proof: iat_is_fresh") as refused:
        finished(expiring())
    assert refused.value.headers["www-authenticate"].startswith("DPoP ")


def test_a_token_is_not_sent_in_the_clear(ada: Agent, url: str) -> None:
    auth = McpDPoP(ada.key, ada.token(url))
    flow = auth.auth_flow(httpx2.Request("POST", "http://notes.example/mcp"))
    with pytest.raises(UnsafeUrl, match="in the clear"):
        next(flow)
    with pytest.raises(UnsafeUrl, match="in the clear"):
        finished(ada.call_tool("http://notes.example/mcp", "whoami", ada.token(url)))
    sent = next(auth.auth_flow(httpx2.Request("POST", "https://notes.example/mcp")))  # ✓
    assert sent.headers["DPoP"]


def test_the_clients_side_shows_no_secret(ada: Agent, url: str) -> None:
    token, wire = ada.token(url), Wire()
    auth = McpDPoP(ada.key, token)
    finished(ada.call_tool(url, "whoami", token, wire))
    shown = f"{auth!r} {wire!r} {wire.show(9).html} {wire.show(9).text} {list(wire.round_trips)!r}"
    assert token.access_token.reveal() not in shown
    assert repr(auth).startswith("<McpDPoP by ")
    assert all(one.proofs[0] not in shown for one in wire.raw)
    assert len(wire.raw) > 1


def test_a_recorded_call_can_be_sent_again_from_a_shell(ada: Agent, url: str) -> None:
    wire = Wire()
    finished(ada.call_tool(url, "whoami", wire=wire))
    line = wire.curl()
    assert line.startswith(f"curl -si --noproxy '*' {url} -K - ")
    assert 'header = "Authorization: DPoP ${ACCESS_TOKEN}"' in line
    assert 'header = "DPoP: ${DPOP_PROOF}"' in line
    fresh = with_fresh_proof(wire.raw[-1])
    again = httpx.post(url, headers=fresh.headers, content=fresh.content, trust_env=False)
    assert again.status_code == 200


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_a_file_for_tls_that_is_missing_does_not_matter_without_tls(
    ada: Agent, url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/nowhere/at/all.pem")
    assert finished(ada.call_tool(url, "whoami")) == ada.client_id
    with pytest.raises(DialtoneError, match=f"{name}: No such file"):
        finished(http_client(McpDPoP(ada.key)).get("https://127.0.0.1:1/mcp"))


def test_a_token_with_a_line_break_is_not_quoted(ada: Agent, url: str) -> None:
    text = ada.token(url).access_token.reveal()
    with pytest.raises(DialtoneError, match="such as a line break") as refused:
        McpDPoP(ada.key, f"{text}\n")
    assert text not in str(refused.value)
    McpDPoP(ada.key, text)  # ✓
