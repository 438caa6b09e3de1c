"""Killed, restarted, many workers, a start that can't succeed: nothing is lost or doubled.

Killed at random under load: test_kills.py. Locked or full: test_unavailable.py.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.running_mock import Mock, free_port
from tests.support.store_rows import locked

pytestmark = pytest.mark.both_databases


@pytest.mark.row("A6")
def test_killed_it_comes_back_with_all_that_it_acknowledged(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    token = client.token()
    used = client.proof("POST", client.token_url)
    assert client.ask_token(used).status_code == 200
    enrollment, code = mine.enroll("default")
    for _ in range(3):
        mine.request_enrollment("default", email="you@example.com")
    for _ in range(2):
        mine.confirm("default", enrollment, "AAAA-AAAA")
    mine.kill()
    mine.start()
    again = client.ask_token(used)
    assert "jti_is_new" in again.json()["error_description"]
    assert client.ask_token(client.proof("POST", client.token_url)).status_code == 200
    assert client.call("GET", client.url("/userinfo"), token).status_code == 200  # the same keys
    limited = mine.request_enrollment("default", email="you@example.com")
    assert limited.status_code == 429
    assert mine.confirm("default", enrollment, "AAAA-AAAA").json()["tries_left"] == 2
    assert mine.confirm("default", enrollment, code).status_code == 200


@pytest.mark.row("62", "62✓")
def test_62_of_thirty_in_parallel_one_succeeds(mock: Mock, realm: str) -> None:
    client = mock.register(realm)
    proof = client.proof("POST", client.token_url)
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: client.ask_token(proof).status_code, range(30)))
    assert sorted(answers) == [200] + 29 * [400]


def test_several_workers_agree(own_mock: Callable[..., Mock]) -> None:
    many = own_mock(workers=2)
    family = psutil.Process(many.process.pid).children(recursive=True)
    serving = [one for one in family if "spawn_main" in " ".join(one.cmdline())]
    assert len(serving) == 2
    told = many.http.get(f"{many.base_url}/mock/hello", params={"nonce": "x"}).json()
    assert told["pid"] == many.process.pid
    client = many.register(many.new_realm("strict"))
    nonce = client.nonce(client.token_url)
    proof = client.proof("POST", client.token_url, nonce=nonce)

    def ask(_: int) -> int:
        with httpx.Client(trust_env=False, verify=False) as alone:  # any worker
            return alone.post(
                client.token_url,
                data={"grant_type": "client_credentials"},
                auth=client.basic,
                headers={"DPoP": proof},
            ).status_code

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(ask, range(12))) == [200] + 11 * [400]
    many.http.get(f"{many.base_url}/agent.json", headers={"Host": "evil.example"})
    assert "WARNING dialtone.mock: a request under a foreign Host was refused" in many.log
    # when the parent is killed, no process stays behind on the port
    many.kill()
    deadline = time.monotonic() + 15
    while any(is_alive(one) for one in serving) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(one) for one in serving)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs: an orphan that ended may stay as a zombie until a parent reaps it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_ctrl_c_ends_it_in_order(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    mine.process.send_signal(signal.SIGINT)
    assert mine.process.wait(timeout=10) == 0
    assert not (mine.state_dir / "mock.pid").exists()
    assert "Traceback" not in mine.log


def start_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dialtone_kit.mock", "--state-dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_taken_port_is_one_clear_line(mock: Mock, tmp_path: Path) -> None:
    done = start_command(tmp_path, "--port", str(mock.port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {mock.port}" in done.stderr
    assert not (tmp_path / "mock.pid").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "99999"], "not a port"),
        (["--workers", "0"], "not a number of workers"),
        (["--base-url", "ftp://x"], "base URL"),
        (["--base-url", "http://user:pw@x"], "base URL"),
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = start_command(tmp_path, *arguments)
    assert done.returncode in (1, 2)
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_state_file_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "service.json"
    path.touch(mode=0o600)
    path.write_text(content)
    done = start_command(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_what_is_not_a_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mock.sqlite3").write_text("not a database, but long enough to look like a file")
    done = start_command(tmp_path, "--port", str(free_port()))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "mock.sqlite3 can't be used" in done.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_start_on_a_locked_database_is_one_line(
    own_mock: Callable[..., Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = own_mock()
    assert mine.stop() == 0
    monkeypatch.setenv("DIALTONE_STORE_WAIT", "0.1")
    with locked(mine):
        done = start_command(mine.state_dir)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "mock.sqlite3 can't be used: database is locked" in done.stderr
    assert mine.start().stop() == 0


def test_a_state_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "service.json"
    path.write_text("{}")
    path.chmod(0o644)
    done = start_command(tmp_path)
    assert (done.returncode, "chmod 600" in done.stderr) == (1, True)


def test_files_are_private_under_any_umask(own_mock: Callable[..., Mock]) -> None:
    before = os.umask(0)
    try:
        mine = own_mock()
    finally:
        os.umask(before)
    everything = list(mine.state_dir.rglob("*"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in everything if path.is_file()}
    del modes["mock.log"]
    assert set(modes.values()) == {0o600}
    assert {path.stat().st_mode & 0o777 for path in everything if path.is_dir()} == {0o700}
    assert mine.stop() == 0
    assert not (mine.state_dir / "mock.pid").exists()


def test_the_issuer_is_the_configured_base_url(own_mock: Callable[..., Mock]) -> None:
    public = own_mock(arguments=("--base-url", "https://id.class.example/dial/"))
    found = public.http.get(
        f"{public.base_url}/realms/default/.well-known/openid-configuration",
        headers={"Host": "id.class.example"},
    ).json()
    assert found["issuer"] == "https://id.class.example/dial/realms/default"
