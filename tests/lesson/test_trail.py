"""The trail of a realm: what each agent did, for whom, and by which policy, a lane for each."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from dialtone_kit.lesson.trail import TrailStep, name_of, read_trail, trail_picture

PLANNER, WORKER, ADA = "cli_planner_0123456789abcdef", "cli_worker_fedcba9876543210", "usr_ada0123"
NESTED = {"sub": WORKER, "act": {"sub": PLANNER}}
HOSTILE = "<script>alert(1)</script>"
SECRET = "sec_" + "k" * 43


def event(kind: str, who: str | None = WORKER, **more: Any) -> dict[str, Any]:
    return {"event": kind, "client_id": who, **more}


def decision(outcome: str, who: str = WORKER, **more: Any) -> dict[str, Any]:
    shared = {"action": "notes:write", "decision": outcome, "policy_id": "lab.cedar#writers"}
    return event("authorization_decision", who, **shared, subject=ADA, act=NESTED, **more)


def test_a_note_and_the_decision_before_it_are_one_step() -> None:
    events = [decision("allow"), event("note_written", note=7, subject=ADA, act=NESTED)]
    assert read_trail(events) == [
        TrailStep(WORKER, "wrote note 7", "done", ADA, (PLANNER,), "lab.cedar#writers")
    ]


def test_a_note_after_another_agents_decision_keeps_apart_from_it() -> None:
    events = [decision("allow", PLANNER), event("note_written", note=7, subject=ADA)]
    assert [(step.who, step.policy) for step in read_trail(events)] == [
        (PLANNER, "lab.cedar#writers"),
        (WORKER, ""),
    ]


def test_a_denial_and_a_revocation_are_told_apart_from_what_was_done() -> None:
    events = [decision("deny"), event("revocation", subject=ADA), decision("allow")]
    assert [step.kind for step in read_trail(events)] == ["denied", "denied", "done"]


def test_a_token_names_its_scope_and_an_agent_for_itself_names_nobody() -> None:
    events = [event("token_issued", granted_scopes=["openid", "notes:read"], subject=WORKER)]
    [step] = read_trail(events)
    assert (step.kind, step.scope, step.whom) == ("token", "openid notes:read", "")


def test_events_of_nobody_and_of_other_agents_are_left_out() -> None:
    events = [event("registration_requested", None), event("registration"), decision("allow")]
    assert len(read_trail(events)) == 1
    assert read_trail(events, [PLANNER]) == []


def test_the_picture_says_all_of_it_in_words_too() -> None:
    steps = read_trail([decision("deny"), decision("allow", PLANNER)])
    shown = trail_picture(steps)
    assert shown.text.splitlines() == [
        f"1. {WORKER} was denied notes:write on behalf of {ADA}, via {PLANNER}, decided by "
        "lab.cedar#writers.",
        f"2. {PLANNER} was allowed notes:write on behalf of {ADA}, via {PLANNER}, decided by "
        "lab.cedar#writers.",
    ]
    assert shown.text in shown.html  # for those who can't see the picture
    assert 'role="img"' in shown.html


def lanes_of(html: str) -> list[float]:
    """The x of each head and each mark, from the SVG."""
    svg = html[html.index("<svg") : html.index("</svg>") + 6]
    boxes = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")
    return [float(box.attrib["x"]) for box in boxes]


def test_each_agent_has_a_lane_of_its_own_even_without_a_step() -> None:
    steps = read_trail([decision("allow")])
    assert len(set(lanes_of(trail_picture(steps).html))) == 1
    assert len(set(lanes_of(trail_picture(steps, [PLANNER, WORKER]).html))) == 2


def test_without_steps_it_says_so() -> None:
    assert trail_picture([]).text == "No steps yet."


@pytest.mark.parametrize("name", [HOSTILE, SECRET])
def test_hostile_names_are_escaped_and_secrets_masked(name: str) -> None:
    shown = trail_picture([TrailStep(name, name, "done", name, (name,), f"{name}#{name}", name)])
    assert HOSTILE not in shown.html
    assert SECRET not in shown.html + shown.text


def test_an_agent_is_called_by_its_name_and_a_person_by_the_first_letters() -> None:
    assert name_of(PLANNER) == "planner"
    assert name_of("usr_3aa141f6e369a2b7") == "usr_3aa141f…"
