"""The end inside the sandbox: runs a learner's cell and serves calls of what it answered.

It is started with a socket as its standard input, and reports values, never a verdict.
"""

from __future__ import annotations

import inspect
import io
import os
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dialtone_kit.classroom.grading.crossing import Crossing, Lent
from dialtone_kit.classroom.grading.kinds import KINDS
from dialtone_kit.classroom.grading.line import Line
from dialtone_kit.classroom.grading.remote_calls import RemoteCalls
from dialtone_kit.client.config_folder import config_dir
from dialtone_kit.lesson.content.lesson_10.together import Pace
from dialtone_kit.lesson.content.lesson_11.fix import loaded
from dialtone_kit.lesson.exercises.asking import described
from dialtone_kit.lesson.exercises.checking import is_untouched
from dialtone_kit.lesson.exercises.verdict import Wrong

# Each side lends one thing first, so both know its number.
HANDS = 1  # lent by this side: `Hands`
LESSON = 1  # lent by the judge: the lesson
LIMITS = {  # of the sandbox: each soft and hard
    "RLIMIT_CPU": 30,  # seconds
    "RLIMIT_AS": 1 << 30,  # bytes
    "RLIMIT_FSIZE": 16 << 20,
    "RLIMIT_NOFILE": 128,
    "RLIMIT_NPROC": 64,  # not for root; the system call filter allows threads only
    "RLIMIT_CORE": 0,
}
PRINTED = 20_000  # characters


class Remote:
    """Something of the judge's: attributes and calls cross."""

    def __init__(self, calls: RemoteCalls, lent: Lent) -> None:
        self.__dict__.update(_calls=calls, _lent=lent)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._calls.get(self._lent.number, name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._calls.call(self._lent.number, args, named)

    def __repr__(self) -> str:
        return str(self._lent.text)


class LessonHere:
    """What a cell calls `lesson`: keeps the answers; all else is the judge's lesson."""

    def __init__(self, lesson: Remote) -> None:
        self._lesson, self.answers = lesson, dict[str, Any]()

    def check(self, exercise_id: str, answer: object) -> None:
        self.answers[str(exercise_id)] = answer

    def hint(self, exercise_id: str) -> None:
        """A hint that was left in the cell."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lesson, name)


class Hands:
    """What the judge can ask for here."""

    def __init__(self, lesson: LessonHere) -> None:
        self._lesson = lesson
        self._names: dict[str, Any] = {"lesson": lesson, "__name__": "__main__"}
        self._problems: list[str] = []

    def prepare(self, statements: Sequence[str]) -> list[str]:
        """Run what the lesson defined before the cell; returns what went wrong."""
        for statement in statements:
            try:
                exec(compile(statement, "the lesson", "exec"), self._names)  # noqa: S102
            except Exception as error:
                self._problems.append(described(error))
        return self._problems

    def run(self, cell: str, exercise_id: str) -> dict[str, Any]:
        """Run the learner's cell, and hand over its answer or what it raised."""
        try:
            exec(compile(cell, "the cell", "exec"), self._names)  # noqa: S102
        except BaseException as error:
            return {"raised": described(error)}
        if exercise_id not in self._lesson.answers:
            return {"raised": ""}
        answer = self._lesson.answers[exercise_id]
        waits = inspect.iscoroutinefunction(answer)
        about = {"untouched": is_untouched(answer), "async": waits, "callable": callable(answer)}
        return {"answer": answer, **about}

    def verifier(self, source: str) -> list[Any]:
        """`verify` in a source, for 11.fix: the function, or what is wrong with it."""
        try:
            return [loaded(source), ""]
        except Wrong as wrong:
            return [None, str(wrong)]

    def put(self, files: Mapping[str, str]) -> None:
        """Files of the credential store, before a call that may delete some."""
        for name, text in files.items():
            path = config_dir() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def left(self) -> dict[str, str]:
        """What is in the credential store, next to it or in the home folder, by its name.

        Of each file, how it begins. The rest of /tmp isn't searched: Python itself may be there.
        """
        folder = config_dir()
        around = (*folder.parent.rglob("*"), *Path.home().glob("*"))
        return {os.path.relpath(one, folder): _beginning(one) for one in around if one.is_file()}


class Printed(io.TextIOBase):
    """Keeps the end of what a learner's code prints, until the next answer takes it along."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> int:
        self._text = (self._text + text)[-PRINTED:]
        return len(text)

    def take(self) -> str:
        text, self._text = self._text, ""
        return text


def main() -> None:
    """Serve the judge on standard input until it is gone."""
    line = _line()
    printed = Printed()
    sys.stdout = sys.stderr = printed
    crossing = Crossing(lambda lent: Remote(calls, lent), (k for k in KINDS if k.back), KINDS)
    calls = RemoteCalls(line, crossing, getattr, ())
    calls.printed = printed.take
    lesson = LessonHere(Remote(calls, Lent(LESSON, "Lesson", "<the lesson>", callable=False)))
    if crossing.lend(Hands(lesson)) != HANDS:
        raise SystemExit(1)
    calls.on_new = Side(calls).by_side
    _limit()
    calls.serve()


class Side:
    """Serves the judge's other threads, which call one function at the same time."""

    def __init__(self, calls: RemoteCalls) -> None:
        self._calls, self._pace = calls, Pace(2)

    def by_side(self, conversation: int) -> None:
        """Serve this conversation in a thread, in step with the other one."""
        threading.Thread(target=self._serve, args=(conversation,), daemon=True).start()

    def _serve(self, conversation: int) -> None:
        self._calls.serve(conversation, lambda: self._pace.kept(self._is_the_learners))

    @staticmethod
    def _is_the_learners(code: Any) -> bool:
        return bool(code.co_filename == "the cell")


def _beginning(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(PRINTED)


def _line() -> Line:
    """The socket, taken off standard input; nothing else stays open."""
    end = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.close(nothing)
    return Line(end)


def _limit() -> None:
    import resource  # Unix only, as the sandbox is

    for name, most in LIMITS.items():
        limit = getattr(resource, name)
        _, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
