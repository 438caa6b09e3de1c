"""Lesson 11: rooms with one rule off, the hole in a verifier, its repair, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dialtone_kit.attacks.catalogue import ATTACKS
from dialtone_kit.attacks.good_calls import GOOD
from dialtone_kit.lesson.attack_rooms import LAB_NAMES
from dialtone_kit.lesson.content.lesson_11.fix import judge_verifier, verifier_of
from dialtone_kit.lesson.content.lesson_11.naive import (
    Listing,
    hole_of,
    make_listing,
    rule_name,
    what_stands,
)
from dialtone_kit.lesson.content.lesson_11.rooms import judge_rooms
from dialtone_kit.lesson.content.lesson_11.scene import at_the_service, on_paper
from dialtone_kit.lesson.content.lesson_11.words import judge_choice, make_sentences
from dialtone_kit.lesson.exercises import LiveLesson, NotTried, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import kind_of, show
from dialtone_kit.rules import RULES

RULE_NAMES = {rule.__name__ for rule in RULES} | {"scheme", "aud"}


@exercise(
    "11.rooms",
    "Four rooms",
    hints=[
        "`eight` makes all eight attacks on a room. Compare its wall with that of room 0.",
        "The attack that got in is the one that the missing rule would have stopped. Where did it "
        "end in room 0?",
        "The response to that attack has the notes in its body: `.json()`. The newest one holds "
        "the flag.",
    ],
    praise="In each room you said which rule was off, and brought the note that it cost.",
)
def rooms(answer: object, lesson: LiveLesson) -> None:
    judge_rooms(answer, lesson)


@exercise(
    "11.find",
    "Find it",
    hints=[
        "Go through the lines that begin with `need`, and the constants at the top. What does each "
        "of them let through?",
        "For each of the eight attacks, look for the line that stops it. Then do the same for the "
        "token: its scheme and its audience.",
        "A check compares two things: what came, and what should have come. Look for one that "
        "never uses one of the two, or only a part of it.",
    ],
    praise="That line looks like a check, and it lets one attack in.",
    make=lambda _lesson: make_listing(),
)
def find(answer: object, lesson: LiveLesson) -> None:
    listing: Listing = lesson.material("11.find")
    number, rule = _line_and_rule(answer, len(listing.lines))
    line, broken = hole_of(listing)
    if number != line:
        raise Wrong(what_stands(listing, number))
    if rule not in RULE_NAMES:
        raise Wrong(
            f"That line it is. But {show(rule)} is the name of no rule: it's one of the thirteen, "
            "or `scheme`, or `aud`."
        )
    if rule != broken:
        raise Wrong(f"That line it is. But `{rule}` holds here: what does the line look at?")


def _line_and_rule(answer: Any, last: int) -> tuple[int, str]:
    if isinstance(answer, Mapping) and len(answer) == 1:
        answer = next(iter(answer.items()))
    if not isinstance(answer, Sequence) or isinstance(answer, str) or len(answer) != 2:
        raise Wrong(
            "Give two things: the number of the line, and the name of the rule that it breaks. "
            f"This is {kind_of(answer)}."
        )
    number, rule = answer
    if isinstance(number, str) and number.strip().isdecimal():
        number = int(number)
    if number is ... or rule is ... or rule is None:
        raise NotTried
    if type(number) is not int or not 1 <= number <= last:
        raise Wrong(f"There is no line {show(number)}: the verifier has lines 1 to {last}.")
    name = rule_name(rule)
    return number, next((one for one, lab in LAB_NAMES.items() if lab == name), name)


@exercise(
    "11.fix",
    "Fix it",
    hints=[
        "Two things are wrong: the line from exercise 2, and something that no line does. The "
        "check says which attack still works.",
        "One line can become several: put a line break into the string. They go in at the depth of "
        "the line that they replace.",
        "A proof may be used up only once nothing else can turn it away. Which is the last line "
        "that runs before `verify` returns?",
    ],
    praise=f"{len(ATTACKS) - 1} attacks stayed out, and {len(GOOD) - 3} good calls got in. "
    "Neither counts without the other.",
)
def fix(answer: object, lesson: LiveLesson) -> None:
    verify = verifier_of(answer, lesson.material("11.find"))
    judge_verifier(verify, on_paper())
    if lesson.is_mock:
        judge_verifier(verify, at_the_service(lesson))


@exercise(
    "11.words",
    "What no rule stops",
    level="stretch",
    hints=[
        "A proof names its key, the method, the URL, the time and the token. Which of the six "
        "leaves all of that as it should be?",
        "In three of them the thief gets hold of something that was made for another use. In the "
        "others, something is used exactly as the rules want it.",
        "Whose key signs, in each of them? And what did the proof never mention?",
    ],
    praise="Each of these passes every rule. The body needs TLS, the person needs to look, the "
    "secret needs a safe place, and the rest needs policy.",
    make=lambda _lesson: make_sentences(),
)
def words(answer: object, lesson: LiveLesson) -> None:
    judge_choice(answer, lesson.material("11.words"))
