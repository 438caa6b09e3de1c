"""Readable refusals: a card for each response, and the story so far as a diagram."""

from __future__ import annotations

from collections.abc import Sequence

from dialtone_kit.base.display import (
    BAD,
    BORDER,
    CODE,
    FAINT,
    GOOD,
    INK,
    PAPER,
    SHADE,
    WARN,
    WIDTH,
    Shown,
)
from dialtone_kit.base.masking import escaped, masked
from dialtone_kit.lesson.answers import Answer, steady
from dialtone_kit.lesson.misconceptions import link_to, title_of
from dialtone_kit.wire.sequence import Step, Tone, sequence

KEPT = 30  # cells of which the answers are kept
DRAWN = 4  # answers in the diagram: more would push the new ones off the screen


class Story:
    """Everything `said()` was given in a lesson. A cell that is run again keeps its lines."""

    def __init__(self) -> None:
        self._cells: dict[tuple[object, ...], Sequence[Answer]] = {}

    def add(self, answers: Sequence[Answer]) -> Shown:
        """The cards of `answers`, and under them the diagram with their lines marked as new."""
        cell = tuple(map(_key, answers))
        self._cells[cell] = answers
        while len(self._cells) > KEPT:
            del self._cells[next(iter(self._cells))]
        drawn = _diagram(
            [(answer, one == cell) for one, told in self._cells.items() for answer in told],
            fewest=len(answers),
        )
        cards = "".join(map(_card, answers))
        text = "\n".join(map(_text, answers))
        return Shown(f'<div style="{WIDTH}">{cards}</div>{drawn.html}', text)


def _key(answer: Answer) -> tuple[object, ...]:
    return answer.by, answer.asked, answer.status, answer.error, answer.reason.rule, answer.odd


def _diagram(lines: Sequence[tuple[Answer, bool]], fewest: int) -> Shown:
    """The last of the lines, `fewest` of them or more."""
    steps = [
        Step("service", answer.odd, answer.short, _tone(answer), fresh=fresh, by=answer.by)
        for answer, fresh in lines
    ][-max(DRAWN, fewest) :]
    title = "What was sent in this lesson, and what the service said"
    return sequence(steps, title, sender="caller", first=1 + len(lines) - len(steps))


def _tone(answer: Answer) -> Tone:
    if answer.error == "use_dpop_nonce":
        return "asks"
    return "good" if answer.status < 400 else "refused"


# --- a card ---


def _card(answer: Answer) -> str:
    colour = GOOD if answer.welcome else WARN if _tone(answer) == "asks" else BAD
    rows = "".join(
        f'<dt style="{_TERM}">{escaped(name)}</dt><dd style="{_VALUE}; {style}">{value}</dd>'
        for name, value, style in _rows(answer)
    )
    asked = f'<span style="{_ASKED}">{escaped(answer.asked)}</span>'
    named = escaped(f"{answer.status} {answer.error or answer.phrase}")
    return (
        f'<div role="group" aria-label="{named}" style="{_FRAME}; border-left: 5px solid {colour}">'
        f'<div style="flex: none; width: 66px"><div style="{_STATUS}; color: {INK}">'
        f'{answer.status}</div></div><div style="flex: 1 1 0; min-width: 0">'
        f'<div style="display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline">'
        f"<b>{escaped(answer.error or answer.phrase)}</b>{_chip(answer)}{asked}</div>"
        f'<dl style="{_LIST}">{rows}</dl></div></div>'
    )


def _chip(answer: Answer) -> str:
    if not answer.reason.rule:
        return ""
    unseen = f'<span style="{_UNSEEN}">rule </span>'
    return f'<span style="{_CHIP}">{unseen}{escaped(answer.reason.rule)}</span>'


def _rows(answer: Answer) -> list[tuple[str, str, str]]:
    """What is known, as term, HTML and style."""
    reason, rows = answer.reason, []
    if reason.expected:
        rows = [("expected", escaped(reason.expected), CODE), ("got", escaped(reason.got), CODE)]
    if reason.hint:
        rows.append((_advice(answer), escaped(reason.hint), ""))
    if answer.schemes and not answer.welcome and not reason.rule:
        rows.append(("schemes", escaped(" or ".join(answer.schemes)), CODE))
    if reason.code:
        shown = f"{link_to(reason.code)} {escaped(title_of(reason.code))}"
        rows.append(("misconception", shown, ""))
    return rows


def _advice(answer: Answer) -> str:
    """The label of the text: advice if there is a reason, otherwise just what was said."""
    return "what to do" if answer.reason.expected else "it says"


_FRAME = (
    f"display: flex; gap: 8px 12px; margin: 0 0 8px; padding: 8px 14px; border: {BORDER}; "
    f"border-radius: 8px; background: {PAPER}; color: {INK}; "
    "font: 14px/1.5 var(--jp-ui-font-family, sans-serif)"
)
_STATUS = "font: 700 30px/1.2 var(--jp-code-font-family, monospace)"
_LIST = (
    "display: grid; grid-template-columns: minmax(6.9em, max-content) minmax(0, 1fr); "
    "gap: 1px 14px; align-items: baseline; margin: 4px 0 0"
)
_TERM = f"float: none; width: auto; margin: 0; padding: 0; font-weight: 400; color: {FAINT}"
_VALUE = "float: none; width: auto; margin: 0; padding: 0; overflow-wrap: anywhere"
_CHIP = f"padding: 0 9px; border-radius: 999px; border: {BORDER}; background: {SHADE}; {CODE}"
_ASKED = f"color: {FAINT}; {CODE}; overflow-wrap: anywhere"
_UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


# --- plain text ---


def _text(answer: Answer) -> str:
    reason = answer.reason
    head = f"{answer.status} {answer.error or answer.phrase}".rstrip()
    rows = [("rule", reason.rule), ("expected", reason.expected), ("got", reason.got)]
    rows.append((_advice(answer), reason.hint))
    if answer.schemes and not answer.welcome and not reason.rule:
        rows.append(("schemes", " or ".join(answer.schemes)))
    if reason.code:
        rows.append(("misconception", f"{reason.code} {title_of(reason.code)}".rstrip()))
    told = [f"    {name:<13}  {steady(value)}" for name, value in rows if value]
    return masked("\n".join([head, *told]))
