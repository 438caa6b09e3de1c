"""The service's life without sessions, SIGTERM, /proc and folders by descriptor."""

from __future__ import annotations

import json
from pathlib import Path

from dialtone_kit.local import process
from tests.support.waiting import wait_for
from tests.support.windows_home import START, WindowsHome

LESSON = """
from dialtone_kit import ProofKey, start
lesson = start("02", {"base_url": "mock", "realm": "default", "email": "a@example.com",
                      "client_name": "agent", "interactive": False})
print(type(lesson.client.get_token(key=ProofKey.generate())).__name__)
"""
OWN = """
from dialtone_kit.local.own_service import OwnService
own = OwnService()
print(own.folder, own._child.pid, flush=True)
import time
time.sleep(60)
"""


def test_it_starts_for_a_lesson_stays_and_is_stopped(windows: WindowsHome) -> None:
    said = windows.python(START + LESSON)
    assert "Registered" in said
    assert said.endswith("Token\n")
    assert windows.service(), "it outlives the process that started it"
    doctor = windows.dialtone("doctor")
    assert "in your profile" in doctor
    assert "look" not in [line.split()[0] for line in doctor.splitlines()]
    assert "stopped" in windows.dialtone("stop")
    assert not windows.service()
    assert not (windows.state / process.PID).exists()
    assert "No local service was running" in windows.dialtone("stop")


def test_one_that_was_killed_comes_back_as_it_was(windows: WindowsHome) -> None:
    windows.python(f"{START}service.ensure()")
    before = json.loads((windows.state / "service.json").read_text())
    service = windows.service()
    assert service is not None
    service.kill()
    assert "(killed?)" in windows.python(f"{START}service.ensure(say=print)")
    assert json.loads((windows.state / "service.json").read_text()) == before


def test_one_of_a_lesson_ends_with_its_owner_and_removes_its_folder(windows: WindowsHome) -> None:
    owner = windows.start("-c", f"__name__ = 'dialtone_kit.tried'\n{OWN}")
    assert owner.stdout is not None
    folder, pid = owner.stdout.readline().split()
    owner.kill()
    owner.communicate()
    wait_for(lambda: not windows.lives(int(pid)), "it outlives its owner", 20)
    assert not Path(folder).exists(), "it shut down in order"


def test_it_has_one_process(windows: WindowsHome) -> None:
    assert "1<=x<=1" in windows.dialtone("serve", "--workers", "2", code=2)
