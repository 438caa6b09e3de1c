"""Errors are one line for a reader: what was wrong and what to do, and never a secret."""

import ast
import inspect
import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import dialtone_kit
from dialtone_kit.base import errors
from dialtone_kit.base.errors import (
    DialtoneError,
    KeyMismatch,
    NonceRequired,
    ProofRefused,
    RateLimited,
    ServiceError,
    TokenRefused,
    brief,
)
from dialtone_kit.base.reason import sentence

SECRET = "sec_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DialtoneError)
]


def test_every_class_has_a_sentence_and_the_common_root() -> None:
    assert len(CLASSES) >= 15
    assert all(kind.__doc__ for kind in CLASSES)


def test_in_a_notebook_an_error_is_one_line() -> None:
    assert DialtoneError("No.")._render_traceback_() == ["DialtoneError: No."]


def test_its_notes_follow_a_line_each_and_masked() -> None:
    problem = DialtoneError("No.")
    problem.add_note(f"Do it without {SECRET}.")
    assert problem._render_traceback_() == [
        "DialtoneError: No.",
        "Do it without •••••• (47 characters).",
    ]


@pytest.mark.parametrize(
    "problem",
    [
        DialtoneError(f"the secret {SECRET} is wrong"),
        ServiceError(401, "invalid_client", f"{SECRET} is wrong"),
        RateLimited(f"{SECRET} came too often.", 5),
        TokenRefused("kid", f"no {SECRET}"),
        ProofRefused("https://h", f"https://h?{SECRET}", rule="htu_matches"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_a_secret_in_a_message_is_masked_in_every_view(problem: DialtoneError) -> None:
    """IPython saves both the rendered lines and the message itself in the notebook."""
    for view in (str(problem), repr(problem), *problem._render_traceback_()):
        assert SECRET[4:] not in view


@pytest.mark.row("U1")
def test_what_a_service_sends_cannot_steer_the_terminal() -> None:
    """U1: ANSI, a bell, a carriage return, right-to-left marks."""
    problem = ServiceError(400, "x\x1b[2J", "\x1b[31mred\x07\r\u202eback")
    assert str(problem).isprintable()
    assert "\\x1b[31mred" in str(problem)
    assert "red" in problem.description


def test_a_message_may_have_lines() -> None:
    assert str(DialtoneError("one\ntwo")) == "one\ntwo"


def test_the_codes_for_the_wire() -> None:
    made = [kind("a", "b") for kind in (ProofRefused, NonceRequired, KeyMismatch)]
    assert [problem.error for problem in made] == [
        "invalid_dpop_proof",
        "use_dpop_nonce",
        "invalid_token",
    ]


def test_a_refusal_has_its_parts_and_its_code() -> None:
    problem = ProofRefused("POST", hint="Build a new one.", code="M01", rule="htm_matches")
    assert str(problem) == "htm_matches: expected POST, got nothing. Build a new one. [M01]"
    assert (problem.rule, problem.expected, problem.got) == ("htm_matches", "POST", None)
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)


def test_a_limit_says_when_to_come_back() -> None:
    problem = RateLimited("Too many.", 90, {"Retry-After": "90"}, now=1000)
    assert (problem.status, problem.error) == (429, "rate_limited")
    assert (problem.retry_after, problem.come_back_at) == (90, 1090)
    assert time.strftime("%H:%M:%S", time.localtime(1090)) in str(problem)
    assert "in 90 s" in str(problem)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing"),
        ("text", "text"),
        (1, "1"),
        (["a"], "['a']"),
        ("a\0b\n", "a\\x00b\\x0a"),
        ("x" * 121, "x" * 120 + "… (121 characters)"),
        ("x" * 120, "x" * 120),
    ],
)
def test_a_value_in_a_message_is_short_and_printable(value: object, shown: str) -> None:
    assert brief(value) == shown


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("not base64url", "not base64url."),
        ("It ends. ", "It ends."),
        ("Does it?", "Does it?"),
        ("so on…", "so on…"),
        (ValueError("an error"), "an error."),
    ],
)
def test_a_sentence_has_one_full_stop(text: object, ended: str) -> None:
    assert sentence(text) == ended


def test_what_came_may_be_a_sentence_itself() -> None:
    problem = ProofRefused("a URL", "'a b' is not a URL: it holds a space.", code="M04")
    assert str(problem) == "expected a URL, got 'a b' is not a URL: it holds a space. [M04]"


def test_nothing_puts_a_full_stop_after_the_text_of_an_error() -> None:
    """That text may already end in one: `sentence` looks."""
    package = Path(dialtone_kit.__file__).parent
    found = [
        f"{file.relative_to(package)}:{line}"
        for file in package.rglob("*.py")
        for line in _full_stops_after_errors(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_that_look_finds_a_full_stop_after_an_error() -> None:
    code = 'try: f()\nexcept E as e: raise X(f"no: {str(e)}. Do {e.status}.") from None'
    assert list(_full_stops_after_errors(ast.parse(code))) == [2]
    assert not list(_full_stops_after_errors(ast.parse(code.replace("{str(e)}. ", "{str(e)} "))))


def _full_stops_after_errors(tree: ast.AST) -> Iterator[int]:
    """The lines of f-strings in which a caught error's text comes right before a full stop."""
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for text in ast.walk(handler):
            if isinstance(text, ast.JoinedStr):
                for part, after in zip(text.values, text.values[1:], strict=False):
                    ends = isinstance(after, ast.Constant) and str(after.value).startswith(".")
                    if ends and _shows(part, handler.name):
                        yield text.lineno


def _shows(part: ast.expr, error: str) -> bool:
    """Whether the error itself, or the system's word for it, is shown; its status is a number."""
    attributes = [node for node in ast.walk(part) if isinstance(node, ast.Attribute)]
    numbers = {
        id(node.value) for node in attributes if node.attr not in ("strerror", "description")
    }
    names = (node for node in ast.walk(part) if isinstance(node, ast.Name))
    return any(node.id == error and id(node) not in numbers for node in names)
