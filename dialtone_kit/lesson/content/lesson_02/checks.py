"""Lesson 02: use up the tries, a safe path for a hostile name, and the second confirm."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import ask, function_of, refuses, show, word

SPONSOR = "sponsor@example.com"


class Lock:
    """An enrollment that locks after `tries` wrong codes, for checks without a service."""

    def __init__(self, tries: int) -> None:
        self.tries, self.sent = tries, 0

    def __call__(self, code: str) -> None:  # noqa: ARG002  (every code is wrong)
        self.sent += 1
        left = self.tries - self.sent
        if left > 0:
            raise ServiceError(
                401, "unauthorized", f"Wrong code. {left} tries left.", body={"tries_left": left}
            )
        raise ServiceError(410, "gone", "The enrollment is locked.")


@exercise(
    "02.tries",
    "Count the tries",
    hints=[
        "Call `confirm('AAAA-AAAA')` in a loop, and catch ServiceError.",
        "`refused.status` tells the two refusals apart: 401 means wrong, 410 means locked.",
        "The code that gets the 410 counts too: it is the one that locked the enrollment.",
    ],
    praise="Five wrong codes and the door is shut, even for the right code: guessing 40 bits in "
    "five tries succeeds about once in 200 billion.",
)
def tries(answer: object, lesson: LiveLesson) -> None:
    count_tries = function_of(answer, "count_tries")
    for allowed in random.sample(range(2, 9), 3):
        lock = Lock(allowed)
        _judge_count(ask(count_tries, lock), lock.sent, allowed)
    if lesson.is_mock:  # the real service allows three enrollments an hour: too few for this
        with lesson.lab_realm() as lab:
            enrollment = lab.client.request_enrollment(SPONSOR, "wrong-codes")
            live = Counted(lambda code: lab.client.confirm_enrollment(enrollment, code))
            _judge_count(ask(count_tries, live), live.sent, 5)


class Counted:
    """Counts how often it is called."""

    def __init__(self, send: Callable[[str], object]) -> None:
        self.send, self.sent = send, 0

    def __call__(self, code: str) -> object:
        self.sent += 1
        return self.send(code)


def _judge_count(got: object, sent: int, allowed: int) -> None:
    if sent == 0:
        raise Wrong("Your function sent no code at all: call `confirm` with one.")
    if sent < allowed:
        raise Wrong(
            f"You stopped after {sent} of {allowed} wrong codes. A 401 means wrong, not "
            "locked: go on until the answer is 410.",
            "M25",
        )
    if sent > allowed:
        raise Wrong(
            f"The enrollment was locked after {allowed} wrong codes, and you sent {sent}. "
            "A 410 is final: stop there."
        )
    if got == allowed - 1:
        raise Wrong(
            f"You counted the 401s, {got} of them. The code that was answered 410 was "
            "taken as well: it locked the door."
        )
    if got != allowed:
        raise Wrong(f"This enrollment took {allowed} wrong codes; you returned {show(got)}.")


HOSTILE: tuple[tuple[str, str], ...] = (
    ("../../.ssh/authorized_keys", "it climbs out of the folder"),
    ("/etc/passwd", "an absolute name replaces the whole path: pathlib forgets the folder"),
    ("cli_ok/../../x", "a slash in the middle is enough"),
    ("cli_ok\n", "`$` also matches before a final newline: use re.fullmatch"),
    ("CLI_OK", "the service writes ids in lower case"),
    ("cli_", "nothing comes after the prefix"),
    ("cli_" + "a" * 65, "65 characters after the prefix is one more than any id has"),
    ("cli_agent²", r"\w and isdigit know letters and digits of every script"),
    ("cli_a\x00b", "a NUL ends the name for the operating system"),
    ("", "an empty name is the folder itself"),
    ("agent_1", "every id starts with cli_"),
)


@exercise(
    "02.safe-path",
    "A safe path for a hostile client_id",
    hints=[
        "Decide on the name before it becomes part of a path, not on the path afterwards.",
        "List what is allowed, not what is forbidden: `cli_`, then 1 to 64 of a-z, 0-9 and _.",
        r"re.fullmatch(r'cli_[a-z0-9_]{1,64}', client_id), and raise ValueError when it is None.",
    ],
    praise="An allow-list, matched whole, before the path exists: nothing climbs out.",
)
def safe_path(answer: object, lesson: LiveLesson) -> None:  # noqa: ARG001
    function = function_of(answer, "safe_path")
    folder = Path(tempfile.gettempdir()) / word()
    for client_id in (f"cli_my_agent_{word()}", "cli_a", "cli_" + "z" * 64):
        got, expected = ask(function, folder, client_id), folder / client_id / "client.json"
        if not isinstance(got, Path | str) or Path(got) != expected:
            raise Wrong(
                f"For {client_id[:20]} the path is folder/client_id/client.json; "
                f"your function returned another: {_tail(got)}."
            )
    for client_id, reason in HOSTILE:
        if not refuses(function, folder, client_id):
            raise Wrong(f"{show(client_id)} got a path: {reason}.")


def _tail(path: object) -> str:
    """The last parts of a path: never the folders above, which name this machine."""
    return "…/" + "/".join(Path(path).parts[-2:]) if isinstance(path, Path | str) else show(path)


@exercise(
    "02.second-confirm",
    "The confirm that came twice",
    hints=[
        "Call `confirm()` once, inside try. What it returns is the answer, when it returns.",
        "On ServiceError look at `.status`: only 409 says that this was confirmed before.",
        "After a 409 there is one place left where the secret can be: `load()`.",
        "Every other status is somebody else's problem: `raise` it again.",
    ],
    praise="A 409 means: it took effect already, and the one answer with the secret is gone. Look "
    "on the disk; if it is not there either, register again.",
)
def second_confirm(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "confirm_once")
    fresh, stored = {"client_id": f"cli_{word()}"}, {"client_id": f"cli_{word()}"}
    if ask(function, Answers(fresh), _forbidden) != fresh:
        raise Wrong("The first confirm returns the credentials: hand them on.")
    _after_conflict(function, stored)
    _after_conflict(function, None)
    _other_refusals_pass(function)
    if lesson.is_mock:
        _live(function, lesson)


class Answers:
    """A confirm that gives the same answer each time, and counts how often it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer, self.calls = answer, 0

    def __call__(self) -> Any:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _forbidden() -> None:
    raise Wrong("You looked on the disk although the first confirm had just succeeded.")


