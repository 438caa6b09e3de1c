"""Private files by Windows' rules: inside the profile, atomic, byte by byte. Run on any system."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from dialtone_kit.base import platform
from dialtone_kit.base.errors import CredentialProblem, DialtoneError
from dialtone_kit.base.platform import windows
from dialtone_kit.base.private_files import PrivateFolder, private_dir

BYTES = b"one\ntwo\r\n\x1athree\n"  # what text mode would change, and where it would stop


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's profile. The kit's private files follow Windows' rules in it."""
    files = ("Folder", "READ", "CREATE", "OPEN_OR_CREATE")
    for name in (*files, "set_mode", "open_to_others", "unprotected"):
        monkeypatch.setattr(platform, name, getattr(windows, name))
    # Every status of Windows names this owner; ours here is the one that runs the tests.
    monkeypatch.setattr(platform, "user_id", lambda: os.stat(tmp_path).st_uid)  # noqa: PTH116
    home = tmp_path / "profile"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    return home


def test_what_is_written_is_read_back_byte_by_byte(profile: Path) -> None:
    folder = PrivateFolder(profile / "config" / "client", PrivateFolder(profile / "config"))
    assert folder.write("file", BYTES).read_bytes() == BYTES
    assert folder.read("file") == BYTES
    folder.write("file", "other")
    assert folder.read("file") == b"other"
    assert folder.names() == ["file"], "no temporary file is left"
    assert folder.remove("file")
    assert not folder.remove("file")


def test_a_file_that_is_there_is_not_replaced_unless_asked(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(self: Path, target: Path) -> Path:
        if target.exists():  # as Windows does; a POSIX rename replaces
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        return self.replace(target)

    monkeypatch.setattr(Path, "rename", rename)
    folder = PrivateFolder(profile / "state")
    folder.write("file", "first", overwrite=False)
    with pytest.raises(FileExistsError):
        folder.write("file", "second", overwrite=False)
    assert folder.read("file") == b"first"
    assert folder.names() == ["file"]


@pytest.mark.parametrize("kind", ["outside", "through a link"])
def test_outside_the_profile_nothing_is_written_in_one_line(profile: Path, kind: str) -> None:
    elsewhere = profile.parent / "elsewhere"
    folder = elsewhere
    if kind == "through a link":
        elsewhere.mkdir()
        (profile / "link").symlink_to(elsewhere)
        folder = profile / "link" / "state"
    with pytest.raises(CredentialProblem, match="outside your user profile") as refused:
        PrivateFolder(folder, error=CredentialProblem).write("file", "secret")
    assert "\n" not in str(refused.value)
    with pytest.raises(DialtoneError, match="outside your user profile"):
        private_dir(folder)
    assert not elsewhere.exists() or not list(elsewhere.iterdir())
    assert private_dir(profile / "state").is_dir()


def test_a_folder_or_a_link_in_the_place_of_a_file_is_reported(profile: Path) -> None:
    folder = PrivateFolder(private_dir(profile / "state"))
    (folder.path / "folder").mkdir()
    (folder.path / "link").symlink_to(profile / "nowhere")
    with pytest.raises(DialtoneError, match="is a folder, not a regular file"):
        folder.read("folder")
    with pytest.raises(DialtoneError, match="is a folder, not a regular file"):
        folder.write("folder", "data")
    with pytest.raises(DialtoneError, match="symbolic link"):
        folder.write("link", "data")
    assert not (profile / "nowhere").exists()


@pytest.mark.parametrize(("busy", "gets_through"), [(3, True), (10_000, False)])
def test_a_file_that_a_scanner_has_open_is_waited_for(
    profile: Path, monkeypatch: pytest.MonkeyPatch, busy: int, gets_through: bool
) -> None:
    tries, now, replace = [0], [0.0], Path.replace

    def in_use(self: Path, target: Path) -> Path:
        tries[0] += 1
        if tries[0] <= busy:
            raise PermissionError(errno.EACCES, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", in_use)
    monkeypatch.setattr(windows.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(windows.time, "sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    folder = PrivateFolder(profile / "state")
    if gets_through:
        folder.write("file", "data")
        assert folder.read("file") == b"data"
    else:
        with pytest.raises(DialtoneError, match="in use"):
            folder.write("file", "data")
        assert now[0] == pytest.approx(windows.PATIENCE, abs=0.1)


def test_everything_below_a_folder_goes_with_it(profile: Path) -> None:
    (profile / "state" / "curl" / "deep").mkdir(parents=True)
    folder = windows.Folder.open(profile / "state")
    folder.remove_all("curl")
    assert folder.names() == []


@pytest.mark.skipif(sys.platform == "win32", reason="the other half can't be imported there")
def test_both_systems_have_the_same_names() -> None:
    from dialtone_kit.base.platform import posix

    names = {name for name in vars(platform) if not name.startswith("_")}
    ours = names - {"annotations", "sys", "posix", "windows"}
    for system in (posix, windows):
        assert ours <= set(vars(system)), ours - set(vars(system))
    members = {name for name in vars(posix.Folder) if not name.startswith("_")} - {"descriptor"}
    assert members <= set(vars(windows.Folder))


def test_a_program_takes_our_place_with_its_exit_code() -> None:
    line = [sys.executable, "-c", "import os, sys; sys.exit(int(os.environ['CODE']))"]
    with pytest.raises(SystemExit) as ended:
        windows.become(line, {**os.environ, "CODE": "7"})
    assert ended.value.code == 7


def sleep_in_steps() -> None:
    """Only on Windows does the signal end a sleep that has begun."""
    for _ in range(3000):
        time.sleep(0.01)


def test_another_thread_can_interrupt_the_main_thread() -> None:
    timer = threading.Timer(0.05, windows.interrupt_main_thread)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sleep_in_steps()
    timer.join()


def test_the_start_of_a_process_tells_it_from_others() -> None:
    assert windows.process_start(os.getpid()) == windows.process_start(os.getpid()) != ""
    assert windows.process_start(2**30) == ""
