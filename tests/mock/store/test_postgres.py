"""What only PostgreSQL can do to a service: disappear, come back, ask for a password."""

import importlib.util
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from sqlalchemy import Connection

from dialtone_kit.mock.core import read_settings
from dialtone_kit.mock.core.settings import BadSettings
from dialtone_kit.mock.store.store import Store, StoreUnavailable
from tests.mock.store.test_store import count, on_store, use
from tests.mock.web.test_endurance import start_command
from tests.support.databases import SERVER, Database, on_a_server
from tests.support.lossy_line import LossyLine
from tests.support.own_loop import finished
from tests.support.own_postgres import OwnPostgres
from tests.support.running_mock import Mock, Registered, free_port

on_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def test_a_postgresql_is_there_to_test_on() -> None:
    """One line of the report says whether half of the service's tests were run at all."""
    if not SERVER and os.environ.get("CI_REQUIRE_POSTGRES") == "1":
        pytest.fail("PostgreSQL tests are required here, but DIALTONE_TEST_DATABASE is not set")
    if not SERVER:
        pytest.skip("NOT RUN: PostgreSQL tests: DIALTONE_TEST_DATABASE names no server")


@on_a_server
@on_postgres
def test_connections_that_were_cut_are_made_again(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    token = client.token()
    used = client.proof("POST", client.token_url)
    assert client.ask_token(used).status_code == 200
    for _ in range(3):
        cut = mine.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'dialtone'"
        )
        assert cut
        assert client.ask_token(client.proof("POST", client.token_url)).status_code == 200
        assert client.call("GET", client.url("/userinfo"), token).status_code == 200
    assert "jti_is_new" in client.ask_token(used).json()["error_description"]


