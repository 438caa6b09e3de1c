"""A lesson's tool server: one address, whatever is served there, and nothing left afterwards."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dialtone_kit import DPoPAuth, ProofKey, Secret, TokenRefused, start
from dialtone_kit.client import credentials as store
from dialtone_kit.lesson.lesson import Lesson


class Says:
    """An app that answers with one word and what it was asked for."""

    def __init__(self, word: str) -> None:
        self.word = word

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for _ in range(2):
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = (await receive())["body"].decode()
        text = f"{self.word} {headers['mcp-name']} {headers.get('authorization', '')} {body}"
        await PlainTextResponse(text)(scope, receive, send)


@pytest.fixture
def lesson(shared_home: Path) -> Lesson:
    return start(10)


def test_another_app_takes_the_place_of_the_first_at_the_same_url(lesson: Lesson) -> None:
    door = lesson.tool_server()
    said = []
    for word in ("one", "two"):
        door.serve(Says(word))
        said.append(door.post("read_notes").text[:14])
    assert said == ["one read_notes", "two read_notes"]
    assert lesson.wire.round_trips[-1].url == door.url
    lesson.done()


def test_a_call_names_the_tool_twice_and_brings_what_it_is_given(lesson: Lesson) -> None:
    door, key = lesson.tool_server(), ProofKey.generate()
    token = lesson.client.get_token(key=key, resource=door.url)
    door.serve(Says("hm"))
    assert '"name":"read_notes"' in door.post("read_notes").text.replace(" ", "")
    swapped = door.post("delete_all", {"Authorization": "Bearer x"}, named="read_notes").text
    assert swapped.startswith("hm read_notes Bearer x")
    assert '"name":"delete_all"' in swapped.replace(" ", "")
    assert door.post("x", auth=DPoPAuth(key, token)).text.startswith("hm x DPoP ey")
    lesson.done()


def test_it_takes_tokens_made_for_it_alone(lesson: Lesson) -> None:
    door, key = lesson.tool_server(), ProofKey.generate()
    ours, theirs = (
        lesson.client.get_token(key=key, resource=url).access_token.reveal()
        for url in (door.url, f"{door.url}.evil")
    )
    assert door.verify(ours)["aud"] == door.url
    with pytest.raises(TokenRefused, match="aud"):
        door.verify(theirs)
    assert door.metadata_url.endswith("/.well-known/oauth-protected-resource/mcp")
    assert [door.first_use("t", "jti", door.now() + 60) for _ in range(2)] == [True, False]
    lesson.done()


def test_done_closes_the_port_and_a_cell_above_may_open_it_again(lesson: Lesson) -> None:
    door = lesson.tool_server()
    door.serve(Says("hm"))
    assert door.post("x").status_code == 200
    lesson.done()
    with pytest.raises(httpx.ConnectError):
        httpx.post(door.url, trust_env=False)
    door.close()  # twice is fine
    door.serve(Says("again"))  # someone goes back to a cell above
    assert door.post("x").text.startswith("again")
    door.close()


def test_a_private_realm_has_as_many_agents_as_one_registers(lesson: Lesson) -> None:
    with lesson.lab_realm() as lab:
        server = lab.agent("tool server", ["openid"])
        token = server.client.get_token(key=server.key)
        own = lab.client.credentials
        assert own is not None
        assert token.claims["sub"] == server.client_id != own.client_id
        assert server.client.issuer == lab.issuer
        assert store.path_for(server.client_id).exists()
        lab.move_clock(3601)
        assert server.client.get_token(key=server.key)  # by the realm's time
    assert not store.path_for(server.client_id).exists()


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose"])
def test_a_call_that_fails_does_not_show_the_token_it_brought(lesson: Lesson, mode: str) -> None:
    shell, door = InteractiveShell(), lesson.tool_server()  # type: ignore[no-untyped-call]
    secret = Secret("very-secret" * 4)
    call = "door.post('x', {'Authorization': f'DPoP {secret.reveal()}', 'X': 'a' + chr(10)})"
    shell.user_ns.update(door=door, secret=secret)
    with capture_output() as captured:
        shell.run_line_magic("xmode", mode)
        assert not shell.run_cell(call).success  # type: ignore[no-untyped-call]
    assert "a header contains a character that HTTP forbids" in captured.stdout
    assert "very-secret" not in captured.stdout + captured.stderr
    lesson.done()


def test_a_head_without_an_end_is_cut_off(lesson: Lesson) -> None:
    door = lesson.tool_server()
    door.serve(Says("hm"))
    with pytest.raises(OSError, match=r"reset|pipe"):
        send_without_end(door.url)
    assert door.post("x").status_code == 200
    lesson.done()


def test_a_request_that_offers_another_protocol_keeps_its_body(lesson: Lesson) -> None:
    """Java's HTTP client offers one each time."""
    door = lesson.tool_server()
    door.serve(Says("hm"))
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AA"}
    assert '"name":"x"' in door.post("x", offer).text.replace(" ", "")
    lesson.done()


def send_without_end(url: str) -> None:
    """A head of 50 MB, unless the server puts an end to it."""
    here = urlsplit(url)
    with socket.create_connection((here.hostname, here.port), timeout=10) as line:
        line.sendall(b"POST /mcp HTTP/1.1\r\nX: ")
        for _ in range(500):
            line.sendall(b"a" * 100_000)
