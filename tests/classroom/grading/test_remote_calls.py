"""Calls both ways over one line: nested, side by side, and ended by a verdict."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from dialtone_kit.classroom.grading import line as lines
from dialtone_kit.classroom.grading.crossing import Crossing
from dialtone_kit.classroom.grading.line import Line, LineBroken
from dialtone_kit.classroom.grading.remote_calls import RemoteCalls
from dialtone_kit.lesson.exercises import Wrong


class Far:
    """A stand-in that calls back."""

    def __init__(self, calls: Callable[[], RemoteCalls], number: int) -> None:
        self._calls, self.number = calls, number

    def __call__(self, *args: Any) -> Any:
        return self._calls().call(self.number, args)


class Root:
    """What the sandbox's side offers here."""

    def apply(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def catches_all(self, function: Callable[..., Any]) -> str:
        for _ in range(3):
            with suppress(BaseException):
                function()
        return "went on"

    def fails(self) -> None:
        raise LookupError("gone")


@pytest.fixture
def judge() -> Iterator[RemoteCalls]:
    ours, theirs = socket.socketpair()
    here: RemoteCalls = RemoteCalls(
        Line(ours, deadline=time.monotonic() + 10),
        Crossing(lambda lent: Far(lambda: here, lent.number), (), ()),
        _only_public,
        (Wrong, LineBroken),
    )
    there: RemoteCalls = RemoteCalls(
        Line(theirs), Crossing(lambda lent: Far(lambda: there, lent.number), (), ()), getattr, ()
    )
    there.on_new = lambda c: threading.Thread(target=_serving, args=(there, c), daemon=True).start()
    there.crossing.lend(Root())
    threading.Thread(target=_serving, args=(there, 0), daemon=True).start()
    yield here
    here.line.close()


def _serving(calls: RemoteCalls, conversation: int) -> None:
    with pytest.raises(LineBroken):
        calls.serve(conversation)


def _only_public(thing: object, name: str) -> Any:
    raise AttributeError(name)


def ask(judge: RemoteCalls, name: str, *args: object) -> Any:
    return judge.get(1, name)(*args)


def test_a_call_comes_back_with_calls_in_between(judge: RemoteCalls) -> None:
    assert ask(judge, "apply", lambda a, b: a + b, 2, 3) == 5
    assert ask(judge, "apply", lambda: ask(judge, "apply", lambda: "deep")) == "deep"


def test_what_it_raises_is_raised_here(judge: RemoteCalls) -> None:
    with pytest.raises(LookupError, match="gone"):
        ask(judge, "fails")
    assert ask(judge, "apply", str, 1) == "1"


def test_a_verdict_in_a_callback_ends_the_call_whatever_is_caught(judge: RemoteCalls) -> None:
    def wrong() -> None:
        raise Wrong("too early", "M21")

    with pytest.raises(Wrong, match="too early"):
        ask(judge, "catches_all", wrong)
    assert ask(judge, "apply", str, 1) == "1"


def test_two_threads_talk_at_the_same_time(judge: RemoteCalls) -> None:
    both = threading.Barrier(2, timeout=5)
    got: list[object] = []

    def meet(name: str) -> str:
        both.wait()  # only if both calls are under way
        return name

    threads = [
        threading.Thread(target=lambda name=name: got.append(ask(judge, "apply", meet, name)))
        for name in ("Ada", "Bob")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, got)) == ["Ada", "Bob"]


def test_the_other_side_reaches_only_what_it_may() -> None:
    ours, theirs = socket.socketpair()
    calls = RemoteCalls(
        Line(ours), Crossing(lambda lent: lent, (), ()), _only_public, (LineBroken,)
    )
    number = calls.crossing.lend(object())
    theirs.sendall(b'{"c": 0, "do": "get", "on": %d, "name": "__class__"}\n' % number)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(LineBroken):
        calls.serve()
    assert b'"names": ["AttributeError"' in theirs.recv(65536)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"?\n", "isn't a message"),
        (b"[]\n", "isn't a message"),
        (b'{"do": "value"}\n', "isn't a message"),
        (b'{"c": 9, "do": "value"}\n', "nobody asked"),
        (b'{"c": 0, "do": "call", "on": 99}\n', "never given"),
        (b'{"c": 0, "do": "value", "value": {"own": 5}}\n', "never given"),
        (b"[" * 100_000 + b"\n", "isn't a message"),
        (b"", "ended before"),
    ],
)
def test_a_line_that_breaks_the_protocol_says_how(sent: bytes, says: str) -> None:
    ours, theirs = socket.socketpair()
    calls = RemoteCalls(Line(ours), Crossing(lambda lent: lent, (), ()), getattr, (LineBroken,))
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(LineBroken, match=says):
        calls.call(1)


def test_a_message_has_a_longest_length_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 50)
    ours, theirs = socket.socketpair()
    line = Line(ours)
    line.write({"fits": "x" * 30})
    with pytest.raises(ValueError, match="too large"):
        line.write({"long": "x" * 60})
    theirs.sendall(b"x" * 70_000)
    with pytest.raises(LineBroken, match="without an end"):
        line.read()


def test_nobody_waits_longer_than_the_deadline() -> None:
    ours, _theirs = socket.socketpair()
    line = Line(ours, deadline=time.monotonic() + 0.05)
    with pytest.raises(LineBroken, match="too long"):
        line.read()


def test_messages_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST", 2)
    ours, theirs = socket.socketpair()
    theirs.sendall(b"{}\n" * 3)
    line = Line(ours)
    assert [line.read(), line.read()] == [{}, {}]
    with pytest.raises(LineBroken, match="too many"):
        line.read()