@on_a_server
@on_postgres
def test_a_database_that_is_unavailable_is_503_until_it_is_back(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock()
    client = mine.register("default")
    proof = client.proof("POST", client.token_url)
    mine.database.close_to_all()
    refused = client.ask_token(proof)
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert refused.headers["retry-after"] == "1"
    assert mine.database.name not in refused.text
    mine.database.open_again()
    assert client.ask_token(proof).status_code == 200


@on_a_server
@on_postgres
def test_a_database_that_became_read_only_is_503(own_mock: Callable[..., Mock]) -> None:
    """What hosts do to a database whose disk is nearly full."""
    mine = own_mock()
    client = mine.register("default")
    proof = client.proof("POST", client.token_url)
    for read_only, status in (("on", 503), ("off", 200)):
        mine.database.set("default_transaction_read_only", read_only)
        assert client.ask_token(proof).status_code == status
    assert "Traceback" not in mine.log


@on_a_server
@on_postgres
@pytest.mark.parametrize("lost", ["answer", "request"])
def test_a_commit_whose_connection_breaks_is_reported_as_it_ended(
    own_database: Database, lost: str
) -> None:
    line = LossyLine((urlsplit(SERVER).hostname or "", urlsplit(SERVER).port or 5432))
    url = urlsplit(str(own_database.place))
    store = Store(url._replace(netloc=f"postgres@127.0.0.1:{line.port}").geturl())

    async def scenario(store: Store) -> None:
        line.lose(lost)
        if lost == "request":
            with pytest.raises(StoreUnavailable):
                await store.write(lambda tx: use(tx, "one"))
        else:
            assert await store.write(lambda tx: use(tx, "one") or "done") == "done"
        assert await store.read(count) == (lost == "answer")
        assert await store.write(lambda tx: use(tx, "two") or "done") == "done"

    finished(on_store(store, scenario))
    line.close()


@on_a_server
@on_postgres
def test_a_commit_is_on_the_disk_whatever_the_server_is_set_to(own_database: Database) -> None:
    own_database.set("synchronous_commit", "off")
    own_database.set("default_transaction_isolation", "'serializable'")

    async def scenario(store: Store) -> None:
        assert await store.write(lambda tx: setting(tx, "synchronous_commit")) == "on"
        assert (
            await store.write(lambda tx: setting(tx, "transaction_isolation")) == "read committed"
        )
        assert await store.write(lambda tx: setting(tx, "lock_timeout")) == "5s"
        assert await store.read(lambda tx: setting(tx, "search_path")) == "public"

    url = f"{own_database.place}?options=-csearch_path%3Dpublic"  # options in the URL are kept
    finished(on_store(Store(url), scenario))


def setting(tx: Connection, name: str) -> str:
    return str(tx.exec_driver_sql(f"SHOW {name}").scalar())


@on_a_server
def test_a_server_that_crashes_under_load_is_found_again_with_all_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    server = OwnPostgres()
    server.start()
    mine = Mock(tmp_path / "mock", environment={"DIALTONE_DATABASE_URL": server.url}).start()
    client = mine.register("default")
    try:
        asked = asked_during_a_crash(client, server)
        assert {status for _, status in asked} == {200, 503}
        used = [proof for proof, status in asked if status == 200]
        again = [client.ask_token(proof) for proof in used]
        assert {answer.status_code for answer in again} == {400}
        assert all("jti_is_new" in answer.text for answer in again)
        assert client.token()
    finally:
        assert mine.stop() == 0
        server.remove()
    assert "Traceback" not in mine.log


def asked_during_a_crash(client: Registered, server: OwnPostgres) -> list[tuple[str, int]]:
    """Proofs and what each got, until the server was gone and some time after it came back."""
    asked: list[tuple[str, int]] = []
    up_again = threading.Event()

    def ask() -> None:
        left = 5
        while left:
            left -= up_again.is_set()
            proof = client.proof("POST", client.token_url)
            asked.append((proof, client.ask_token(proof).status_code))

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(lambda: len(asked) > 20)
    server.crash()
    wait_for(lambda: asked[-1][1] != 200)
    server.start()
    up_again.set()
    asking.join()
    return asked


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@on_a_server
@on_postgres
def test_several_workers_share_it(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(workers=2)
    client = mine.register(mine.new_realm())
    proof = client.proof("POST", client.token_url)
    answers = [client.ask_token(proof).status_code for _ in range(6)]
    assert answers == [200] + 5 * [400]


@on_a_server
@on_postgres
def test_dialtone_serve_uses_it_and_passes_the_password_on_where_no_one_sees_it(
    own_database: Database, tmp_path: Path
) -> None:
    password = secrets.token_hex(8)
    url = str(own_database.place).replace("postgres@", f"postgres:{password}@")
    home = {"DIALTONE_STATE_DIR": str(tmp_path / "s"), "DIALTONE_CONFIG_DIR": str(tmp_path / "c")}
    command = [Path(sys.executable).with_name("dialtone")]
    serve = subprocess.Popen(
        [*command, "serve", "--workers", "2", "--database", url],
        env={**os.environ, **home},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert serve.stdout is not None
        output = ""
        while "The local service is running on" not in output:
            output += (line := serve.stdout.readline())
            assert line, output  # it ended
        family = psutil.Process(serve.pid).children(recursive=True)
        assert len(family) >= 3  # the service and its workers
        assert password not in " ".join(word for one in family for word in one.cmdline())
        assert own_database.sql("SELECT count(*) FROM signing_keys") == [(1,)]
        doctor = subprocess.run(
            [*command, "doctor"], env={**os.environ, **home}, text=True, capture_output=True
        )
        assert re.search(f"Database: postgresql://.*/{own_database.name}$", doctor.stdout, re.M)
    finally:
        serve.terminate()
        rest, _ = serve.communicate(timeout=20)
    state = "".join(path.read_text() for path in (tmp_path / "s").glob("*.*") if path.is_file())
    assert password not in output + rest + doctor.stdout + doctor.stderr + state


def start_with(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> str:
    """What the service says when it is to use that database, and can't."""
    monkeypatch.setenv("DIALTONE_DATABASE_URL", url)
    done = start_command(folder, "--port", str(free_port()))
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("dialtone:")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_absent_server_is_reported_without_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = secrets.token_hex(8)
    url = f"postgresql://me:{password}@127.0.0.1:{free_port()}/dialtone?password={password}"
    message = start_with(monkeypatch, url, tmp_path)
    assert "can't be used" in message
    assert "postgresql://127.0.0.1:" in message
    assert password not in message


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x/y",
        "postgresql://x",
        "postgresql://x:99999/y",
        "sqlite:///x",
        "pw@word",
        "postgresql://me:12/hush@x/y",
        "postgresql://me:hu@sh@x/y",
        "postgresql:me:hush@x/y",
    ],
)
def test_what_is_not_postgresql_is_reported(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    message = start_with(monkeypatch, url, tmp_path)
    assert "postgresql://USER@HOST:PORT/DATABASE" in message
    assert url not in message


def test_without_the_driver_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(read_settings, "find_spec", lambda name: None)
    with pytest.raises(BadSettings, match=r"pip install 'psycopg\[binary\]'"):
        read_settings.load(tmp_path, database="postgresql://me@127.0.0.1/dialtone")
    assert importlib.util.find_spec("psycopg")  # the tests themselves have it


def test_settings_show_no_password(tmp_path: Path) -> None:
    chosen = read_settings.load(tmp_path, database="postgresql://me:hush@db.example:5433/dialtone")
    assert "hush" not in repr(chosen)
    assert chosen.database_name == "postgresql://db.example:5433/dialtone"
