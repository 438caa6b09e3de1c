"""Whatever ends the service: what comes back is the same one, with today's code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dialtone_kit.base import code, platform
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.commands import doctor_service
from dialtone_kit.local import process, service
from dialtone_kit.local.running import find
from dialtone_kit.local.setup import FILE, SQLITE, Setup, read_setup, setup_to_revive
from dialtone_kit.local.setup import setup_to_serve as to_serve
from tests.support.platforms import needs_proc

HERE, THERE = "postgresql://me@db.example/here", "postgresql://me@db.example/there"
LOGIN = "postgresql://me:hush@db.example/here"
SERVE = "from dialtone_kit.commands.cli import main; main()"
NAME = "postgresql://db.example/here"
TO_FILL_IN = "postgresql://USER:PASSWORD@db.example/here"


def noted(folder: Path, **members: object) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    note = {"workers": 1, "database": SQLITE, "url": None, **members}
    (folder / FILE).write_text(json.dumps(note))
    (folder / FILE).chmod(0o600)
    return folder


# -- database and workers -----------------------------------------------------------------


def test_a_killed_service_comes_back_with_its_workers(home: Path) -> None:
    serving = subprocess.Popen(
        [sys.executable, "-c", SERVE, "serve", "--workers", "2"],
        stdout=subprocess.PIPE,
    )
    try:
        assert serving.stdout is not None
        assert b"running on" in serving.stdout.readline()
        before = process.running(home / "state")
        assert before is not None
        before.kill()
        assert serving.wait(20) != 0
    finally:
        serving.kill()
        serving.wait()
    while find() is not None:  # its workers end within a second
        time.sleep(0.05)
    service.ensure()
    after = process.running(home / "state")
    assert after is not None
    assert after.pid != before.pid
    assert after.cmdline()[-2:] == ["--workers", "2"]


def test_the_service_notes_how_it_runs_and_no_password(home: Path) -> None:
    service.ensure()
    assert read_setup(home / "state") == Setup(1, SQLITE, None)
    assert (home / "state" / FILE).stat().st_mode & 0o077 == 0
    from dialtone_kit.mock import __main__ as mock
    from dialtone_kit.mock.core.settings import Settings

    chosen = Settings(home / "state", "http://127.0.0.1:1", 1, workers=4, database_url=LOGIN)
    (home / "state" / FILE).unlink()
    before = os.umask(0o077)  # as main() sets it
    try:
        mock._note_setup(chosen)
    finally:
        os.umask(before)
    assert "hush" not in (home / "state" / FILE).read_text()
    assert read_setup(home / "state") == Setup(4, NAME, None)


@pytest.mark.parametrize(
    ("note", "environment", "expected"),
    [
        ({}, "", Setup(1, SQLITE, None)),
        ({"workers": 3}, "", Setup(3, SQLITE, None)),
        ({"workers": 3, "database": NAME, "url": HERE}, "", Setup(3, NAME, HERE)),
        ({"workers": 3, "database": NAME}, LOGIN, Setup(3, NAME, LOGIN)),
        ({"database": NAME}, "", f"`DIALTONE_DATABASE_URL={TO_FILL_IN} dialtone serve`"),
        ({"database": NAME, "workers": 4}, "", f"{TO_FILL_IN} dialtone serve --workers 4`"),
        ({"database": NAME, "url": HERE}, THERE, "`dialtone serve`"),
        ({}, THERE, "`dialtone serve`"),
        ({"workers": "x"}, "", "damaged"),
        ({"workers": float("inf")}, "", "damaged"),
    ],
)
def test_a_lesson_revives_the_same_store_or_names_the_command(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    note: dict[str, object],
    environment: str,
    expected: Setup | str,
) -> None:
    folder = noted(home / "state", **note)
    monkeypatch.setenv("DIALTONE_DATABASE_URL", environment)
    if isinstance(expected, Setup):
        assert setup_to_revive(folder) == expected
        return
    with pytest.raises(ServiceUnreachable, match=expected) as refused:
        service.ensure()
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)
    assert not (folder / "mock.pid").exists()
    assert [f.ok for f in doctor_service.state() if f.what == "Database"] == [False]


def test_serve_stays_on_its_database_unless_another_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIALTONE_DATABASE_URL", raising=False)
    folder = noted(home / "state", database=NAME, url=HERE, workers=4)
    assert to_serve(folder, 1, None) == Setup(1, NAME, HERE)
    assert to_serve(folder, 2, THERE) == Setup(2, THERE.replace("me@", ""), THERE)
    assert to_serve(folder, 1, "sqlite") == Setup()


def test_a_service_in_a_file_does_not_inherit_a_database() -> None:
    assert "DIALTONE_DATABASE_URL" not in process.environment(None)
    assert process.environment(HERE)["DIALTONE_DATABASE_URL"] == HERE


# -- stale and upgraded -------------------------------------------------------------------


def test_a_service_with_older_code_is_replaced_with_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = service.ensure()
    assert first.is_current
    assert service.ensure(current=True) == first
    monkeypatch.setattr(code, "fingerprint", lambda: "of a new clone")
    monkeypatch.setattr(doctor_service, "fingerprint", lambda: "of a new clone")
    [finding] = doctor_service.port()
    assert not finding.ok
    assert "older code" in finding.text
    assert service.ensure() == first  # in mid-lesson it stays
    remarks: list[str] = []
    second = service.ensure(say=remarks.append, current=True)
    assert second.pid != first.pid
    assert second.base_url == first.base_url
    [line] = remarks
    assert "older code" in line
    assert "\n" not in line


def test_a_copy_in_the_same_place_is_other_code(tmp_path: Path) -> None:
    package, kept = tmp_path / "package", tmp_path / "kept"
    (package / "inner").mkdir(parents=True)
    (package / "inner" / "x.py").write_text("x = 1\n")
    first = code.fingerprint(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_text("")
    assert code.fingerprint(package) == first
    package.rename(kept)
    shutil.copytree(kept, package)
    assert code.fingerprint(package) != first
    assert code.fingerprint(tmp_path / "gone") == ""


# -- steps of the clock -------------------------------------------------------------------


@needs_proc
@pytest.mark.parametrize("step", [-3_459_595, 7200])
def test_a_step_of_the_clock_does_not_hide_a_process(
    home: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Linux counts starts from boot: psutil adds the time of boot, which moves with the clock."""
    first = service.ensure()
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: real(self) + step)
    found = process.running(home / "state")
    assert found is not None
    assert found.pid == first.pid
    assert not process.was_left_behind(home / "state")
    found.suspend()
    monkeypatch.setattr(service, "find", lambda **_: None)  # it hangs
    monkeypatch.setattr(process, "end", lambda one, **_: one.kill())
    assert service.stop() is True


def test_the_start_of_a_process_is_its_own() -> None:
    own = psutil.Process()
    assert platform.process_start(own.pid) == platform.process_start(own.pid)
    assert platform.process_start(2**30) == ""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert platform.process_start(other.pid) != platform.process_start(own.pid)


@needs_proc
def test_a_process_that_ended_and_was_not_collected_has_no_start() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert platform.process_start(other.pid)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # seen, but left a zombie
        assert platform.process_start(other.pid) == ""
