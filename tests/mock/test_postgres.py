"""What only PostgreSQL can do to a service: be away, come back, ask for a password."""

import importlib.util
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import SERVER
from running_mock import Mock, free_port
from test_endurance import start_command

from dialtone_kit.mock import settings
from dialtone_kit.mock.settings import BadSettings

on_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
here = pytest.mark.skipif(not SERVER, reason="NOT RUN: PostgreSQL tests: no server is offered")


def test_a_postgresql_is_there_to_test_on() -> None:
    """One line of the report says whether half of the service's tests were run at all."""
    if not SERVER and os.environ.get("CI_REQUIRE_POSTGRES") == "1":
        pytest.fail("PostgreSQL tests are required here, but DIALTONE_TEST_DATABASE is not set")
    if not SERVER:
        pytest.skip("NOT RUN: PostgreSQL tests: DIALTONE_TEST_DATABASE names no server")


@here
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


@here
@on_postgres
def test_a_database_that_is_away_is_503_until_it_is_back(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock()
    client = mine.register("default")
    name = mine.database.url.rpartition("/")[2]
    proof = client.proof("POST", client.token_url)
    mine.database.close_to_all()
    refused = client.ask_token(proof)
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert refused.headers["retry-after"] == "1"
    assert name not in refused.text
    mine.database.open_again()
    assert client.ask_token(proof).status_code == 200


@here
@on_postgres
def test_several_workers_share_it(own_mock: Callable[..., Mock]) -> None:
    mine = own_mock(workers=2)
    client = mine.register(mine.new_realm())
    proof = client.proof("POST", client.token_url)
    answers = [client.ask_token(proof).status_code for _ in range(6)]
    assert answers == [200] + 5 * [400]


def start_with(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> str:
    """What the service says when it is to use that database, and can't."""
    monkeypatch.setenv("DIALTONE_DATABASE_URL", url)
    done = start_command(folder, "--port", str(free_port()))
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("dialtone:")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_server_that_is_not_there_is_told_without_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = secrets.token_hex(8)
    url = f"postgresql://me:{password}@127.0.0.1:{free_port()}/dialtone?password={password}"
    told = start_with(monkeypatch, url, tmp_path)
    assert "can't be used" in told
    assert "postgresql://127.0.0.1:" in told
    assert password not in told


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "postgresql://x", "postgresql://x:99999/y", "sqlite:///x", "pw@word"]
)
def test_what_is_no_postgresql_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = start_with(monkeypatch, url, tmp_path)
    assert "postgresql://USER@HOST:PORT/DATABASE" in told
    assert url not in told


def test_without_the_driver_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    with pytest.raises(BadSettings, match=r"pip install 'dialtone-kit\[postgres\]'"):
        settings.load(tmp_path, database="postgresql://me@127.0.0.1/dialtone")
    assert importlib.util.find_spec("psycopg")  # the tests themselves have it


def test_settings_show_no_password(tmp_path: Path) -> None:
    chosen = settings.load(tmp_path, database="postgresql://me:hush@db.example:5433/dialtone")
    assert "hush" not in repr(chosen)
    assert chosen.database_name == "postgresql://db.example:5433/dialtone"