def _after_conflict(function: Callable[..., Any], stored: object) -> None:
    confirm = Answers(ServiceError(409, "conflict", "Confirmed already."))
    try:
        got = function(confirm, lambda: stored)
    except ServiceError:
        raise Wrong(
            "A 409 is no failure to pass on: the enrollment was confirmed before, so the "
            "credentials may be on the disk. Ask `load()`."
        ) from None
    if confirm.calls != 1:
        raise Wrong(
            f"You sent the confirm {confirm.calls} times. The secret is shown once: "
            "asking again can't bring it back."
        )
    if got != stored:
        raise Wrong(
            "After a 409 return what `load()` returns, also when that is None: then "
            f"nobody has the secret. Your function returned {show(got)}."
        )


def _other_refusals_pass(function: Callable[..., Any]) -> None:
    for status, error in ((401, "unauthorized"), (410, "gone"), (404, "not_found")):
        confirm = Answers(ServiceError(status, error, "…"))
        try:
            function(confirm, lambda: {"client_id": "cli_of_another_time"})
        except ServiceError:
            continue
        raise Wrong(
            f"A {status} was swallowed. Only 409 says that the enrollment was confirmed "
            "before; let every other refusal through."
        )


def _live(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same with a real enrollment: confirmed by us first, then by the learner's function."""
    with lesson.lab_realm() as lab:
        enrollment = lab.client.request_enrollment(SPONSOR, "confirmed-twice")
        code = lab.controls.code_for(SPONSOR, lab.realm)
        credentials = lab.client.confirm_enrollment(enrollment, code)
        again = Counted(lambda code: lab.client.confirm_enrollment(enrollment, code))
        got = ask(function, lambda: again(code), lambda: credentials.client_id)
        if got != credentials.client_id or again.sent != 1:
            raise Wrong(
                "Against the running service your function did not end at the stored "
                "credentials after one confirm."
            )
