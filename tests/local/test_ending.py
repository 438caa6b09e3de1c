"""The service ends with its owner, and when no one has called for a day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from dialtone_kit.base import platform
from dialtone_kit.local import owner, service
from dialtone_kit.local.running import LocalService, find
from dialtone_kit.mock.core.ending import DAY, OWNER, TEMPORARY, Idle, owner_is_gone
from tests.support.platforms import needs_proc

STARTS = """
import os, sys, pathlib
from dialtone_kit.local import owner, service
os.environ |= owner.this_process()
print(service.ensure().pid, flush=True)
sys.stdin.read()
"""
STARTS_A_SERVER = """
import os, subprocess, sys
served = os.environ | {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}
print(subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], env=served).pid, flush=True)
sys.stdin.read()
"""
STARTS_A_KERNEL = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], start_new_session=True)
time.sleep(100)
"""
STARTS_THE_SERVICE = """
from dialtone_kit.local import service
print(service.ensure().pid, flush=True)
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


@needs_proc
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
    assert b"running on" in serving.stdout.readline()
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


def test_the_idle_end_of_several_workers_comes_a_day_after_the_last_call_of_any(
    tmp_path: Path,
) -> None:
    now, shared = [50.0], tmp_path / "mock.calls"
    one, other = (Idle(DAY, lambda: now[0], shared) for _ in range(2))
    assert not one.over()
    now[0] += DAY
    other.touch()
    assert not other.over()  # by asking, it tells
    now[0] += DAY
    assert not one.over()
    now[0] += 1
    assert one.over()
    assert other.over()
    shared.unlink()
    other.touch()
    assert not other.over()


@pytest.mark.parametrize("stamp", [0.0, 2e9])
def test_a_stamp_from_before_this_boot_does_not_count(tmp_path: Path, stamp: float) -> None:
    now, shared = [3 * DAY], tmp_path / "mock.calls"
    idle = Idle(DAY, lambda: now[0], shared)
    os.utime(shared, (stamp, stamp))
    assert not idle.over()
    now[0] += DAY + 1
    assert idle.over()


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
    monkeypatch.delenv(owner.HUB, raising=False)
    monkeypatch.setattr(owner, "hub_server", os.getpid)
    assert owner.of_background() == {}
    monkeypatch.setenv(owner.HUB, "/user/ada/")
    assert owner.of_background() == owner.this_process()


@needs_proc
def test_it_ends_with_the_hubs_server_and_keeps_its_state(home: Path) -> None:
    """The hub starts a server, that a kernel, and a lesson there the service."""
    hub = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER, STARTS_A_KERNEL, STARTS_THE_SERVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert hub.stdout is not None
    server, pid = (int(hub.stdout.readline()) for _ in range(2))
    before = keys_of(find())
    os.kill(server, signal.SIGKILL)
    assert ends(pid)
    assert hub.poll() is None
    hub.communicate(timeout=10)
    assert keys_of(service.ensure()) == before


def keys_of(running: LocalService | None) -> object:
    assert running is not None
    return running.base_url, httpx.get(f"{running.base_url}/jwks", trust_env=False).json()
