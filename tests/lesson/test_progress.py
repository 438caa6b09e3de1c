"""The learner's progress file: what is kept, who can read it, what a damaged one does."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dialtone_kit.classroom.happened import happened
from dialtone_kit.classroom.standing import record_of
from dialtone_kit.lesson.events import parsed
from dialtone_kit.lesson.progress import Drawn, Progress, Standing
from dialtone_kit.lesson.report import report_of
from dialtone_kit.widgets.choices import Choice, Pick, Question
from tests.support.extent import few_or_all

ITEM = Question("02.a-b", "?", (Choice("x", "no", code="M25"), Choice("y", "yes", right=True)))


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "state" / "progress.jsonl", now=lambda: 1_700_000_000)


def test_an_answer_is_judged_with_its_misconception():
    assert Pick.of(ITEM, 0, "sure") == Pick("02.a-b", 0, False, "sure", "M25")
    assert Pick.of(ITEM, 1) == Pick("02.a-b", 1, True)


def test_the_first_prediction_counts_and_all_are_kept(progress):
    assert progress.prediction("02.a-b") is None
    progress.predicted(Pick.of(ITEM, 0, "sure"))
    progress.predicted(Pick.of(ITEM, 1, "unsure"))
    assert progress.prediction("02.a-b") == Pick("02.a-b", 0, False, "sure", "M25")
    assert len(progress.export()["predictions"]["02.a-b"]) == 2


def test_the_latest_quiz_answer_counts(progress):
    progress.answered(Pick.of(ITEM, 0))
    progress.answered(Pick.of(ITEM, 1))
    assert progress.quiz_answer("02.a-b") == Pick("02.a-b", 1, True)


def test_an_exercise_once_right_stays_right(progress):
    progress.checked("02.tries", "not tried")
    progress.checked("02.tries", "wrong", "M25")
    assert progress.exercise("02.tries") == Standing("02.tries", "wrong", 1, 0, "M25")
    progress.checked("02.tries", "right")
    progress.checked("02.tries", "wrong", "M25")
    progress.checked("02.tries", "can't tell")
    assert progress.exercise("02.tries") == Standing("02.tries", "right", 3, 0, None)


def test_hints_are_counted_and_a_reset_forgets_one_exercise_only(progress):
    assert [progress.hinted("02.tries", 3), progress.hinted("02.tries", 3)] == [1, 2]
    progress.checked("02.path", "right")
    progress.reset_exercise("02.tries")
    assert progress.exercises("02") == [Standing("02.path", "right", 1)]


def test_a_lesson_is_forgotten_without_the_others(progress):
    for lesson in ("02", "03"):
        progress.opened(lesson)
        progress.checked(f"{lesson}.x", "right")
        progress.done(lesson)
    progress.predicted(Pick.of(ITEM, 1, "sure"))
    progress.reset_lesson("02")
    kept = progress.export()
    assert list(kept["lessons"]) == ["03"]
    assert list(kept["exercises"]) == ["03.x"]
    assert kept["predictions"] == {}


def test_times_are_in_utc(progress):
    progress.opened("02")
    assert progress.export()["lessons"]["02"]["opened_at"] == "2023-11-14T22:13:20+00:00"


def test_the_file_is_for_its_owner_alone(progress):
    progress.opened("02")
    assert progress.path.stat().st_mode & 0o777 == 0o600
    assert progress.path.parent.stat().st_mode & 0o777 == 0o700


OLD = {
    "version": 1,
    "exercises": {"02.tries": {"outcome": "right", "attempts": 3, "code": None, "hints": 1}},
    "predictions": {},
}
DAMAGED = ["{", "[]", '{"version": 99}', '{"quiz": 3}', "\x00", '{"a":' * 100_000]


@pytest.fixture
def said():
    return []


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def kept(folder, said):
    return Progress(folder / "progress.jsonl", now=lambda: 1_700_000_000, say=said.append)


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_of_before_is_left_alone_with_one_line(kept, folder, said, content):
    (folder / "progress.json").write_text(content)
    kept.opened("02")
    kept.opened("03")
    assert list(kept.export()["lessons"]) == ["02", "03"]
    assert (folder / "progress.json").read_text() == content
    assert len(said) == 1
    assert "is left alone" in said[0]


def test_a_right_answer_erases_nothing(kept):
    kept.checked("02.tries", "wrong", "M25")
    kept.checked("02.tries", "right")
    kept.reset_exercise("02.tries")
    assert [(e["kind"], e.get("outcome"), e.get("code")) for e in kept.events()] == [
        ("tried", "wrong", "M25"),
        ("tried", "right", None),
        ("reset", None, None),
    ]
    assert kept.exercise("02.tries") == Standing("02.tries")


def test_a_file_of_before_is_taken_over_once_and_kept(kept, folder, said):
    (folder / "progress.json").write_text(json.dumps(OLD))
    assert kept.exercise("02.tries") == Standing("02.tries", "right", 3, 1)
    assert not kept.path.exists()
    kept.checked("02.tries", "wrong", "M25")
    kept.checked("02.tries", "wrong", "M25")
    assert kept.exercise("02.tries") == Standing("02.tries", "right", 5, 1)
    assert [e["outcome"] for e in kept.events() if e["kind"] == "tried"][:3] == [
        None,
        None,
        "right",
    ]
    assert json.loads((folder / "progress.json").read_text()) == OLD
    assert said == []


def test_a_newer_file_is_never_changed(kept, said):
    kept.opened("02")
    line = '{"v": 2, "what": "ever"}\n'
    with kept.path.open("a") as file:
        file.write(line)
    before = kept.path.read_bytes()
    kept.opened("03")
    kept.checked("03.x", "right")
    assert kept.path.read_bytes() == before
    assert list(kept.export()["lessons"]) == ["02"]
    assert len(said) == 1
    assert "newer Dialtone Kit" in said[0]


def test_a_half_written_last_line_is_tolerated(kept, said):
    kept.opened("02")
    with kept.path.open("a") as file:
        file.write('{"v": 1, "at": "20')
    kept.opened("03")
    assert list(kept.export()["lessons"]) == ["02", "03"]
    assert said == []


def test_a_line_nested_without_end_is_skipped_like_half_a_line(kept, said):
    kept.opened("02")
    with kept.path.open("a") as file:
        file.write('{"a":' * 100_000 + "\n")
    kept.opened("03")
    assert list(kept.export()["lessons"]) == ["02", "03"]
    assert said == []


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
ANY = ANY | st.lists(ANY, max_size=2) | st.dictionaries(st.text(max_size=3), ANY, max_size=2)
KINDS = "opened done tried predicted quizzed formed estimated wrote hinted reset danced"
KNOWN = {
    "v": st.sampled_from([0, 1, 2]),
    "at": st.sampled_from(["2026-11-27T22:00:00+00:00", "2026-11-27", "soon"]),
    "lesson": st.sampled_from(["00", "09", "13", "99", ""]),
    "kind": st.sampled_from(KINDS.split()),
    "id": st.sampled_from(["09.policy", "02.a-b", "A.nonce", "13.teach", "13.exchange", "x"]),
    "choice": st.integers(-2, 9),
    "right": st.booleans(),
    "confidence": st.sampled_from(["sure", "unsure", "very"]),
    "code": st.sampled_from(["M01", "M99", "no"]),
    "outcome": st.sampled_from(["right", "wrong", "can't tell", "fine", None]),
    "form": st.sampled_from(["A", "B", "C"]),
    "pair": st.sampled_from(["nonce", "x"]),
    "asked": st.sampled_from(["pre", "post", "now"]),
    "seed": st.text(max_size=5),
    "text": st.text(max_size=5),
    "requests": st.integers(),
}

TRIED = {"v": 1, "at": "2026-11-27T22:00:00+00:00", "lesson": "09", "kind": "tried"}
TRIED |= {"id": "09.policy", "code": None}


@st.composite
def odd_events(draw):
    """An event in which one member, at most, is of any type or missing."""
    event = {name: draw(values) for name, values in KNOWN.items()}
    name = draw(st.sampled_from(["", *KNOWN]))
    if name and draw(st.booleans()):
        del event[name]
    elif name:
        event[name] = draw(ANY)
    return event


@settings(max_examples=few_or_all(200, 3000), suppress_health_check=list(HealthCheck))
@given(st.lists(odd_events(), max_size=5))
@example([{"v": 1, "at": "2026-11-27T22:00:00+00:00", "lesson": "09", "kind": []}])
@example([TRIED | {"outcome": "fine"}])
@example([TRIED | {"outcome": "fine"}, TRIED | {"outcome": "right"}])
def test_whatever_is_in_the_file_nothing_stops(events):
    with TemporaryDirectory() as folder:
        said = []
        kept = Progress(Path(folder) / "progress.jsonl", now=lambda: 1_700_000_000, say=said.append)
        kept.path.write_text("".join(json.dumps(event) + "\n" for event in events))
        kept.opened("03")
        report_of(kept, 1_700_000_000)
        for name in ("02.a-b", "A.nonce"):
            kept.prediction(name)
            kept.quiz_answer(name)
        kept.exercises("09")
        drawn = kept.form(lambda before, answered: before or Drawn(answered or "A", "seed"))
        assert drawn.form in ("A", "B")
        lines = parsed(kept.path.read_text())[0]
        record_of([one for line in lines if (one := happened(line)) is not None])


def test_a_full_disk_costs_one_line_and_no_half_event(kept, said, monkeypatch):
    kept.opened("02")
    before = kept.path.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    kept.opened("03")
    assert kept.path.read_bytes() == before
    assert len(said) == 1
    assert "No space left on device" in said[0]


def test_a_lock_held_elsewhere_costs_one_line(kept, said, monkeypatch):
    monkeypatch.setattr("dialtone_kit.lesson.events.LOCK_SECONDS", 0.2)
    with FileLock(f"{kept.path}.lock"):
        kept.opened("02")
    assert len(said) == 1
    assert "another program holds" in said[0]


@pytest.mark.parametrize("name", ["progress.jsonl", "progress.json"])
def test_a_fifo_in_its_place_hangs_nothing(kept, folder, said, name):
    os.mkfifo(folder / name)
    kept.opened("02")
    assert kept.exercise("02.x").outcome == "not tried"
    assert 1 <= len(said) <= 2
    assert stat.S_ISFIFO((folder / name).stat().st_mode)


def test_the_last_hint_counts_once(kept):
    assert [kept.hinted("02.x", 2) for _ in range(4)] == [1, 2, 2, 2]
    assert kept.exercise("02.x").hints == 2


def test_several_kernels_lose_nothing_of_each_other(progress):
    code = (
        "import sys; from pathlib import Path; from dialtone_kit.lesson.progress import Progress\n"
        "for n in range(8): Progress(Path(sys.argv[1])).checked('02.x', 'wrong')"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(progress.path)]) for _ in range(3)]
    assert [kernel.wait(timeout=60) for kernel in kernels] == [0, 0, 0]
    assert progress.exercise("02.x").attempts == 24
    assert len([json.loads(line) for line in progress.path.read_text().splitlines()]) == 24
