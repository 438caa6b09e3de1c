"""Lesson 02: count the tries, the second confirm, and a safe path for a hostile name."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.base.reason import sentence
from dialtone_kit.lesson.content.lesson_02.client_ids import HOSTILE, good_ids
from dialtone_kit.lesson.content.lesson_02.lock import Lock
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import (
    ask,
    described,
    function_of,
    refuses,
    same,
    show,
    word,
)
from dialtone_kit.lesson.exercises.patience import CALLS, Calls, sealed

SPONSOR = "sponsor@example.com"


@exercise(
    "02.tries",
    "Count the tries",
    hints=[
        "Call `confirm('AAAA-AAAA')` in a loop, and catch ServiceError.",
        "`refused.status` tells the two refusals apart: 401 means wrong, 410 means locked.",
        "The code that gets the 410 counts too: it is the one that locked the enrollment. Any "
        "other answer, such as a 503, costs no try.",
    ],
    praise="After a few wrong codes, even the right one is refused. The service allows "
    "five: guessing 40 bits in five tries succeeds about once in 200 billion.",
)
def tries(answer: object, lesson: LiveLesson) -> None:
    count_tries = function_of(answer, "count_tries")
    for allowed in random.sample(range(2, 9), 3):
        confirm = Calls(Lock(allowed), _gone_on(allowed))
        _judge_count(ask(count_tries, sealed(confirm)), confirm.count, allowed)
    _judge_busy(count_tries)
    if lesson.is_mock:  # the real service allows three enrollments an hour: too few for this
        with lesson.lab_realm() as lab:
            enrollment = lab.client.request_enrollment(SPONSOR, "wrong-codes")
            live = Calls(
                lambda code: lab.client.confirm_enrollment(enrollment, code), _gone_on(5), limit=10
            )
            _judge_count(ask(count_tries, sealed(live)), live.count, 5)


def _gone_on(allowed: int) -> str:
    return (
        f"The enrollment was locked after {allowed} wrong codes, and you went on sending. "
        "A 410 is final: stop there."
    )


def _judge_busy(function: Callable[..., Any]) -> None:
    """A 503 in between is neither a try nor the lock; going on and passing it on are both fine."""
    confirm = Calls(Lock(4, busy=True), _gone_on(4))
    try:
        got = function(sealed(confirm))
    except ServiceError as error:
        if error.status == 503:
            return
        raise Wrong(sentence(f"Your function raised {error}")) from None
    except Exception as error:
        raise Wrong(sentence(f"Your function raised {described(error)}")) from None
    if confirm.count < 5:
        raise Wrong("You mistook a 503 for the lock. Only 410 says that the enrollment is locked.")
    if same(got, 5):
        raise Wrong(
            "You counted a 503 as a try. It means that the service was busy and did not look at "
            "that code; only 401 and 410 cost a try."
        )
    _judge_count(got, confirm.count - 1, 4)


def _judge_count(got: object, sent: int, allowed: int) -> None:
    if sent == 0:
        raise Wrong("Your function sent no code at all: call `confirm` with one.")
    if sent < allowed:
        raise Wrong(
            f"You stopped after {sent} of {allowed} wrong codes. A 401 means wrong, not "
            "locked: go by `.status`, until it is 410.",
            "M25",
        )
    if sent > allowed:
        raise Wrong(_gone_on(allowed))
    if same(got, allowed - 1):
        raise Wrong(
            f"You counted the 401s, {got} of them. The code that was answered 410 counts "
            "too: it locked the enrollment."
        )
    if not same(got, allowed):
        raise Wrong(f"This enrollment took {allowed} wrong codes; you returned {show(got)}.")


@exercise(
    "02.second-confirm",
    "The confirm that came twice",
    hints=[
        "Call `confirm()` once, inside `try`. If it returns something, return that.",
        "On ServiceError, look at `.status`: only 409 says that this was confirmed before.",
        "After a 409 there is one place left that may have the secret: `load()`. Call it once.",
        "Every other status is for the caller to deal with: `raise` it again.",
    ],
    praise="A 409 means that it took effect, and that the one response with the secret is gone. "
    "Look on the disk; if the secret isn't there either, register again.",
)
def second_confirm(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "confirm_once")
    fresh, stored = {"client_id": f"cli_{word()}"}, {"client_id": f"cli_{word()}"}
    if not same(ask(function, sealed(Calls(lambda: fresh, _once(2), limit=1)), _forbidden), fresh):
        raise Wrong("The first confirm returns the credentials: return them.")
    _after_conflict(function, stored)
    _after_conflict(function, None)
    _other_refusals_pass(function)
    if lesson.is_mock:
        _live(function, lesson)


ONE_LOAD = "You called `load()` twice. Once is enough: the disk hasn't changed in between."


def _once(count: int) -> str:
    return (
        f"You sent the confirm {count} times. Send it once: the secret is shown once, and asking "
        "again can't bring it back."
    )


def _refusing(status: int) -> Calls:
    """A confirm that is refused each time, in words that fit another status."""
    error, description = ("gone", "No 401, no 410.") if status == 409 else ("conflict", "No 409.")

    def confirm() -> None:
        raise ServiceError(status, error, description)

    return Calls(confirm, _once(CALLS))


def _forbidden() -> None:
    raise Wrong("You looked on the disk although the first confirm had just succeeded.")


def _after_conflict(function: Callable[..., Any], stored: object) -> None:
    confirm = _refusing(409)
    load = Calls(lambda: stored, ONE_LOAD, limit=1)
    try:
        got = function(sealed(confirm), sealed(load))
    except ServiceError as error:
        if error.status == 409 and stored is None and load.count:
            return  # passed on after a look at the disk: there is nothing to be had
        raise Wrong(
            "Don't pass a 409 on: the enrollment was confirmed before, so the credentials "
            "may be on the disk. Ask `load()`."
        ) from None
    except Exception as error:
        raise Wrong(sentence(f"After a 409 your function raised {described(error)}")) from None
    if confirm.count != 1:
        raise Wrong(_once(confirm.count))
    if not same(got, stored):
        raise Wrong(
            "After a 409, return what `load()` returns, even if that is None: then "
            f"nobody has the secret. Your function returned {show(got)}."
        )


def _other_refusals_pass(function: Callable[..., Any]) -> None:
    for status in (401, 408, 410, 404, 400, 403, 429, 500, 502, 503, 504):
        confirm = _refusing(status)
        try:
            function(sealed(confirm), lambda: {"client_id": "cli_of_another_time"})
        except ServiceError as error:
            if error.status != status:
                raise Wrong(f"A {status} came out of your function as a {error.status}.") from None
        except Exception as error:
            raise Wrong(
                f"A {status} came out of your function as {described(error)}: let the "
                "ServiceError itself through."
            ) from None
        else:
            raise Wrong(
                f"A {status} was swallowed. Only 409 says that the enrollment was confirmed "
                "before; let every other refusal through."
            )
        if confirm.count != 1:
            raise Wrong(f"After a {status} you confirmed again. {_once(confirm.count)}")


def _live(function: Callable[..., Any], lesson: LiveLesson) -> None:
    """The same with a real enrollment: confirmed by us first, then by the learner's function."""
    with lesson.lab_realm() as lab:
        enrollment = lab.client.request_enrollment(SPONSOR, "confirmed-twice")
        code = lab.controls.code_for(SPONSOR, lab.realm)
        credentials = lab.client.confirm_enrollment(enrollment, code)
        again = Calls(lambda: lab.client.confirm_enrollment(enrollment, code), _once(2), limit=1)
        got = ask(function, sealed(again), lambda: credentials.client_id)
        if not same(got, credentials.client_id) or again.count != 1:
            raise Wrong(
                "Against the running service, your function did not return the stored "
                "credentials after one confirm."
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
    for client_id in good_ids():
        got, expected = ask(function, folder, client_id), folder / client_id / "client.json"
        if not isinstance(got, Path | str) or Path(got).resolve() != expected.resolve():
            raise Wrong(
                f"For {client_id[:20]} the path is folder/client_id/client.json; "
                f"your function returned another path: {_tail(got)}."
            )
    for client_id, reason in HOSTILE:
        if not refuses(function, folder, client_id):
            raise Wrong(f"{show(client_id)} got a path: {reason}.")


def _tail(path: object) -> str:
    """The last parts of a path: never the folders above, which name this machine."""
    return "…/" + "/".join(Path(path).parts[-2:]) if isinstance(path, Path | str) else show(path)
