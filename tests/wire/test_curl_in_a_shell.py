"""The curl line pasted into a real shell, against the running service: once it works, twice not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.keys import ProofKey
from dialtone_kit.wire.raw import RAW_KEPT
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.shell_files import ShellFiles
from tests.support.running_mock import Registered

HOSTILE = """it's "$HOME" `id` $(id) \\ \\n Zoë 🐙
END
EOF"""


class Desk:
    """A notebook that sends with a recorder, and a terminal next to it. Both have the same home."""

    def __init__(self, home: Path, client: Registered) -> None:
        self.home, self.client, self.key = home, client, ProofKey.generate()
        self.files = ShellFiles(PrivateFolder(home / "Bea's files"))
        self.wire = Wire(self.files)
        transport = self.wire.transport(httpx.HTTPTransport())
        self.http = httpx.Client(transport=transport, trust_env=False)
        self.nonces: dict[tuple[str, str], str] = {}

    def auth(self, token: str | None = None) -> DPoPAuth:
        return DPoPAuth(self.key, token, nonces=self.nonces)

    def ask_token(self, **form: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", **form}
        basic = httpx.BasicAuth(*self.client.basic)
        headers = next(basic.auth_flow(httpx.Request("GET", "http://h"))).headers
        given = {"Authorization": headers["Authorization"]}
        return self.http.post(self.client.token_url, data=form, headers=given, auth=self.auth())

    def token(self) -> str:
        return str(self.ask_token(scope="openid notes:read notes:write").json()["access_token"])

    def paste(self, line: str, shell: str = "sh", **variables: str) -> tuple[int, Any]:
        """What the terminal prints: status and body."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            [shell],
            input=line,
            env={**kept, "HOME": str(self.home), **variables},
            capture_output=True,
            text=True,
        )
        assert not done.stderr, done.stderr
        head, _, body = done.stdout.partition("\n\n")
        return int(head.split()[1]), json.loads(body)


@pytest.fixture(params=["default", "strict"])
def desk(
    request: pytest.FixtureRequest,
    resident: Registered,
    strict_resident: Registered,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))
    desk = Desk(tmp_path, resident if request.param == "default" else strict_resident)
    yield desk
    desk.files.remove()
    desk.http.close()


@pytest.fixture(params=["sh", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    assert shutil.which(request.param)
    return str(request.param)


def test_the_token_request_works_once_and_its_proof_is_then_a_replay(
    desk: Desk, shell: str
) -> None:
    assert desk.ask_token(scope="openid").status_code == 200
    line = desk.wire.curl()
    status, body = desk.paste(line, shell)
    assert (status, body["token_type"]) == (200, "DPoP")
    status, body = desk.paste(line, shell)
    assert (status, body["error"]) == (400, "invalid_dpop_proof")
    assert "jti" in body["error_description"]
    assert desk.paste(desk.wire.curl(), shell)[0] == 200  # a fresh proof


def test_a_call_with_a_token_works_once_and_its_proof_is_then_a_replay(
    desk: Desk, shell: str
) -> None:
    url = desk.client.url("/api/whoami?limit=5&q=[1]")
    assert desk.http.get(url, auth=desk.auth(desk.token())).status_code == 200
    line = desk.wire.curl()
    assert desk.paste(line, shell)[0] == 200
    status, body = desk.paste(line, shell)
    assert (status, body["error"]) == (401, "invalid_dpop_proof")
    assert "jti" in body["error_description"]


def test_a_proxy_sees_nothing_of_what_goes_to_this_machine(desk: Desk) -> None:
    desk.ask_token()
    line = desk.wire.curl()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        assert desk.paste(line, http_proxy=url, ALL_PROXY=url)[0] == 200
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_json_body_arrives_as_it_was_sent(desk: Desk, shell: str) -> None:
    note = {"text": HOSTILE}
    url, token = desk.client.url("/api/notes"), desk.token()
    assert desk.http.post(url, json=note, auth=desk.auth(token)).status_code == 201
    status, body = desk.paste(desk.wire.curl(), shell)
    assert (status, body["text"]) == (201, HOSTILE)


def test_the_line_has_no_secret_and_the_file_is_private(desk: Desk) -> None:
    token = desk.token()
    desk.http.get(desk.client.url("/api/whoami"), auth=desk.auth(token))
    line = desk.wire.curl()
    assert line.startswith(f". ~/'Bea'\"'\"'s files/get-whoami-{os.getpid()}' &&\ncurl -si ")
    [file] = (desk.home / "Bea's files").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert token in file.read_text()
    assert token[-20:] not in line
    assert "eyJ" not in line


def test_when_the_file_is_gone_nothing_is_sent(desk: Desk, shell: str) -> None:
    desk.ask_token()
    line = desk.wire.curl()
    desk.files.remove()
    done = subprocess.run(
        [shell], input=line.encode(), env={"HOME": str(desk.home)}, capture_output=True
    )
    assert done.stdout == b""
    assert done.returncode != 0


def test_a_proof_made_by_hand_needs_its_key(desk: Desk) -> None:
    token, url = desk.token(), desk.client.url("/api/whoami")
    desk.http.get(url, auth=desk.auth(token))  # learns the nonce, where there is one
    nonce = next(iter(desk.wire.round_trips[-1].request.jwts)).claims.get("nonce")
    proof = desk.client.proof("GET", url, key=desk.key, access_token=token, nonce=nonce)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert desk.http.get(url, headers=headers).status_code == 200
    with pytest.raises(DialtoneError, match=r"made by hand.*lesson\.wire\.curl\(key=key\)"):
        desk.wire.curl()
    assert desk.paste(desk.wire.curl(key=desk.key))[0] == 200
    assert desk.paste(desk.wire.curl(key=ProofKey.generate()))[0] == 401


def test_an_old_request_says_that_its_secrets_are_gone(desk: Desk) -> None:
    for _ in range(RAW_KEPT + 1):
        desk.http.get(f"{desk.client.mock.base_url}/x", headers={"Authorization": "Bearer abc"})
    assert desk.wire.curl(1).startswith(". ")
    with pytest.raises(DialtoneError, match="only the last 20"):
        desk.wire.curl(0)
