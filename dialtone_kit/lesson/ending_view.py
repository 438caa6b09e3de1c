"""How `lesson.done()` shows the end of a lesson: on screen, printed, or as plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dialtone_kit.base.display import BAD, FAINT, GOOD, WARN, Shown, prose
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.lesson import catalog
from dialtone_kit.lesson.ending import Ending, Predicted, Reached
from dialtone_kit.lesson.estimates import estimates_table
from dialtone_kit.lesson.exercises.verdict import WORDS
from dialtone_kit.lesson.pages import FRAME, chip, section, table
from dialtone_kit.lesson.progress import Standing

UNSAID = "You didn't say"
# By rank: the words and the mark, so that colour is never needed, then the colour of the frame.
_WORDS = (
    ("✗", "not quite, and sure", BAD),
    ("✗", "not quite, and unsure", WARN),
    ("✓", "right, and unsure", GOOD),
    ("✓", "right, and sure", GOOD),
    ("○", "not answered", FAINT),
)


def shown(end: Ending, exercises: Shown, *, minutes: bool) -> Shown:
    """`end` as a page and as text; `exercises` is their report. `minutes`: say how long it took."""
    took = _took(end) if minutes else ""
    title = f"Lesson {end.number} · {end.question}"
    parts = [
        f'<h3 style="margin: 14px 0 0">{escaped(title)}</h3>',
        f'<p style="margin: 2px 0 0; color: {FAINT}">{took}</p>' if took else "",
        _skills(end.skills),
        _predictions(end.predictions),
        section("What you expected of yourself", estimates_table(end.estimates))
        if end.estimates
        else "",
        section("Exercises", exercises.html) if catalog.exercises(end.number) else "",
        _following(end),
    ]
    html = f'<section aria-label="The end of lesson {end.number}" style="{FRAME}">'
    return Shown(f"{html}{''.join(parts)}</section>", masked(_text(end, exercises.text, took)))


def _took(end: Ending) -> str:
    if end.seconds is None:
        return ""
    count = math.ceil(end.seconds / 60)
    spent = "less than a minute" if end.seconds < 60 else f"{count} minutes"
    return f"It took you {spent}. Pauses of more than 10 minutes are not counted."


def _skills(skills: Sequence[Reached]) -> str:
    if not skills:
        return ""
    able = [f"<li>✓ You can {prose(one.text)}.</li>" for one in skills if one.missing is None]
    ahead = [f"<li>○ {_not_yet(one, one.missing)}</li>" for one in skills if one.missing]
    listed = '<ul style="margin: 0; padding: 0; list-style: none">{}</ul>'
    parts = [section("What you can do now", listed.format("".join(able)))] if able else []
    parts += [section("Still to do", listed.format("".join(ahead)))] if ahead else []
    return "".join(parts)


def _not_yet(skill: Reached, missing: Standing) -> str:
    title, text = escaped(catalog.exercise(missing.id).title), prose(skill.text)
    return f"{text[0].upper()}{text[1:]}. Exercise “{title}”: {WORDS[missing.outcome]}."


def _predictions(predictions: Sequence[Predicted]) -> str:
    surprises = [one for one in predictions if one.rank < 2]
    expected = [one for one in predictions if 2 <= one.rank < len(_WORDS) - 1]
    open_ones = [one for one in predictions if one.rank == len(_WORDS) - 1]
    groups = {
        "What surprised you": surprises,
        "What you expected": expected,
        "What you didn't predict": open_ones,
    }
    return "".join(_told(heading, group) for heading, group in groups.items() if group)


def _told(heading: str, predictions: Sequence[Predicted]) -> str:
    names = ("What will happen?", "You said", "What happened")
    return section(heading, table(heading, names, map(_prediction, predictions), (34, 28, 38)))


def _prediction(one: Predicted) -> tuple[str, str, str]:
    mark, words, tone = _WORDS[one.rank]
    how = f'<div style="margin-top: 6px">{chip(f"{mark} {words}", tone)}</div>'
    fact = f'<div style="margin-top: 6px">In this run: {prose(one.fact)}</div>' if one.fact else ""
    return prose(one.item.question), f"{prose(one.said)}{how}", f"{prose(one.item.outcome)}{fact}"


def _following(end: Ending) -> str:
    if end.following is None:
        return '<p style="margin: 18px 0 0">That was the last lesson.</p>'
    target, question = escaped(end.following.file), escaped(end.following.question)
    return (
        f'<p style="margin: 18px 0 0; font-size: 15px">Next: <a href="{target}">'
        f"lesson {end.following.number}, {question}</a></p>"
    )


def _text(end: Ending, exercises: str, took: str) -> str:
    answered = [one for one in end.predictions if one.pick is not None]
    count = len(end.predictions) - len(answered)
    lines = [took, *(f"You can {one.text}." for one in end.skills if one.missing is None)]
    lines += [
        f"{_WORDS[one.rank][0]} {_WORDS[one.rank][1]}: {one.item.question}\n"
        f"    you said: {one.said}\n    what happened: {one.item.outcome}"
        for one in answered
    ]
    lines += [f"{e.question} {e.said or UNSAID}: {e.happened}" for e in end.estimates]
    open_ones = f"{count} prediction{'s' * (count != 1)} not answered." if count else ""
    lines += [open_ones, exercises, _next_line(end)]
    return "\n".join(line for line in lines if line)


def _next_line(end: Ending) -> str:
    if end.following is None:
        return "That was the last lesson."
    return f"Next: lesson {end.following.number}, {end.following.question}"
