"""Private files and folders: ours alone under any umask, whole or not at all.

The strictest use, with hostile links, owners and kills, is tests/client/test_credentials.py.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import (
    PrivateFolder,
    is_irregular,
    open_private,
    private_dir,
    read_regular,
    shown,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="owners and modes; platform/test_windows.py has Windows' rules"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_folder_and_file_are_ours_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = private_dir(tmp_path / "a" / "state")
        PrivateFolder(folder).write("x.json", "{}")
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert mode(folder / "x.json") == 0o600


def test_a_loose_folder_is_tightened(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert mode(private_dir(tmp_path)) == 0o700


def test_a_folder_that_many_share_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(DialtoneError, match="DIALTONE_STATE_DIR"):
        private_dir(shared)
    assert mode(shared) == 0o1777


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(DialtoneError, match="not a folder of your own"):
        private_dir(tmp_path / "link")


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DialtoneError, match="can't be used as a folder"):
            private_dir(path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = PrivateFolder(tmp_path)
    folder.write("x", "old")

    def full(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DialtoneError, match="disk full"):
        folder.write("x", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "old"


def test_a_link_in_a_files_place_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path)
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    for use in (lambda: folder.read("x"), lambda: folder.write("x", "ours")):
        with pytest.raises(DialtoneError, match="symbolic link"):
            use()
    with pytest.raises(OSError, match="symbolic"):
        open_private(tmp_path / "x")
    assert (tmp_path / "elsewhere").read_text() == "theirs"


def test_a_log_or_database_is_made_private_and_kept(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before")
    (tmp_path / "log").chmod(0o644)
    handle = open_private(tmp_path / "log", os.O_APPEND)
    os.write(handle, b" after")
    os.close(handle)
    assert (mode(tmp_path / "log"), (tmp_path / "log").read_text()) == (0o600, "before after")


def test_more_than_the_limit_is_not_read(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path, max_bytes=3)
    folder.write("x", "four")
    with pytest.raises(DialtoneError, match="larger than 3 bytes"):
        folder.read("x")


def test_a_message_names_no_ones_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    monkeypatch.delenv("DIALTONE_CONFIG_DIR", raising=False)
    assert shown(tmp_path / "ada" / "x") == "~/x"
    assert shown(Path("/var/x")) == "/var/x"
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    assert shown(tmp_path / "config" / "x") == "$DIALTONE_CONFIG_DIR/x"


def test_a_pipe_is_neither_read_nor_written_and_no_one_waits_for_it(tmp_path: Path) -> None:
    file, pipe = tmp_path / "file", tmp_path / "pipe"
    file.write_text("x")
    os.mkfifo(pipe)
    for opens in (read_regular, open_private):
        with pytest.raises(OSError, match="not a regular file"):
            opens(pipe)
    assert read_regular(file) == b"x"
    os.close(open_private(file))
    assert is_irregular(pipe)
    assert not is_irregular(file)
    assert not is_irregular(tmp_path / "nothing")


def test_a_place_that_is_read_only_names_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(DialtoneError, match="DIALTONE_CONFIG_DIR and DIALTONE_STATE_DIR"):
        PrivateFolder(tmp_path / "config").write("x.json", "{}")
    with pytest.raises(DialtoneError, match="DIALTONE_STATE_DIR"):
        private_dir(tmp_path / "state")


@pytest.mark.parametrize("closed", [True, False])
def test_a_place_that_is_not_closed_to_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    monkeypatch.setattr(platform, "unprotected", lambda _: "" if closed else "on a shared disk")
    if closed:
        PrivateFolder(private_dir(tmp_path / "a")).write("x", "data")
        return
    with pytest.raises(DialtoneError, match="on a shared disk"):
        private_dir(tmp_path / "a")
    with pytest.raises(DialtoneError, match="on a shared disk"):
        PrivateFolder(tmp_path / "a").write("x", "data")
    assert not (tmp_path / "a").exists()
    (tmp_path / "a").mkdir(mode=0o700)
    with pytest.raises(DialtoneError, match="on a shared disk"):
        PrivateFolder(tmp_path / "a").read("x")
