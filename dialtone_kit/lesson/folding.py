"""What a learner's events add up to since the last reset, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dialtone_kit.lesson.events import VERSION, Event
from dialtone_kit.lesson.exercises.verdict import WORDS
from dialtone_kit.lesson.quiz_items import FORMS

_OF_AN_EXERCISE = ("tried", "hinted", "wrote")
_SECTIONS = ("lessons", "predictions", "quiz", "exercises", "estimates", "sentences")


def fold(events: Sequence[Event]) -> dict[str, Any]:
    """What `events` add up to: the sections above, and the quiz's form.

    Kinds and members that this version does not know are skipped.
    """
    data: dict[str, Any] = {"version": VERSION, **{name: {} for name in _SECTIONS}, "form": None}
    for event in events:
        if event["kind"] in _FOLDS:
            _FOLDS[event["kind"]](data, event)
    return data


def since_reset(events: Sequence[Event]) -> list[Event]:
    """The events that no later reset covers: of their lesson, or of their exercise alone."""
    kept, lessons, exercises = list[Event](), set[str](), set[str]()
    for event in reversed(events):
        if event["kind"] == "reset":
            (exercises if event.get("id") else lessons).add(event.get("id") or event["lesson"])
        elif event.get("lesson") not in lessons and (
            event["kind"] not in _OF_AN_EXERCISE or event["id"] not in exercises
        ):
            kept.append(event)
    return kept[::-1]


def _stamp(data: dict[str, Any], event: Event) -> None:
    data["lessons"].setdefault(event["lesson"], {})[f"{event['kind']}_at"] = event["at"]


def _add_pick(data: dict[str, Any], event: Event) -> None:
    section = data["predictions" if event["kind"] == "predicted" else "quiz"]
    row = {name: event.get(name) for name in ("choice", "right", "confidence", "code", "at")}
    if event.get("form") in FORMS:  # its id does not say in which lesson it was asked
        row |= {name: event.get(name) for name in ("form", "pair", "asked", "lesson")}
    section.setdefault(event["id"], []).append(row)


def _form(data: dict[str, Any], event: Event) -> None:
    if event.get("form") in FORMS and isinstance(event.get("seed"), str):
        data["form"] = {"form": event["form"], "seed": event["seed"]}


def _add_try(data: dict[str, Any], event: Event) -> None:
    outcome = event.get("outcome")
    if outcome is not None and outcome not in WORDS:
        return
    row = _exercise(data, event)
    if outcome in ("right", "wrong", None):
        row["attempts"] += 1
        row["at"] = event["at"]
    if outcome is not None and (outcome == "right" or row["outcome"] != "right"):
        row["outcome"], row["code"] = outcome, event.get("code")


def _add_estimate(data: dict[str, Any], event: Event) -> None:
    if type(event.get("choice")) is int:
        data["estimates"].setdefault(event["id"], []).append(event["choice"])


def _keep_sentence(data: dict[str, Any], event: Event) -> None:
    if isinstance(event.get("text"), str):
        data["sentences"][event["id"]] = event["text"]


def _add_hint(data: dict[str, Any], event: Event) -> None:
    _exercise(data, event)["hints"] += 1


def _reset(data: dict[str, Any], event: Event) -> None:
    if event.get("id"):
        data["exercises"].pop(event["id"], None)
        data["sentences"].pop(event["id"], None)
        return
    for section in _SECTIONS:
        data[section] = {k: row for k, row in data[section].items() if k[:2] != event["lesson"]}
    for name, rows in list(data["quiz"].items()):
        data["quiz"][name] = [row for row in rows if row.get("lesson") != event["lesson"]]
        if not data["quiz"][name]:
            del data["quiz"][name]


def _exercise(data: dict[str, Any], event: Event) -> dict[str, Any]:
    fresh = {"outcome": "not tried", "attempts": 0, "hints": 0}
    row: dict[str, Any] = data["exercises"].setdefault(event["id"], fresh)
    return row


_FOLDS: dict[str, Callable[[dict[str, Any], Event], None]] = {
    "opened": _stamp,
    "done": _stamp,
    "predicted": _add_pick,
    "quizzed": _add_pick,
    "formed": _form,
    "tried": _add_try,
    "hinted": _add_hint,
    "estimated": _add_estimate,
    "wrote": _keep_sentence,
    "reset": _reset,
}
