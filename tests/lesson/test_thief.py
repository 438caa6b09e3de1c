"""The thief of lesson 07: a second process, what it gets for its loot, where the loot never is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from dialtone_kit import ProofKey
from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson import second_process
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_07.finds import short
from dialtone_kit.lesson.second_process import robbed
from tests.support.platforms import looked_into, needs_proc
from tests.support.running_mock import Mock, Registered, client_of

pytestmark = pytest.mark.timeout(60)
NAME = "dialtone_kit.lesson.thief"
SECRET = "sec_" + "x" * 43


def ends(client: IdentityClient, *finds: second_process.Find) -> list[str]:
    return [short(one) for one in robbed([client], "GET", client.endpoint("userinfo"), finds)]


def test_a_bearer_token_works_and_a_bound_one_fails_under_both_schemes(
    registered_client: Registered,
) -> None:
    client = client_of(registered_client)
    bound = client.get_token(key=ProofKey.generate())
    assert ends(client, client.get_token(), bound, bound.access_token) == [
        "200",
        *["401 `scheme`", "401 `key_is_bound`"] * 2,
    ]


def test_credentials_bring_a_token_that_is_bound_to_the_thiefs_key(
    registered_client: Registered,
) -> None:
    client = client_of(registered_client)
    assert client.credentials is not None
    got, used = robbed([client], "GET", client.endpoint("userinfo"), [client.credentials])
    assert got.json()["token_type"] == "DPoP"
    assert got.json()["access_token"].startswith("••••••")
    assert used.json()["client_id"] == client.credentials.client_id
    assert used.request.url.path.endswith("/userinfo")


def test_credentials_work_where_a_nonce_is_demanded(strict_client: Registered) -> None:
    client = client_of(strict_client)
    assert client.credentials is not None
    assert ends(client, client.credentials) == ["200", "200"]


def test_credentials_that_were_replaced_get_nothing(registered_client: Registered) -> None:
    client = client_of(registered_client)
    known = client.credentials
    assert known is not None
    old = Credentials(known.client_id, Secret(SECRET), known.token_endpoint, known.issuer)
    assert ends(client, old) == ["401 `invalid_client`"]


def test_the_thief_goes_by_the_clock_of_the_realm(
    mock: Mock, registered_client: Registered
) -> None:
    client = client_of(registered_client)
    ahead = IdentityClient(client.issuer, None, now=lambda: client.connection.now() + 3000)
    assert client.credentials is not None
    assert ends(ahead, client.credentials)[0] == "400 `iat_is_fresh`"


def test_it_calls_the_same_url_under_jupyterhub(
    registered_client: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    client = client_of(registered_client)
    assert ends(client, client.get_token()) == ["200"]


def test_what_is_no_token_is_refused_before_anything_starts(registered_client: Registered) -> None:
    client = client_of(registered_client)
    with pytest.raises(DialtoneError, match="not a JWT"):
        ends(client, "cash")
    with pytest.raises(DialtoneError, match="or a client's credentials; this is a dict"):
        ends(client, {"access_token": "cash"})  # type: ignore[arg-type]
    public = Credentials("cli_a", None, client.endpoint("token"), client.issuer)
    with pytest.raises(DialtoneError, match="no secret"):
        ends(client, public)


def test_no_answer_is_said_in_a_line_without_the_token() -> None:
    token = Issuer().token()
    with pytest.raises(ServiceUnreachable) as problem:
        robbed([], "GET", "http://127.0.0.1:9/", [token])
    assert token not in str(problem.value)


def test_a_process_that_fails_or_hangs_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "COMMAND", ("-c", "raise SystemExit(3)"))
    with pytest.raises(DialtoneError, match="exit code 3"):
        robbed([], "GET", "http://127.0.0.1:9/", [])
    monkeypatch.setattr(second_process, "LONGEST", 0.3)
    monkeypatch.setattr(second_process, "COMMAND", ("-c", "import time; time.sleep(30)"))
    with pytest.raises(DialtoneError, match="had not ended"):
        robbed([], "GET", "http://127.0.0.1:9/", [])


class Watched:
    """An API that looks at the process that calls it, while it waits for its answer."""

    def __init__(self) -> None:
        self.called, self.seen = b"", b""
        self.files: list[str] = []

    def look(self, header: str) -> None:
        thief = next(one for one in psutil.Process().children() if NAME in one.cmdline())
        self.called = header.encode()
        self.seen, self.files = looked_into(thief.pid)


@contextmanager
def watching(watched: Watched) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watched.look(self.headers["Authorization"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@needs_proc
def test_the_loot_is_in_no_argument_no_environment_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    watched, token = Watched(), Issuer().token()
    with watching(watched) as url:
        (answer,) = robbed([], "GET", url, [token])
    assert answer.status_code == 204
    assert watched.called == f"Bearer {token}".encode()  # it had the token, and
    assert NAME.encode() in watched.seen  # this is the process that we looked at
    assert token.encode() not in watched.seen
    assert token.rpartition(".")[2].encode() not in watched.seen
    kinds = {file.partition(":")[0] for file in watched.files}
    assert kinds <= {"pipe", "socket", "anon_inode", "/dev/null", "/dev/urandom"}
    assert list(tmp_path.iterdir()) == []
