"""A copy of a service's folder has a copy of its note, and leads nobody to the service itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dialtone_kit.local import process

SLEEPER = "import time; time.sleep(60)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "service").mkdir()
    return tmp_path / "service"


@pytest.fixture
def service(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program called as the service is, with its note in `folder`."""
    child = subprocess.Popen([sys.executable, "-c", SLEEPER, "--state-dir", str(folder)])
    noted = {"pid": child.pid, "create_time": psutil.Process(child.pid).create_time()}
    (folder / process.PID).write_text(json.dumps(noted))
    yield child
    child.kill()
    child.wait()


def test_what_runs_for_a_folder_is_left_alone_by_a_copy_of_it(
    folder: Path, service: subprocess.Popen[bytes]
) -> None:
    copy = Path(shutil.copytree(folder, folder.with_name("copy")))
    assert process.running(copy) is None
    process.end_leftover(copy)
    assert service.poll() is None
    assert not (copy / process.PID).exists()


def test_a_renamed_folder_is_no_copy(folder: Path, service: subprocess.Popen[bytes]) -> None:
    moved = folder.rename(folder.with_name("moved"))
    live = process.running(moved)
    assert live is not None
    assert live.pid == service.pid


def test_a_leftover_of_the_folder_itself_is_ended(
    folder: Path, service: subprocess.Popen[bytes]
) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)  # the same folder by another name
    process.end_leftover(link)
    assert service.wait(10) != 0
