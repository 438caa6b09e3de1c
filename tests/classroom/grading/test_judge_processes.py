"""A judge that ends early, or doesn't end, costs no other learner's grade."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.classroom.grading import judge_processes
from dialtone_kit.classroom.grading.judge_processes import Judges
from tests.support.waiting import wait_for

JOB: dict[str, Any] = {"exercises": ["01.facts", "01.origin"]}
ROW = json.dumps({"exercise": "01.facts", "outcome": "right"})
ENDS_EARLY = f"print({ROW!r}); print('{{\"exercise\": '); import os; os.abort()"
HANGS = f"print({ROW!r}, flush=True); import time; time.sleep(600)"


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Judges that run a script in place of judge.py."""

    def make(script: str) -> Judges:
        def started(self: Judges, folder: str) -> subprocess.Popen[str]:
            arguments = [sys.executable, "-c", script]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            judge = subprocess.Popen(arguments, text=True, start_new_session=True, **pipes)
            self._running.add(judge)
            return judge

        monkeypatch.setattr(Judges, "_started", started)
        return Judges(tmp_path)

    return make


def test_what_a_judge_said_before_it_died_counts(scripted: Any) -> None:
    assert list(scripted(ENDS_EARLY).judged(JOB)) == ["01.facts"]


def test_a_judge_that_does_not_end_is_ended(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_processes, "START", 1.0)
    monkeypatch.setattr(judge_processes, "EACH", 0.1)
    assert list(scripted(HANGS).judged(JOB)) == ["01.facts"]


def test_no_judge_outlives_the_grading(scripted: Any) -> None:
    running = scripted(HANGS)
    thread = threading.Thread(target=running.judged, args=(JOB,))
    thread.start()
    wait_for(lambda: running._running, "no judge")
    running.end()
    thread.join(10)
    assert not thread.is_alive()
    assert running.judged(JOB) == {}


def test_a_notebook_without_answers_needs_no_judge(scripted: Any) -> None:
    assert scripted("import os; os.abort()").judged({"exercises": []}) == {}
