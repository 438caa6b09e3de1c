"""Files of shell variables: private, and gone with their time, their lesson or their process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.wire.shell_files import LIFETIME, ShellFiles

HOSTILE = 'it\'s $(id) `id` "x" \\ \n Zoë \x1b'


@pytest.fixture
def folder(tmp_path: Path) -> PrivateFolder:
    return PrivateFolder(tmp_path / "curl")


def test_a_shell_reads_the_values_as_they_were(folder: PrivateFolder) -> None:
    files = ShellFiles(folder)
    path = files.write("x", {"CODE": HOSTILE, "OTHER": ""})
    assert path.stat().st_mode & 0o777 == 0o600
    script = f'. {path} && printf \'%s|%s\' "$CODE" "$OTHER"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == f"{HOSTILE}|"
    files.remove()
    assert not path.exists()


def test_files_end_after_their_lifetime(folder: PrivateFolder) -> None:
    files = ShellFiles(folder, lifetime=0.01)
    path = files.write("x", {"A": "b"})
    assert files._timer is not None
    files._timer.join(10)
    assert not path.exists()


def test_a_new_file_gives_all_a_new_lifetime(folder: PrivateFolder) -> None:
    files = ShellFiles(folder)
    one = files.write("one", {})
    first = files._timer
    two = files.write("two", {})
    assert first is not None
    assert first.finished.is_set()  # cancelled
    assert one.exists()
    assert two.exists()
    files.remove()
    assert folder.names() == []


def test_files_end_with_their_process(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from dialtone_kit.base.private_files import PrivateFolder\n"
        "from dialtone_kit.wire.shell_files import ShellFiles\n"
        f"path = ShellFiles(PrivateFolder(Path({str(tmp_path / 'curl')!r}))).write('x', {{}})\n"
        "print(path.exists())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"True\n"
    assert list((tmp_path / "curl").iterdir()) == []


def test_what_a_killed_kernel_left_goes_and_what_is_fresh_stays(folder: PrivateFolder) -> None:
    left, fresh = folder.write("left-1", "A=b\n"), folder.write("fresh-1", "A=b\n")
    written = fresh.stat().st_mtime
    os.utime(left, (written - LIFETIME - 1, written - LIFETIME - 1))
    ShellFiles(folder, now=lambda: written).remove_old()
    assert folder.names() == ["fresh-1"]


def test_without_a_folder_there_is_nothing_to_remove(folder: PrivateFolder) -> None:
    ShellFiles(folder).remove_old()
    ShellFiles(folder).remove()
    assert not folder.path.exists()
