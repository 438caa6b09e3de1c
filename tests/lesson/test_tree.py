"""The tree of refusals: which step each one asks for, and what the picture says about it."""

from __future__ import annotations

import httpx
import pytest

from dialtone_kit.lesson.content.lesson_12.recorded import recorded_answers
from dialtone_kit.lesson.tree import Tree, next_step
from dialtone_kit.wire.recorder import Wire


@pytest.mark.parametrize(
    ("status", "error", "harmless", "named", "step"),
    [
        (401, "use_dpop_nonce", False, False, "retry"),
        (503, "temporarily_unavailable", True, False, "retry"),
        (503, "temporarily_unavailable", True, True, "wait"),
        (503, "temporarily_unavailable", False, True, "stop"),
        (None, "", True, False, "retry"),
        (None, "", False, False, "stop"),
        (429, "rate_limited", False, True, "wait"),
        (429, "", True, False, "wait"),
        (400, "slow_down", False, False, "wait"),
        (400, "invalid_grant", False, False, "stop"),
        (400, "access_denied", True, False, "stop"),
        (403, "insufficient_scope", True, False, "fix"),
        (401, "invalid_dpop_proof", True, False, "fix"),
        (404, "", True, False, "fix"),
        (410, "", True, False, "stop"),
        (409, "conflict", False, False, "stop"),
    ],
)
def test_the_code_decides_and_then_the_status(status, error, harmless, named, step):
    assert next_step(status, error, harmless=harmless, named=named) == step


def test_the_tree_and_exercise_12_triage_never_disagree():
    for case in recorded_answers():
        one = case.answer
        named = one.retry_after is not None
        assert next_step(one.status, one.error, harmless=one.harmless, named=named) == case.right


def wire_with(*answers: httpx.Response | httpx.TransportError) -> Wire:
    """A recorder that has seen a GET for each of these answers."""
    left, wire = list(answers), Wire()

    def answer(request: httpx.Request) -> httpx.Response:
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    with httpx.Client(transport=wire.transport(httpx.MockTransport(answer))) as http:
        for said in answers:
            try:
                http.get("https://id.example/api")
            except httpx.TransportError:
                assert said.__class__ is httpx.ReadError
    return wire


def refused(status: int, error: str, text: str = "") -> httpx.Response:
    return httpx.Response(status, json={"error": error, "error_description": text})


def test_refusals_of_a_kind_are_one_line_with_a_count():
    wire = wire_with(httpx.Response(200), *(refused(500, "server_error") for _ in range(2)))
    shown = repr(Tree().draw(wire.round_trips))
    assert "  500 to a GET, 2 times (new): twice does no harm: after 1 to 30 s\nwait" in shown


def test_the_rule_says_what_to_fix():
    text = "iat_is_fresh: expected iat at most 60 s old, got iat 420 s behind. Set it. [M06]"
    wire = wire_with(refused(401, "invalid_dpop_proof", text))
    assert "fix: change something first\n  401 iat_is_fresh (new): the clock" in repr(
        Tree().draw(wire.round_trips)
    )


def test_a_line_that_was_cut_and_a_503_that_names_a_time_land_too():
    cut, busy = httpx.ReadError("cut"), refused(503, "temporarily_unavailable")
    busy.headers["Retry-After"] = "9"
    shown = repr(Tree().draw(wire_with(cut, busy).round_trips))
    assert "with a new proof\n  no answer to a GET (new): twice does no harm" in shown
    assert "wait: as long as it says\n  503 to a GET (new): then send it again" in shown


def test_the_method_says_why_one_503_is_sent_again_and_another_is_not():
    wire = Wire()
    busy = httpx.MockTransport(lambda _: refused(503, "temporarily_unavailable"))
    with httpx.Client(transport=wire.transport(busy)) as http:
        http.get("https://id.example/api")
        http.post("https://id.example/api")
    shown = repr(Tree().draw(wire.round_trips))
    assert "retry: again, with a new proof\n  503 to a GET (new)" in shown
    assert "sending won't help\n  503 to a POST (new): it may have happened: look first" in shown


def test_what_has_landed_since_the_last_time_is_marked_as_new():
    tree, wire = Tree(), wire_with(refused(410, "gone"))
    first, second = tree.draw(wire.round_trips), tree.draw(wire.round_trips)
    assert "410 gone (new)" in first.text
    assert "● new since" in first.html
    assert "410 gone: " in second.text
    assert "new since" not in second.html


def test_without_a_refusal_it_says_so():
    assert repr(Tree().draw([])).endswith("Nothing has been refused yet.")


def test_what_a_stranger_answers_is_escaped_and_never_a_rule_of_its_own():
    hostile = httpx.Response(
        400, json={"error": "<b>x</b>", "error_description": "<img src=x>: <script>"}
    )
    not_json = httpx.Response(502, text="<html>", headers={"Content-Type": "text/html"})
    shown = Tree().draw(wire_with(hostile, not_json).round_trips)
    assert "<b>" not in shown.html
    assert "<script>" not in shown.html
    assert "  400 (new): what the text names" in repr(shown)
    assert "  502 to a GET (new): twice" in repr(shown)


def test_a_body_that_nests_without_end_names_no_rule():
    deep = httpx.Response(400, text="[" * 100_000, headers={"Content-Type": "application/json"})
    assert "  400 (new): what the text names" in repr(Tree().draw(wire_with(deep).round_trips))
