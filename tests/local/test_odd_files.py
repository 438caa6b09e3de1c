"""A pipe, a folder or a link where a file should be, and a full disk: one line, and no wait."""

from __future__ import annotations

import errno
import os
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from dialtone_kit.base import private_files
from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.commands import doctor
from dialtone_kit.local import process, service
from dialtone_kit.mock import __main__ as mock

FILES = ("service.json", "service.lock", "setup.json", "mock.pid", "mock.log", "mock.sqlite3")


def link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.fixture
def place(home: Path) -> Iterator[Callable[[str, Callable[[Path], None]], Path]]:
    """Puts something into the state folder, until the test ends."""
    placed: list[Path] = []

    def put(name: str, make: Callable[[Path], None]) -> Path:
        (home / "state").mkdir(mode=0o700, exist_ok=True)
        make(home / "state" / name)
        placed.append(home / "state" / name)
        return placed[-1]

    yield put
    for path in placed:
        if path.is_dir():
            path.rmdir()
        elif private_files.is_irregular(path):
            path.unlink()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, link])
@pytest.mark.parametrize("name", FILES)
def test_what_is_not_a_file_is_named_by_start_stop_and_doctor(
    place: Callable[[str, Callable[[Path], None]], Path], name: str, make: Callable[[Path], None]
) -> None:
    place(name, make)
    assert [f.text for f in doctor.state() if not f.ok and name in f"{f.what} {f.text}"]
    lines = [line_of(action) for action in (service.ensure, service.stop)]
    assert [line for line in lines if "\n" in line] == []


def line_of(action: Callable[[], object]) -> str:
    """What it raises for the reader; any other error fails the test."""
    try:
        action()
    except DialtoneError as problem:
        return str(problem)
    return ""


def test_a_pipe_as_pid_file_is_removed_and_the_service_starts(
    place: Callable[[str, Callable[[Path], None]], Path],
) -> None:
    path = place("mock.pid", os.mkfifo)
    service.ensure()
    assert path.is_file()
    path.unlink()
    os.mkfifo(path)  # while it runs
    assert process.running(path.parent) is None
    assert service.stop() is True


def test_a_service_reads_no_secret_from_a_pipe(
    place: Callable[[str, Callable[[Path], None]], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    path = place("service.json", lambda at: os.mkfifo(at, 0o600))
    assert mock.main(["--state-dir", str(path.parent), "--port", "1"]) == 1
    [line] = capfd.readouterr().err.splitlines()
    assert "service.json" in line


def test_a_lock_that_someone_holds_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOCK_SECONDS", 0.1)
    (home / "state").mkdir(mode=0o700)
    with FileLock(home / "state" / service.LOCK):
        for action in (service.ensure, service.stop):
            with pytest.raises(ServiceUnreachable, match="Another process has been starting"):
                action()
    assert service.stop() is False


def test_a_full_disk_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    service.ensure()
    service.stop()
    for name in ("open_private", "_create"):
        with monkeypatch.context() as full:
            full.setattr(process if name == "open_private" else private_files, name, no_room)
            (home / "state" / "service.json").unlink(missing_ok=name == "open_private")
            with pytest.raises(DialtoneError, match="No space left on device") as refused:
                service.ensure()
            assert "\n" not in str(refused.value)
    assert service.ensure().pid  # room again


def test_doctor_says_that_the_disk_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 4096, 4096))
    [finding] = [f for f in doctor.state() if f.what == "Disk"]
    assert not finding.ok
    assert "only 4 kB are free" in finding.text
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 10**9))
    assert all(f.ok for f in doctor.state())
