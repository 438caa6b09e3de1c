"""The wheel, installed with nothing else around it: the lessons run, and JupyterLab opens them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project.test_packaging import ROOT, build
from tests.support.running_mock import free_port

pytestmark = [pytest.mark.index, pytest.mark.full]

START = 120  # seconds for JupyterLab to start on a busy machine
INHERITED = ("PYTHONPATH", "VIRTUAL_ENV", "DIALTONE_STATE_DIR", "DIALTONE_CONFIG_DIR")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = build(ROOT, tmp_path_factory.mktemp("wheel")).filename
    assert made is not None
    return Path(made)


def by_pip(wheel: Path, folder: Path) -> list[str]:
    """`pip install dialtone-kit` in a fresh environment, and its command."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    return [str(folder / "venv" / "bin" / "dialtone")]


def by_uvx(wheel: Path, folder: Path) -> list[str]:
    """`uvx dialtone-kit`, which installs what it runs."""
    python = ["--python", sys.executable]
    return [str(Path(sys.executable).parent / "uvx"), *python, "--from", str(wheel), "dialtone-kit"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", [by_pip, by_uvx])
def test_the_lessons_of_a_wheel_run_from_an_empty_folder_and_open_there(
    how: Callable[[Path, Path], list[str]], wheel: Path, tmp_path: Path
) -> None:
    here = tmp_path / "empty"
    here.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    for name in ("STATE", "CONFIG"):
        environment[f"DIALTONE_{name}_DIR"] = str(tmp_path / name.lower())
    dialtone = how(wheel, tmp_path)

    lessons = ["--lesson", "00", "--lesson", "03"]
    done = subprocess.run(
        [*dialtone, "run", *lessons], cwd=here, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((here / "dialtone-run").glob("*.ipynb"))) == 2

    port = free_port()
    line = [*dialtone, "lab", "--no-browser", "--port", str(port)]
    with subprocess.Popen(line, cwd=here, env=environment, stdin=subprocess.DEVNULL) as lab:
        try:
            wait_for(f"http://127.0.0.1:{port}/api", lab)
        finally:
            lab.terminate()
    copied = {path.name: path.read_bytes() for path in (here / "dialtone-lessons").glob("*.ipynb")}
    assert copied == {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until something answers there; fails when the process ends before."""
    until = time.monotonic() + START
    while True:
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.2)
