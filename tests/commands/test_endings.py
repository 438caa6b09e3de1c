"""Whatever ends `dialtone run` or `dialtone lab`, its service and its folder go with it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from dialtone_kit.classroom.running.place import Place
from dialtone_kit.commands import doctor
from dialtone_kit.commands.cli import main
from dialtone_kit.commands.signals import undisturbed
from dialtone_kit.local import leftovers
from tests.support.command_line import Command, is_gone
from tests.support.platforms import needs_proc
from tests.support.running_mock import free_port
from tests.support.small_notebook import notebook
from tests.support.waiting import wait_for

pytestmark = needs_proc

WITH_LESSONS_OF = """
from pathlib import Path
from dialtone_kit.commands import run
run.notebooks_dir = lambda: Path({folder!r})
"""
ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL)
SLEEPS = """
import os, pathlib, time
pathlib.Path(os.environ["DIALTONE_STATE_DIR"], "asleep").touch()
time.sleep(100)  # a lesson in the middle of a cell
"""
STARTS_A_SERVICE = "from dialtone_kit.local import service; service.ensure()"
KEEPS_A_FOLDER = """
import os, sys
from dialtone_kit.local import leftovers, service
with leftovers.run_folder() as folder:
    os.environ["DIALTONE_STATE_DIR"] = str(folder / "state")
    pid = service.ensure().pid if len(sys.argv) > 1 else 0
    print(folder, pid, flush=True)
    sys.stdin.read()
"""


def end_all(commands: dict[signal.Signals, Command], *, interrupts: int = 1) -> None:
    """Send each its signal. None leaves a process or a folder."""
    for how, command in commands.items():
        family, service = command.family(), command.service()
        assert service is not None
        for _ in range(interrupts if how == signal.SIGINT else 1):
            command.process.send_signal(how)
        command.process.wait(30)
        for one in (*family, service):
            wait_for(partial(is_gone, one), f"{one} outlives {how.name}")
        wait_for(command.is_tidy, f"{how.name} leaves {command.folders()}")


@pytest.fixture
def ended(home: Path) -> Iterator[dict[signal.Signals, Command]]:
    """Commands by their signals. A failed test leaves none of them behind either."""
    commands: dict[signal.Signals, Command] = {}
    yield commands
    for command in commands.values():
        family = command.family() if command.process.poll() is None else []
        for one in family:
            one.kill()
        command.process.kill()
        command.process.wait()


def test_a_run_takes_its_service_and_its_folder_along(
    home: Path, ended: dict[signal.Signals, Command]
) -> None:
    lessons = home / "notebooks"
    lessons.mkdir()
    notebook(lessons, "01-x.ipynb", SLEEPS)
    setup = WITH_LESSONS_OF.format(folder=str(lessons))
    for how in ENDINGS:
        options = ["run", "--output", str(home / how.name / "out")]
        ended[how] = Command(home / how.name, options, setup)
    for command in ended.values():
        wait_for(command.service, "no service")
        wait_for(command.is_in_a_lesson, "no lesson")
    end_all(ended)


def test_a_lab_takes_its_service_along(home: Path, ended: dict[signal.Signals, Command]) -> None:
    startup = home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-lesson.py").write_text(STARTS_A_SERVICE)
    ports = {how: free_port() for how in ENDINGS}
    for how, port in ports.items():
        options = ["lab", "--no-browser", "--port", str(port), "--IdentityProvider.token=known"]
        ended[how] = Command(home / how.name, options, IPYTHONDIR=str(home / "ipython"))
    for how, command in ended.items():
        wait_for(partial(open_kernel, ports[how]), "no JupyterLab")
        wait_for(command.service, "no service")
    end_all(ended, interrupts=2)  # JupyterLab asks after the first Ctrl-C


def open_kernel(port: int) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/kernels",
        data=json.dumps({"name": "python3"}).encode(),
        headers={"Authorization": "token known"},
    )
    try:
        return urllib.request.urlopen(request, timeout=10).status == 201
    except (urllib.error.URLError, OSError):
        return False


# -- what a kill could not remove ----------------------------------------------------------------


@pytest.fixture
def temporary(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = home / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def killed_run(*, with_service: bool = False) -> tuple[Path, int]:
    """The folder of a killed run, and its service, which hangs."""
    run, folder, pid = living_run(with_service=with_service)
    if pid:
        psutil.Process(pid).suspend()
    run.kill()
    run.wait()
    return folder, pid


def living_run(*, with_service: bool = False) -> tuple[subprocess.Popen[str], Path, int]:
    more = ["service"] if with_service else []
    run = subprocess.Popen(
        [sys.executable, "-c", KEEPS_A_FOLDER, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    folder, _, pid = run.stdout.readline().strip().rpartition(" ")
    return run, Path(folder), int(pid)


def test_what_a_killed_run_left_is_named_by_doctor_and_removed_by_stop(
    temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, pid = killed_run(with_service=True)
    [finding] = doctor.runs()
    assert not finding.ok
    assert folder.name in finding.text
    assert finding.text.endswith("Run: dialtone stop")
    assert folder.exists()  # looking changes nothing
    with pytest.raises(SystemExit):
        main(["stop"])
    assert folder.name in capsys.readouterr().out
    assert not psutil.pid_exists(pid) or is_gone(psutil.Process(pid))
    assert list(temporary.iterdir()) == []
    assert list(doctor.runs()) == []


def test_the_next_run_removes_what_a_killed_one_left(home: Path, temporary: Path) -> None:
    folder, _ = killed_run()
    place = Place(own_service=False)
    assert not folder.exists()
    place.close()
    assert list(temporary.iterdir()) == []


def test_a_run_that_continues_and_a_folder_of_someones_own_are_left_alone(temporary: Path) -> None:
    run, folder, _ = living_run()
    chosen = temporary / "dialtone-run-results"  # by --output
    chosen.mkdir()
    (temporary / "dialtone-run-link").symlink_to(folder)
    assert list(doctor.runs()) == []
    assert leftovers.remove_all() == []
    assert folder.exists()
    assert chosen.exists()
    run.communicate(timeout=10)
    assert not folder.exists()


# -- signals ------------------------------------------------------------------------------------


def test_no_second_signal_disturbs_the_cleaning_up() -> None:
    before = [signal.getsignal(one) for one in ENDINGS[:3]]
    with undisturbed():
        for one in ENDINGS[:3]:
            signal.raise_signal(one)
    assert [signal.getsignal(one) for one in ENDINGS[:3]] == before


@pytest.mark.parametrize(("trap", "expected"), [("trap '' HUP;", "ignored"), ("", "ended")])
def test_nohup_is_heeded(trap: str, expected: str) -> None:
    program = (
        "import signal; from dialtone_kit.commands.signals import end_in_order; end_in_order()\n"
        "try: signal.raise_signal(signal.SIGHUP); print('ignored')\n"
        "except KeyboardInterrupt: print('ended')"
    )
    line = f'{trap} exec "$0" -c "$1"'
    done = subprocess.run(["sh", "-c", line, sys.executable, program], capture_output=True)
    assert done.stdout.decode().strip() == expected
