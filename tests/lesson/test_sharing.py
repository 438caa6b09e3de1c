"""lesson.share(): shown first, then sent as it happens, in the background, each event once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.lesson import sharing
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.sharing import Sharing, shared_form
from dialtone_kit.local.record import Record
from dialtone_kit.widgets.choices import Pick

SEAT = Record("http://127.0.0.1:9", 9, Secret("seat_" + "t" * 43), 7, "", "Spring")


class Trainer:
    """What came, by series and number; `problem` is raised instead while there is one."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.came: dict[tuple[str, int], Mapping[str, Any]] = {}
        self.problem: DialtoneError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, series: str, events: Sequence[Mapping[str, Any]]) -> None:
        assert self.gate.wait(10)
        if self.problem is not None:
            raise self.problem
        self.calls.append(len(events))
        for event in events:
            self.came[series, event["number"]] = event

    @property
    def kinds(self) -> list[str]:
        return [str(event["kind"]) for event in self.came.values()]


@pytest.fixture
def trainer() -> Trainer:
    return Trainer()


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "state" / "progress.jsonl")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def shares(trainer: Trainer, progress: Progress, said: list[str]) -> Callable[..., Sharing]:
    def make(seat: Record | None = SEAT) -> Sharing:
        folder = progress.path.parent
        made = Sharing(folder, progress.events, trainer, lambda: seat, said.append)
        progress.kept = made.wake
        return made

    return make


def test_nothing_is_sent_without_a_yes(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    progress.opened("03")
    mine.finish()
    assert trainer.came == {}


def test_what_was_and_what_comes_is_sent_after_a_yes(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    progress.opened("03")
    shown = mine.start()
    progress.checked("03.proof", "wrong", "M05")
    mine.finish()
    assert trainer.kinds == ["opened", "tried"]
    assert "this event, and those to come" in repr(shown)
    assert '"kind": "opened"' in repr(shown)
    assert "these 2 events, and those to come" in repr(mine.start())
    mine.finish()


def test_only_the_fields_of_the_schema_leave(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    progress.predicted(Pick("03.stolen-token", 2, False, "sure", "M05"))
    progress.wrote("13.first-code", "My own sentence.")
    progress.checked("03.proof", "right", requests=3)
    mine.start()
    mine.finish()
    first, last = trainer.came.values()
    assert first.keys() - {"at"} == {
        "number",
        "lesson",
        "kind",
        "id",
        "code",
        "right",
        "confidence",
    }
    assert last.keys() - {"at"} == {"number", "lesson", "kind", "id", "outcome"}
    assert [number for _, number in trainer.came] == [0, 2]


@pytest.mark.parametrize("kind", ["wrote", "estimated", "something new"])
def test_other_kinds_stay_here(kind: str) -> None:
    assert shared_form(0, {"kind": kind, "at": "", "lesson": "03", "text": "mine"}) is None


def test_a_lesson_never_waits_for_the_service(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    trainer.gate.clear()
    mine.start()
    for _ in range(5):
        progress.opened("03")  # returns, although nobody answers
    assert trainer.came == {}
    trainer.gate.set()
    mine.finish()
    assert len(trainer.came) == 5


def test_what_fails_is_said_once_and_sent_later(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer, said: list[str]
) -> None:
    mine = shares()
    trainer.problem = ServiceUnreachable("The class's service doesn't answer.")
    progress.opened("03")
    mine.start()
    mine.finish()
    for _ in range(2):
        progress.opened("03")
        mine.finish()
    assert said == ["Not shared yet, and tried again later: The class's service doesn't answer."]
    trainer.problem = None
    progress.done("03")
    mine.finish()
    assert trainer.kinds == ["opened"] * 3 + ["done"]


def test_the_next_kernel_continues_where_this_one_stopped(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    first = shares()
    first.start()
    progress.opened("03")
    first.finish()
    second = shares()
    progress.opened("04")
    second.finish()
    assert [number for _, number in trainer.came] == [0, 1]
    assert trainer.calls == [1, 1]
    assert len({series for series, _ in trainer.came}) == 1


def test_a_progress_that_starts_over_is_another_series(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    mine.start()
    progress.opened("03")
    progress.done("03")
    mine.finish()
    progress.path.unlink()
    progress.opened("04")
    mine.finish()
    assert len({series for series, _ in trainer.came}) == 2
    assert trainer.kinds == ["opened", "done", "opened"]


def test_many_events_go_in_bounded_calls(
    shares: Callable[..., Sharing],
    progress: Progress,
    trainer: Trainer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sharing, "AT_ONCE", 2)
    for _ in range(5):
        progress.opened("03")
    mine = shares()
    mine.start()
    mine.finish()
    assert trainer.calls == [2, 2, 1]


def test_a_no_ends_it(shares: Callable[..., Sharing], progress: Progress, trainer: Trainer) -> None:
    mine = shares()
    mine.start()
    progress.opened("03")
    mine.finish()
    mine.stop()
    progress.done("03")
    mine.finish()
    assert trainer.kinds == ["opened"]


def test_another_class_has_to_be_agreed_to_anew(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    first = shares()
    first.start()
    first.finish()
    other = shares(Record("http://127.0.0.1:10", 10, SEAT.secret, 7, "", "Autumn"))
    progress.opened("03")
    other.finish()
    assert trainer.came == {}


def test_in_no_class_there_is_nobody_to_share_with(shares: Callable[..., Sharing]) -> None:
    with pytest.raises(DialtoneError, match="no seat in a class"):
        shares(None).start()


def test_the_choice_is_private_and_a_damaged_one_is_none(
    shares: Callable[..., Sharing], progress: Progress, trainer: Trainer
) -> None:
    mine = shares()
    mine.start()
    mine.finish()
    file = progress.path.parent / "sharing.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["seat"] == 7
    file.write_text("[")
    progress.opened("03")
    mine.finish()
    assert trainer.came == {}
