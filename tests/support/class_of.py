"""A class in a folder, as `dialtone class new` makes it, and learners who did things."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dialtone_kit.base.lines import append_lines
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.class_events import PROGRESS
from dialtone_kit.classroom.session import open_session
from dialtone_kit.classroom.tables import csv_text
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.events import VERSION, Event
from dialtone_kit.lesson.quiz_items import items

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC).timestamp()
LESSONS = tuple(f"{n:02}" for n in range(14))


def make_class(
    folder: Path, count: int, *, lessons: Sequence[str] = LESSONS, made: str = "2026-11-20"
) -> Path:
    """A class of `count` learners without events."""
    listed = ", ".join(f'"{one}"' for one in lessons)
    settings = f'name = "Spring class"\nmade = {made}\nkeep_days = 30\nlessons = [{listed}]\n'
    PrivateFolder(folder).write("class.toml", settings)
    enroll(folder, [f"Learner Number{n}" for n in range(1, count + 1)])
    return folder


def enroll(folder: Path, names: Sequence[str]) -> None:
    """The list of learners: one of each name, in seats 1, 2, 3."""
    rows = [(seat, name, email_of(seat)) for seat, name in enumerate(names, 1)]
    PrivateFolder(folder).write("learners.csv", csv_text(("seat", "name", "email"), rows))


def email_of(seat: int) -> str:
    return f"learner{seat}@example.com"


def event(at: float, lesson: str, kind: str, **members: object) -> Event:
    """An event as the kit writes it."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return {"v": VERSION, "at": moment, "lesson": lesson, "kind": kind, **members}


def tried(at: float, name: str, outcome: str | None, code: str | None = None) -> Event:
    return event(at, name[:2], "tried", id=name, outcome=outcome, code=code)


def quizzed(at: float, asked: str, pair: str, right: bool, confidence: str = "sure") -> Event:
    form = "A" if asked == "pre" else "B"
    lesson = "00" if asked == "pre" else "13"
    members = {"right": right, "confidence": confidence, "code": None if right else "M08"}
    about = {"id": f"{form}.{pair}", "form": form, "pair": pair, "asked": asked}
    return event(at, lesson, "quizzed", choice=0, **members, **about)


def give(folder: Path, seat: int, events: Sequence[Event], name: str = PROGRESS) -> Path:
    """Append events to a file of that seat; the file."""
    path = folder / "learners" / f"{seat:04}" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    append_lines(path, *map(json.dumps, events))
    return path


def busy_class(folder: Path, count: int, now: float = NOON, *, lessons: int = 14) -> Path:
    """A class in the middle of its day, drawn: most at work, some stuck, some away."""
    make_class(folder, count)
    drawn = random.Random(count)
    for learner in open_session(folder).learners:
        if drawn.random() > 0.05:
            speed = drawn.uniform(0.4, 1.0)
            give(
                folder,
                learner.seat,
                list(_day(drawn, now, min(14, max(1, round(lessons * speed))))),
            )
    return folder


def _day(drawn: random.Random, now: float, lessons: int) -> Iterator[Event]:
    """The events of one learner up to now or shortly before."""
    made: list[Event] = []
    at = 0.0
    for number in LESSONS[:lessons]:
        for one in _lesson(drawn, number):
            at += drawn.uniform(20, 240)
            made.append(one | {"at": at})
        if number == LESSONS[lessons - 1] and drawn.random() < 0.7:
            del made[-drawn.randint(1, 3) :]
    begin = now - made[-1]["at"] - drawn.choice((5, 30, 90, 200, 400, 700, 1500))
    for one in made:
        yield one | event(begin + one["at"], one["lesson"], one["kind"])


def _lesson(drawn: random.Random, number: str) -> Iterator[Event]:
    knows = drawn.uniform(0.3, 0.9)
    yield event(0, number, "opened")
    if number in ("00", "13"):
        asked, better = ("pre", 0.0) if number == "00" else ("post", 0.35)
        for item in items("A"):
            right = drawn.random() < 0.35 + better
            yield quizzed(0, asked, str(item.pair), right, drawn.choice(("sure", "unsure")))
    for question in catalog.questions(number).predictions.values():
        choice = drawn.choice(question.choices)
        sure = drawn.choice(("sure", "unsure"))
        members = {"right": choice.right, "code": choice.code, "confidence": sure}
        yield event(0, number, "predicted", id=question.id, choice=0, **members)
    for exercise in catalog.exercises(number):
        for _ in range(8):
            right = drawn.random() < knows
            code = None if right else drawn.choice(("M05", "M11", "M13", "M20", "M35", None))
            yield tried(0, exercise.id, "right" if right else "wrong", code)
            if right:
                break
    yield event(0, number, "done")
