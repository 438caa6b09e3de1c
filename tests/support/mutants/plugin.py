"""A pytest plugin that does not run the tests once, but a few for each mutant until one fails.

    pytest -p tests.support.mutants.plugin --mutants-to=FILE [--mutant=NAME …] tests/base tests/mock

The service runs in a thread here, so that a check can be taken out of it.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from _pytest.runner import runtestprotocol

from tests.support.mutants.checks import Check, code_without, without
from tests.support.mutants.table import all_checks, held_by
from tests.support.refusals.catalogue import cases
from tests.support.running_mock import Mock

NEEDS_PROCESSES = {"own_mock"}  # fixtures of tests that kill a service or start several


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants-to", type=Path, help="write which test noticed which mutant")
    parser.addoption(
        "--mutant", action="append", help="only those whose names begin like this (repeatable)"
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    for check in all_checks():
        code_without(check)
    Mock.start, Mock.stop = start_in_thread, stop_thread  # type: ignore[method-assign, assignment]


def pytest_runtestloop(session: pytest.Session) -> bool:
    wanted = tuple(session.config.getoption("mutant") or [""])
    able = [item for item in session.items if _can_run_here(item)]
    checks = [check for check in all_checks() if check.id.startswith(wanted)]
    words = {word for check in checks for word in held_by(check)}
    tests = {word: [item for item in able if _is(item, word)] for word in words}
    noticed = {}
    for check in checks:
        began = time.monotonic()
        likely = (item for word in held_by(check) for item in tests[word])
        found = next((item for item in likely if notices(item, session, check)), None)
        took = round(time.monotonic() - began, 2)
        noticed[check.id] = {"test": found and found.nodeid, "seconds": took}
        print(check.id, noticed[check.id], flush=True)
    session.config.getoption("mutants_to").write_text(json.dumps(noticed), encoding="utf-8")
    return True


def _can_run_here(item: pytest.Item) -> bool:
    """Without processes of its own, and on one kind of database: the checks are the same."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    alone = NEEDS_PROCESSES.isdisjoint(getattr(item, "fixturenames", ()))
    return alone and params.get("database", "sqlite") == "sqlite"


def _is(item: pytest.Item, word: str) -> bool:
    if word.endswith(".py"):
        return item.path.as_posix().endswith(word)
    if word.startswith("test_"):
        return item.name.startswith(word)
    return word in {case.number for case in cases(item)}


def notices(item: pytest.Item, session: pytest.Session, check: Check) -> bool:
    """The test fails without the check, and passes with it: at the second try, if the first one
    came over a connection that a crash of the service had ended."""
    with without(check):
        failed = "failed" in outcomes(item, session)
    return failed and any(outcomes(item, session) == ["passed"] for _ in range(2))


def outcomes(item: pytest.Item, session: pytest.Session) -> list[str]:
    """How the test itself went; nothing when its fixtures failed. Sessions' fixtures stay."""
    # No pictures of failures: they would be drawn from syntax trees (see code_without), and slowly.
    item.repr_failure = item._repr_failure_py = lambda *_, **__: "failed"  # type: ignore[method-assign, attr-defined]
    end = SimpleNamespace(listchain=lambda: [session])
    reports = runtestprotocol(item, log=False, nextitem=end)  # type: ignore[arg-type]
    return [report.outcome for report in reports if report.when == "call"]


def start_in_thread(mock: Any) -> Any:
    """What `python -m dialtone_kit.mock` does, in this process."""
    from dialtone_kit.mock.__main__ import HOST, _listen
    from dialtone_kit.mock.app import create_app
    from dialtone_kit.mock.core import read_settings
    from dialtone_kit.mock.web.bad_requests import JsonErrors

    chosen = read_settings.load(mock.state_dir, mock.port, None, 1)
    (mock.state_dir / "mock.log").touch()
    config = uvicorn.Config(
        create_app(chosen),
        http=JsonErrors,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    mock.server = uvicorn.Server(config)
    listener = _listen(HOST, chosen.port)
    threading.Thread(target=mock.server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            mock.http.get(f"{mock.base_url}/agent.json")
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return mock
    raise AssertionError("the service did not start")


def stop_thread(mock: Any) -> int:
    mock.server.should_exit = True
    return 0
