"""The service ends with its owner, and when nobody has called for a day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dialtone_kit.base import platform
from dialtone_kit.local import owner
from dialtone_kit.mock.core.ending import DAY, OWNER, TEMPORARY, Idle, owner_is_gone

STARTS = """
import os, sys, pathlib
from dialtone_kit.local import owner, service
os.environ |= owner.this_process()
print(service.ensure().pid, flush=True)
sys.stdin.read()
"""
SERVES = "from dialtone_kit.commands.cli import main; main(['serve'])"


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="the owner is known by /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_it_ends_with_its_owner_and_leaves_no_temporary_folder(home: Path, how: int) -> None:
    folder = home / "dialtone-run-x"
    folder.mkdir()
    environment = os.environ | {TEMPORARY: str(folder), "DIALTONE_STATE_DIR": str(folder / "state")}
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert psutil.pid_exists(pid)
    starter.send_signal(how)
    starter.wait(10)
    assert ends(pid)
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_service_in_the_foreground_ends_with_its_terminal(home: Path, how: int) -> None:
    serving = subprocess.Popen([sys.executable, "-c", SERVES], stdout=subprocess.PIPE)
    assert serving.stdout is not None
    assert b"runs on" in serving.stdout.readline()
    [service] = psutil.Process(serving.pid).children()
    serving.send_signal(how)
    serving.wait(15)
    assert ends(service.pid)


def test_the_idle_end_comes_after_a_day_by_a_clock_that_is_passed_in() -> None:
    now = [0.0]
    idle = Idle(DAY, lambda: now[0])
    now[0] = DAY - 1
    assert not idle.over()
    idle.touch()
    now[0] += DAY
    assert not idle.over()
    now[0] += 1
    assert idle.over()
    assert not Idle(None, lambda: now[0]).over()


def test_an_owner_is_known_by_its_start_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWNER, raising=False)
    assert not owner_is_gone()
    start = platform.process_start(os.getpid())
    monkeypatch.setenv(OWNER, f"{os.getpid()} {start}")
    assert not owner_is_gone()
    monkeypatch.setenv(OWNER, f"{os.getpid()} {start}0")
    assert owner_is_gone()


def test_only_under_a_hub_is_the_server_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWNER, raising=False)
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    monkeypatch.setattr(owner, "hub_server", os.getpid)
    assert owner.of_background() == {}
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert owner.of_background() == owner.this_process()
