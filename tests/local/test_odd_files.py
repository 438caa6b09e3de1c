"""A pipe, a folder or a link where a file should be, and a full disk: one line, and no wait."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from dialtone_kit.base import private_files
from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.commands import doctor, doctor_service
from dialtone_kit.local import process, service
from dialtone_kit.local.record import free_port
from dialtone_kit.mock import __main__ as mock
from dialtone_kit.mock.policy import files as policy_files
from dialtone_kit.mock.policy.files import _replace

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


@pytest.mark.sample(6)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, link])
@pytest.mark.parametrize("name", FILES)
def test_what_is_not_a_file_is_named_by_start_stop_and_doctor(
    place: Callable[[str, Callable[[Path], None]], Path], name: str, make: Callable[[Path], None]
) -> None:
    place(name, make)
    assert [f.text for f in doctor_service.state() if not f.ok and name in f"{f.what} {f.text}"]
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


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(path.parent):
        one.bind(path.name)  # a whole path may be too long for a socket


def file(path: Path) -> None:
    path.write_text("x")


ODD: list[tuple[str, Callable[[Path], None], str]] = [
    ("policies", os.mkfifo, "is a named pipe, not a folder"),
    ("policies", link, "is a symbolic link, not a folder"),
    ("policies", socket_at, "is a socket, not a folder"),
    ("policies", file, "is a file, not a folder"),
    ("policies/.in-force", file, "is a file, not a folder"),
    ("policies/acme.cedar", os.mkdir, "is a folder, not a regular file"),
    ("policies/.from-kit/acme.cedar", os.mkdir, "is a folder, not a regular file"),
    ("mock.sqlite3", os.mkfifo, "is a named pipe, not a regular file"),
    ("mock.sqlite3", os.mkdir, "is a folder, not a regular file"),
    ("mock.sqlite3", link, "is a symbolic link, not a regular file"),
    ("mock.sqlite3", socket_at, "is a socket, not a regular file"),
    ("mock.sqlite3-wal", os.mkdir, "is a folder, not a regular file"),
    ("mock.key", os.mkdir, "is a folder, not a regular file"),
    ("mock.key", socket_at, "is a socket, not a regular file"),
    ("setup.json", os.mkdir, "is a folder, not a regular file"),
    ("mock.pid", os.mkdir, "is a folder, not a regular file"),
]


@pytest.mark.sample(6)
@pytest.mark.parametrize(("name", "make", "says"), ODD, ids=[f"{r[0]}-{r[2]}" for r in ODD])
def test_a_service_names_what_stands_in_its_way_and_what_to_do(
    home: Path,
    name: str,
    make: Callable[[Path], None],
    says: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = home / "state" / name
    path.parent.mkdir(mode=0o700, parents=True)
    (home / "state").chmod(0o700)
    make(path)
    assert mock.main(["--state-dir", str(home / "state"), "--port", str(free_port(0))]) == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == f"dialtone: {path} {says}. Move it away and try again."
    assert [f.text for f in doctor.examine() if not f.ok and name in f"{f.what} {f.text}"]
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize("name", ["mock.pid", "setup.json", "acme.cedar"])
def test_a_disk_that_fills_up_before_a_later_start_is_named_with_its_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    def full(*parts: object, **_: object) -> int:
        if any(name in str(part) for part in parts):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # write() names no file
        return create(*parts)  # type: ignore[arg-type]

    create = private_files._create
    monkeypatch.setattr(private_files, "_create", full)
    monkeypatch.setattr(policy_files, "_replace", full if name == "acme.cedar" else _replace)
    state = home / "state"
    assert mock.main(["--state-dir", str(state), "--port", str(free_port(0))]) == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert str(state) in last
    assert f"{name}: No space left on device. Free some space and try again." in last


def test_a_lock_that_somebody_holds_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    [finding] = [f for f in doctor_service.state() if f.what == "Disk"]
    assert not finding.ok
    assert "only 4 kB are free" in finding.text
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, 10**9))
    assert all(f.ok for f in doctor_service.state())
