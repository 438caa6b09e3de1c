"""Judging an answer: the check decides, and whatever it meets becomes one of four outcomes."""

from __future__ import annotations

import dis
import inspect
import time

import httpx

from dialtone_kit.base.errors import (
    DialtoneError,
    MockOnly,
    NotThisService,
    ServiceError,
    ServiceUnreachable,
)
from dialtone_kit.base.masking import masked
from dialtone_kit.base.reason import sentence
from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.exercises import patience
from dialtone_kit.lesson.exercises.asking import described
from dialtone_kit.lesson.exercises.definition import Exercise, LiveLesson
from dialtone_kit.lesson.exercises.printing import masked_output
from dialtone_kit.lesson.exercises.time_limit import TimeLimit, TooLong, TooSlow
from dialtone_kit.lesson.exercises.verdict import NotCounted, NotTried, Verdict, Wrong

SERVICE_AWAY = (ServiceError, ServiceUnreachable, NotThisService, MockOnly, httpx.TransportError)

TOO_LONG = (
    f"Your function had not returned after {patience.PATIENCE:.0f} seconds. Look for a loop that "
    "never ends, or a call that waits."
)
TOO_SLOW = (
    "The service is slow right now, so the check ran out of time. This try doesn't count: run the "
    "cell again in a minute. `dialtone doctor` shows how the service is."
)
SLOW = 1.0  # seconds for three small requests to a service on the same machine
IS_ASYNC = "Write it with `def`, not `async def`: the check calls it and looks at what it returns."


def check(exercise: Exercise, answer: object, lesson: LiveLesson) -> Verdict:
    """Judge `answer`. Never raises, whatever the answer does, and takes no more than some 10 s.

    Only a service that hangs while the check cleans up can make it longer.
    """
    limit = TimeLimit(patience.PATIENCE)
    try:
        with masked_output(), limit:
            if is_untouched(answer):
                raise NotTried
            if inspect.iscoroutinefunction(answer):
                raise Wrong(IS_ASYNC)
            requests = exercise.judge(answer, lesson)
    except NotTried:
        return Verdict("not tried", _to_fill_in(exercise.title))
    except Wrong as wrong:
        return Verdict("wrong", masked(str(wrong)), wrong.code)
    except NotCounted as pause:
        return Verdict("can't tell", str(pause))
    except TooSlow:
        return Verdict("can't tell", TOO_SLOW)
    except TooLong:
        if limit.in_request and _is_slow(lesson):
            return Verdict("can't tell", TOO_SLOW)
        return Verdict("wrong", TOO_LONG)
    except KeyboardInterrupt:
        return Verdict("can't tell", "You interrupted the check before your function returned.")
    except SERVICE_AWAY as away:
        return Verdict("can't tell", f"The service did not answer as expected: {masked(str(away))}")
    except BaseException as error:
        return Verdict(
            "wrong", masked(sentence(f"Your answer broke the check: {described(error)}"))
        )
    return Verdict("right", exercise.praise, requests=requests)


def _is_slow(lesson: LiveLesson) -> bool:
    """Whether the service, asked now by nobody's function, keeps us waiting."""
    began = time.monotonic()
    try:
        with open_client(lesson.issuer, timeout=SLOW) as http:
            for _ in range(3):
                http.get(f"{lesson.issuer}/.well-known/openid-configuration")
    except (DialtoneError, httpx.HTTPError):
        return True
    return time.monotonic() - began > SLOW


def _to_fill_in(title: str) -> str:
    """What to do, after a title that may be a question."""
    if title.endswith("?"):
        return f"{title} Fill in the cell and run it again."
    return f"{title}: fill in the cell and run it again."


def is_untouched(answer: object) -> bool:
    """Whether `answer` is still what the notebook came with: None, `...`, or a body of `...`."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, dict | list | tuple):
        values = answer.values() if isinstance(answer, dict) else answer
        return all(is_untouched(value) for value in values)
    return _is_stub(answer)


def _is_stub(answer: object) -> bool:
    """Whether a function does nothing but return None or `...`.

    Judged by its bytecode: the source of a notebook's function is not always available.
    """
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    idle = {"RESUME", "NOP", "CACHE", "MAKE_CELL", "COPY_FREE_VARS", "RETURN_VALUE"}
    for step in dis.get_instructions(code):
        is_empty = step.opname in {"LOAD_CONST", "RETURN_CONST"} and step.argval in (None, ...)
        if step.opname not in idle and not is_empty:
            return False
    return True
