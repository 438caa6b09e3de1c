"""The audit trail as a picture: a lane for each agent, and what each one did, in order.

Each step says what was done, on whose behalf, and which policy decided: what the service recorded,
whatever the agents say about themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import masked
from dialtone_kit.wire.picture import (
    LINE,
    STRONG,
    agent_box,
    figure,
    lines,
    stroke,
    text,
    token_glyph,
    wrapped,
)

LANE, LEFT, HEAD, GAP, INDENT = 286, 54, 58, 14, 24  # pixels
_NAME = re.compile(r"cli_(.+)_[0-9a-f]{8,}")


@dataclass(frozen=True)
class TrailStep:
    """What the agent `who` did, `whom` it did it for ("" for itself), who acted before, and why.

    `kind` is token, done or denied; `policy` is FILE#ID, "" where no policy was asked; `scope` is a
    token's.
    """

    who: str
    what: str
    kind: str
    whom: str = ""
    before: tuple[str, ...] = ()
    policy: str = ""
    scope: str = ""


def read_trail(
    events: Iterable[Mapping[str, Any]], client_ids: Sequence[str] = ()
) -> list[TrailStep]:
    """The steps in the events of a realm, oldest first; only those of `client_ids`, if any."""
    steps: list[TrailStep] = []
    for event in events:
        who = event.get("client_id")
        if not isinstance(who, str) or (client_ids and who not in client_ids):
            continue
        step = _step(event, who)
        if event.get("event") == "note_written" and step and steps and steps[-1].who == who:
            step = TrailStep(who, step.what, "done", step.whom, step.before, steps.pop().policy)
        if step is not None:
            steps.append(step)
    return steps


def _step(event: Mapping[str, Any], who: str) -> TrailStep | None:
    kind, whom = event.get("event"), str(event.get("subject") or "")
    more = ("" if whom == who else whom, _before(event.get("act")))
    if kind == "token_issued":
        scope = " ".join(event.get("granted_scopes", ()))
        return TrailStep(who, "got a token", "token", *more, scope=scope)
    if kind == "note_written":
        return TrailStep(who, f"wrote note {event.get('note')}", "done", *more)
    if kind == "authorization_decision":
        allowed = event.get("decision") == "allow"
        what = f"{'was allowed' if allowed else 'was denied'} {event.get('action')}"
        policy = str(event.get("policy_id") or "")
        return TrailStep(who, what, "done" if allowed else "denied", *more, policy)
    if kind == "revocation":
        return TrailStep(who, "gave a token back", "denied", *more)
    return None


def _before(act: object) -> tuple[str, ...]:
    """Those who acted earlier, newest first: what is inside the outermost `act`."""
    found: list[str] = []
    while isinstance(act, Mapping):
        found.append(str(act.get("sub")))
        act = act.get("act")
    return tuple(found[1:])


def trail_picture(steps: Sequence[TrailStep], lanes: Sequence[str] = ()) -> Shown:
    """The steps below each other, each in the lane of its agent."""
    lanes = list(lanes) or list(dict.fromkeys(step.who for step in steps))
    words = masked("\n".join(_words(n, step) for n, step in enumerate(steps, 1)) or "No steps yet.")
    y, drawn = float(HEAD + 24), ""
    for number, step in enumerate(steps, 1):
        shape, height = _drawn(number, step, _x(lanes.index(step.who)), y)
        drawn, y = drawn + shape, y + height + GAP
    heads = "".join(_head(_x(n), who, y) for n, who in enumerate(lanes))
    width = LEFT + LANE * max(len(lanes), 1)
    return Shown(figure("The trail, a lane for each agent", words, heads + drawn, width, y), words)


def _x(lane: int) -> float:
    return LEFT + LANE * lane


def _head(x: float, who: str, bottom: float) -> str:
    line = stroke(f"M{x:.1f} {HEAD} V{bottom:.1f}", "line", dashed=True)
    box = agent_box(x + 96, 12, 216, 34)
    return line + box + text(x + 96, 34, _fit(name_of(who), 26), style=STRONG, anchor="middle")


def _drawn(number: int, step: TrailStep, x: float, y: float) -> tuple[str, float]:
    """A step with its first line at `y`, and its height."""
    below = [line for part in _below(step) for line in wrapped(masked(part), LANE - INDENT - 12)]
    role = "refused" if step.kind == "denied" else "ink"
    shape = text(8, y, str(number), "faint") + _mark(step.kind, x, y - 4)
    shape += text(x + INDENT, y, masked(step.what), role, style=STRONG)
    shape += lines(x + INDENT, y + LINE, below, "faint")
    return shape, LINE * (1 + len(below))


def _mark(kind: str, x: float, y: float) -> str:
    """A ticket for a token, a full square for what was done, a cross for what was denied."""
    if kind == "token":
        return token_glyph(x - 8, y - 6)
    if kind == "done":
        return stroke(f"M{x - 5:.1f} {y - 5} h10 v10 h-10 z", "service", fill="service")
    return stroke(f"M{x - 5:.1f} {y - 5} l10 10 m0 -10 l-10 10", "refused", width=3)


def _below(step: TrailStep) -> Iterator[str]:
    if step.scope:
        yield step.scope
    if step.whom:
        via = f", via {', '.join(map(name_of, step.before))}" if step.before else ""
        yield f"for {name_of(step.whom)}{via}"
    if step.policy:
        yield f"by {step.policy.rpartition('#')[2]}"


def _words(number: int, step: TrailStep) -> str:
    via = f", via {', '.join(step.before)}" if step.before else ""
    behalf = f" on behalf of {step.whom}{via}" if step.whom else " for itself"
    by = f", decided by {step.policy}" if step.policy else ""
    scope = f" with {step.scope}" if step.scope else ""
    return f"{number}. {step.who} {step.what}{scope}{behalf}{by}."


def name_of(identifier: str) -> str:
    """An identifier, short enough for a picture: an agent's name, or the first letters."""
    named = _NAME.fullmatch(identifier)
    return named[1] if named else _fit(identifier, 12)


def _fit(content: str, limit: int) -> str:
    content = masked(content)
    return content if len(content) <= limit else f"{content[: limit - 1]}…"
