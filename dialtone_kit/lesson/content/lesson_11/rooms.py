"""The verdict on rooms, for 11.rooms: the rule that is off, and the flag that it costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dialtone_kit.base.errors import MockOnly
from dialtone_kit.lesson.attack_rooms import DEMONSTRATION, LAB_NAMES, SWITCHES
from dialtone_kit.lesson.content.lesson_11.naive import rule_name
from dialtone_kit.lesson.exercises.asking import same, show
from dialtone_kit.lesson.exercises.definition import LiveLesson
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

CORE = (2, 5, 6, 9)
FLAG = re.compile(r"\bflag-[0-9a-f]{12}\b")
# What an attack sends that only this rule stops.
SENT = {
    "key_is_bound": "a proof by a key of your own",
    "jti_is_new": "P1",
    "signature_verifies": "a proof with an invented signature",
    "htm_matches": "P2",
    "htu_matches": "P3",
    "ath_matches": "P4",
    "iat_is_fresh": "P5",
    "typ_is_dpop": "P6",
}


def judge_rooms(answer: object, lesson: LiveLesson) -> None:
    """Judge every room that was tried; the four core ones have to be among them."""
    if not lesson.is_mock:
        raise MockOnly("Only the local service has rooms to break into.")
    if not isinstance(answer, Mapping):
        raise Wrong(
            f"Give a dict with the rule and the flag of each room: {{2: (rule, flag), …}}. This is "
            f"{show(answer)}."
        )
    tried = {number: pair for number, pair in answer.items() if _is_tried(pair)}
    if not tried:
        raise NotTried
    for number, pair in tried.items():
        _judge(number, pair, lesson)
    left = [str(number) for number in CORE if number not in tried]
    if left:
        raise Wrong(f"Right so far. Still to do: room {', '.join(left)}.")


def _is_tried(pair: Any) -> bool:
    """Whether anything was filled in."""
    if isinstance(pair, Sequence) and not isinstance(pair, str):
        return any(one is not ... and one is not None for one in pair)
    return pair is not ... and pair is not None


def _judge(number: Any, pair: Any, lesson: LiveLesson) -> None:
    if type(number) is not int or number not in SWITCHES or number == DEMONSTRATION:
        raise Wrong(f"No room {show(number)} has a flag. Look at the table of rooms.")
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise Wrong(f"Room {number}: give two things, the rule and the flag; got {show(pair)}.")
    rule, flag = rule_name(pair[0]), pair[1]
    if flag is None or flag is ... or same(flag, ""):
        raise Wrong(
            f"Room {number}: naming a rule proves nothing yet. Show it: send what `{rule}` stops, "
            "and bring the flag from the notes."
        )
    found = lesson.found(_flag_in(flag))
    if found.room is None:
        raise Wrong(f"Room {number}: no room has the flag {show(flag)}. The newest note holds it.")
    if found.room != number:
        raise Wrong(f"Room {number}: that flag is from room {found.room}.")
    if not found.by_rule:
        raise Wrong(
            f"Room {number}: nicely found; now by the rule. You got this flag by another way, and "
            "the rule that is off had no part in it."
        )
    _judge_rule(number, rule)


def _flag_in(text: Any) -> Any:
    """The flag of a note, or of the notes' JSON; anything else as it is."""
    flag = FLAG.search(str.__str__(text)) if isinstance(text, str) else None
    return flag[0] if flag else text


def _judge_rule(number: int, rule: str) -> None:
    if LAB_NAMES.get(rule, rule) == SWITCHES[number]:
        return
    if rule in SENT:
        raise Wrong(
            f"Room {number}: without `{rule}`, {SENT[rule]} would open it. Here that was refused, "
            f"by `{rule}`."
        )
    raise Wrong(f"Room {number}: the flag is right. But the rule that is off isn't {show(rule)}.")
