"""The lessons at the service of a class: two learners take them at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.books import FOLDER, LESSONS
from tests.support.class_of import make_class
from tests.support.class_serve import PATIENCE, Serving
from tests.support.extent import FULL
from tests.support.running_mock import free_port

TAKEN = LESSONS if FULL else ["02-register.ipynb"]
TAKE = """
import sys, papermill
for name in sys.argv[2:]:
    papermill.execute_notebook(f"{sys.argv[1]}/{name}", None, kernel_name="python3",
                               progress_bar=False, cwd=sys.argv[1], execution_timeout=300)
"""


@pytest.fixture(params=["tls", pytest.param("loopback", marks=pytest.mark.full)])
def serving(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serving]:
    tls = ("--host", "0.0.0.0", "--name", "127.0.0.1") if request.param == "tls" else ()
    running = Serving(make_class(tmp_path / "class", 2), "--port", str(free_port()), *tls)
    running.said("is served on")
    yield running
    running.end()


def learner(serving: Serving, seat: int, home: Path) -> subprocess.Popen[str]:
    """Someone who takes the lessons, with their solutions, in a process of their own."""
    environment = os.environ | {
        "DIALTONE_STATE_DIR": str(home / "state"),
        "DIALTONE_CONFIG_DIR": str(home / "config"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    join = [
        sys.executable,
        "-c",
        "from dialtone_kit.commands.cli import main; main()",
        "class",
        "join",
    ]
    subprocess.run([*join, str(serving.session_file(seat))], env=environment, check=True)
    command = [sys.executable, "-c", TAKE, str(FOLDER / "solutions"), *TAKEN]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.timeout(1800)
def test_two_learners_take_the_lessons_at_the_same_time(serving: Serving, tmp_path: Path) -> None:
    homes = [tmp_path / f"home-{seat}" for seat in (1, 2)]
    both = [learner(serving, seat, home) for seat, home in enumerate(homes, 1)]
    for one in both:
        _, told = one.communicate(timeout=PATIENCE * (20 if FULL else 4))
        assert one.returncode == 0, told[-2000:]
    for home in homes:
        lines = (home / "state" / "progress.jsonl").read_text().splitlines()
        tried = [event for event in map(json.loads, lines) if event["kind"] == "tried"]
        right = {event["id"] for event in tried if event["outcome"] == "right"}
        assert right == {event["id"] for event in tried}
        assert {one[:2] for one in right} >= {name[:2] for name in TAKEN} - {"00"}
        assert not (home / "state" / "service.json").exists()  # none of their own was started
