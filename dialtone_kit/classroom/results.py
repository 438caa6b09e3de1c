"""What stays of a class after its end: the report, its tables, and the events by seat in a zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.classroom.building import folder_next_to
from dialtone_kit.classroom.class_events import Seat
from dialtone_kit.classroom.class_report import ClassReport
from dialtone_kit.classroom.happened import Happened
from dialtone_kit.classroom.report_files import write_report
from dialtone_kit.lesson.events import VERSION

EVENTS = "events.zip"


def usable_target(target: Path, folder: Path) -> Path:
    """`target`, if the results of the class in `folder` can go there. Raises DialtoneError."""
    target = target.absolute()
    if target.resolve().is_relative_to(folder.resolve()):
        raise DialtoneError(f"{shown(target)} is in the folder that goes. Name another with --to.")
    if target.exists():
        raise DialtoneError(f"{shown(target)} exists already. Name another with --to.")
    return target


def export(report: ClassReport, target: Path, *, names: bool) -> None:
    """Write the results into the new folder `target`: all of them, or none."""
    with folder_next_to(target) as building:
        made = building / "results"
        write_report(report, made, names=names)
        PrivateFolder(made).write(EVENTS, _zipped(report.seats))
        made.rename(target)


def _zipped(seats: Sequence[Seat]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for seat in seats:
            if seat.events:
                archive.writestr(f"{seat.learner.seat:04}.jsonl", _lines(seat.events))
    return packed.getvalue()


def _lines(events: Iterable[Happened]) -> str:
    """The events as lines of a progress file, without what the learner wrote."""
    return "".join(json.dumps(_line(event)) + "\n" for event in events)


def _line(event: Happened) -> dict[str, object]:
    every = asdict(replace(event, seen=None))
    members = {name: value for name, value in every.items() if value is not None}
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="seconds")
    return {"v": VERSION, **members, "at": at}
