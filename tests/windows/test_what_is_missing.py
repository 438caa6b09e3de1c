"""The kit without what Windows lacks, which the libraries below it keep."""

from __future__ import annotations

from tests.support.platforms import needs_another_system
from tests.support.windows_home import WindowsHome

LOOK = """
import os, signal, socket, subprocess, sys
def has(name):
    try:
        exec(f"import {name}")
    except ModuleNotFoundError:
        return False
    return True
print(sys.platform, hasattr(os, "geteuid"), hasattr(os, "O_NOFOLLOW"), hasattr(signal, "SIGHUP"),
      hasattr(signal, "setitimer"), has("fcntl"), has("pwd"),
      hasattr(subprocess, "CREATE_NO_WINDOW"))
"""
EVERY_MODULE = """
import importlib, pkgutil, dialtone_kit
names = [one.name for one in pkgutil.walk_packages(dialtone_kit.__path__, "dialtone_kit.")]
wanted = [name for name in names if not name.endswith((".posix", "migrations.env"))]
for name in wanted:
    importlib.import_module(name)
print(len(wanted))
"""
FOLDER = """
import os
from pathlib import Path
Path("there").mkdir()
for call in (lambda: os.open("there", os.O_RDONLY | os.O_BINARY),
             lambda: os.open("file", os.O_RDWR | os.O_CREAT),
             lambda: os.stat("there", dir_fd=3),
             lambda: Path("there").rename(Path(".") / "tmp")):
    try:
        print("done", call())
    except (OSError, RuntimeError, NotImplementedError) as failed:
        print(type(failed).__name__)
with Path("there/file").open("w"):
    try:
        Path("there").rename("elsewhere")
    except OSError as failed:
        print(type(failed).__name__)
"""


@needs_another_system
def test_the_kit_sees_windows_and_its_libraries_do_not(windows: WindowsHome) -> None:
    assert windows.python(LOOK).split() == ["win32", *["False"] * 6, "True"]
    other = windows.run("-c", LOOK).split()
    assert other == ["linux", *["True"] * 6, "False"]


@needs_another_system
def test_calls_fail_as_they_would_on_windows(windows: WindowsHome) -> None:
    assert windows.python(FOLDER).split() == [
        "PermissionError",  # a folder can't be opened
        "RuntimeError",  # text mode
        "NotImplementedError",
        "FileExistsError",  # a rename never replaces
        "PermissionError",  # a file in it is open
    ]


def test_every_module_of_the_kit_can_be_imported(windows: WindowsHome) -> None:
    assert int(windows.python(EVERY_MODULE)) > 400
