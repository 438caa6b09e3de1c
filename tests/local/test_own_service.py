"""A service of a lesson's own: next to the learner's, and gone with the process that started it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from dialtone_kit.local import own_service, process
from dialtone_kit.local.own_service import OwnService
from dialtone_kit.local.service import ensure
from tests.support.platforms import needs_proc

STARTS = """
import sys
from dialtone_kit.local.own_service import OwnService
own = OwnService()
print(own._service.pid, own.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made: here, so that one that stays is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def bundle(base_url: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{base_url}/.well-known/spiffe-trust-bundle").json()
    return answer


def gone(pid: int, folder: Path) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not folder.exists() and not process.main_of(pid):
            return True
        time.sleep(0.05)
    return False


def test_it_has_roots_of_its_own_and_never_touches_the_learners_service(
    shared_home: Path, temporary: Path
) -> None:
    ours = ensure()
    before = bundle(ours.base_url)
    own = OwnService()
    try:
        theirs = bundle(own.base_url)
        assert theirs["keys"] != before["keys"]
        own.controls.rotate_keys()
        assert bundle(own.base_url) != theirs
        assert bundle(ours.base_url) == before
    finally:
        own.remove()
        own.remove()  # a second time is fine
    assert own._record.secret.reveal() not in f"{own!r} {own._child.args}"
    assert ensure().pid == ours.pid
    assert list(temporary.iterdir()) == []


@needs_proc
@pytest.mark.parametrize("ending", ["kill", "close"])
def test_it_ends_with_its_process_and_leaves_no_folder(temporary: Path, ending: str) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    pid, folder = starter.stdout.readline().decode().split()
    assert psutil.pid_exists(int(pid))
    assert Path(folder).parent == temporary
    end = starter.stdin.close if ending == "close" else getattr(starter, ending)
    end()
    starter.wait(20)
    starter.stdout.close()
    assert gone(int(pid), Path(folder))


def test_one_that_cannot_start_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(own_service.process, "wait_until", fails)
    with pytest.raises(KeyboardInterrupt):
        OwnService()
    assert list(temporary.iterdir()) == []
