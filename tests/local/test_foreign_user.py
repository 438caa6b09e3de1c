"""A real user of another number, without an entry in the system's list, as many containers have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UID = 54321
START = """
from dialtone_kit.local import record, service
record.DEFAULT_PORT = 0
print(service.ensure().base_url)
"""
# setpriv itself may start what its user may not: the service is started once more from within.
CAN_RUN = "import httpx, os, sys; sys.exit(not os.access(sys.executable, os.X_OK))"
DIALTONE = "from dialtone_kit.commands.cli import main; main()"


def as_user(*command: str, cwd: str = "/", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as that user with nothing of ours in the environment but where the packages are."""
    packages = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))
    return subprocess.run(
        ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *command],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        check=False,
    )


@cache
def python() -> str | None:
    """A Python that this user may run, with our packages."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if Path(candidate).exists() and not as_user(candidate, "-c", CAN_RUN).returncode:
            return candidate
    return None


@pytest.fixture
def work() -> Iterator[Path]:
    """A folder that belongs to that user, and below it a home."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("NOT RUN: only root, and setpriv of util-linux, can become another user")
    if python() is None:
        pytest.skip("NOT RUN: another user may not read this Python or these packages")
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        folder = Path(made)
        (folder / "home").mkdir()
        for one in (folder, folder / "home"):
            os.chown(one, UID, UID)
        yield folder


def dialtone(work: Path, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code and all lines of a command."""
    done = as_user(str(python()), "-c", DIALTONE, *arguments, cwd=str(work), **environment)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_the_service_starts_is_examined_and_ends(work: Path) -> None:
    home = {"HOME": str(work / "home")}
    started = as_user(str(python()), "-c", START, cwd=str(work), **home)
    assert started.stdout.startswith("http://127.0.0.1:"), started.stderr
    _, lines = dialtone(work, "doctor", **home)
    assert [line for line in lines if line.startswith("look") and "Packages" not in line] == []
    assert any("Local service: runs on" in line for line in lines)
    assert dialtone(work, "purge", "--yes", **home)[0] == 0
    assert not (work / "home/.local/share/dialtone-kit").exists()
    owners = {path.lstat().st_uid for path in work.rglob("*")}
    assert owners == {UID}


@pytest.mark.parametrize("command", ["run", "lab"])
def test_jupyter_without_a_home_is_one_line(work: Path, command: str) -> None:
    code, lines = dialtone(work, command)
    assert (code, len(lines)) == (1, 1)
    assert "Set HOME to a folder of your own." in lines[0]


def test_doctor_and_inbox_say_what_a_user_without_a_home_can_do(work: Path) -> None:
    code, [line] = dialtone(work, "inbox")
    assert code == 1
    assert "DIALTONE_CONFIG_DIR and DIALTONE_STATE_DIR" in line
    code, lines = dialtone(work, "doctor")
    assert code == 1
    assert all(line.startswith(("ok ", "look ")) for line in lines)
    assert any("Kernel: Jupyter needs a home folder" in line for line in lines)


def test_a_home_that_can_not_be_written_to_is_one_line_each(work: Path) -> None:
    home = {"HOME": str(work / "home")}
    os.chown(work / "home", 0, 0)
    (work / "home").chmod(0o755)
    for command in ("serve", "inbox"):
        code, [line] = dialtone(work, command, **home)
        assert code == 1
        assert "can't be used as a folder" in line
        assert "DIALTONE_STATE_DIR" in line
    _, lines = dialtone(work, "doctor", **home)
    assert all(line.startswith(("ok ", "look ")) for line in lines)
    assert any("DIALTONE_CONFIG_DIR" in line for line in lines)
