"""A check ends in time, whatever the function does, and what it set up is cleaned up."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialtone_kit.client.transport import open_client
from dialtone_kit.lesson.exercises import Exercise, LiveLesson, Verdict, patience
from dialtone_kit.lesson.exercises.asking import ask
from dialtone_kit.lesson.exercises.checking import TOO_LONG, TOO_SLOW, check
from dialtone_kit.lesson.exercises.time_limit import STILL_RUNNING, TimeLimit
from dialtone_kit.lesson.loopback import Answered, Loopback

NAP = 30  # seconds: far beyond the limit


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)


def judged(
    answer: Any, judge: Callable[[Any, Any], None] | None = None, issuer: str = ""
) -> Verdict:
    """The verdict on `answer`. By default the check only calls it."""
    judge = judge or (lambda function, _: ask(function))
    exercise = Exercise("13.x", "X", [], "Right.", "core", cast(Any, judge))
    return check(exercise, answer, cast(LiveLesson, SimpleNamespace(issuer=issuer)))


# -- loops as learners write them --------------------------------------------------------------
# ruff: noqa: E722, SIM105, B012


def bare_except() -> None:
    while True:
        try:
            time.sleep(NAP)
        except:
            pass


def bare_except_that_waits_again() -> None:
    while True:
        try:
            time.sleep(NAP)
        except:
            time.sleep(NAP)


def three_of_them() -> None:
    while True:
        try:
            try:
                try:
                    time.sleep(NAP)
                except:
                    pass
            except:
                pass
        except:
            pass


def finally_goes_on() -> None:
    while True:
        try:
            time.sleep(NAP)
        finally:
            continue


def suppressed() -> None:
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(NAP)


def calls_itself() -> None:
    try:
        time.sleep(NAP)
    except:
        calls_itself()


def calls_a_helper() -> None:
    def helper() -> None:
        try:
            time.sleep(NAP)
        except:
            return

    while True:
        helper()


def waits_for_a_thread() -> None:
    thread = threading.Thread(target=time.sleep, args=(2,), daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join()
        except:
            pass


def spins() -> None:
    while True:
        try:
            len("")
        except:
            pass


def swallows_it_and_returns() -> None:
    try:
        time.sleep(NAP)
    except:
        return


LOOPS = [
    bare_except,
    bare_except_that_waits_again,
    three_of_them,
    finally_goes_on,
    suppressed,
    calls_itself,
    calls_a_helper,
    waits_for_a_thread,
    spins,
    swallows_it_and_returns,
]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_a_loop_that_swallows_everything_ends(loop: Callable[[], None]) -> None:
    before, began = sys.gettrace(), time.monotonic()
    verdict = judged(loop)
    assert (verdict.outcome, verdict.sentence) == ("wrong", TOO_LONG)
    assert time.monotonic() - began < 1.2
    assert sys.gettrace() is before


def test_a_function_that_takes_the_alarm_for_itself_ends() -> None:
    def takes_it() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True:
            time.sleep(0.01)

    before = signal.getsignal(signal.SIGALRM)
    assert judged(takes_it).sentence == TOO_LONG
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_function_that_returns_in_time_is_right() -> None:
    assert judged(lambda: time.sleep(0.1)).outcome == "right"


def test_an_alarm_of_someone_else_is_kept() -> None:
    before = signal.getitimer(signal.ITIMER_REAL)[0]
    with TimeLimit(5):
        pass
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(before)


# -- beyond the main thread --------------------------------------------------------------------


def in_a_thread(answer: Callable[[], None]) -> Verdict:
    verdicts: list[Verdict] = []
    thread = threading.Thread(target=lambda: verdicts.append(judged(answer)))
    thread.start()
    thread.join()
    return verdicts[0]


def test_beyond_the_main_thread_a_loop_ends() -> None:
    def loop() -> None:
        while True:
            time.sleep(0.01)

    assert in_a_thread(loop).sentence == TOO_LONG


def test_beyond_the_main_thread_a_line_names_what_helps_with_one_that_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    in_a_thread(lambda: time.sleep(2.6))
    assert capsys.readouterr().err.strip() == STILL_RUNNING
    assert "Kernel > Restart Kernel" in STILL_RUNNING


# -- the check's own work ----------------------------------------------------------------------


class Scene:
    """Takes a while to clean up, and notes that it did."""

    def __init__(self) -> None:
        self.is_clean = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        try:
            yield
        finally:
            time.sleep(0.3)
            self.is_clean = True


def test_what_a_check_set_up_is_cleaned_up_after_a_function_that_took_too_long() -> None:
    scene = Scene()

    def judge(function: Callable[[], None], _: object) -> None:
        with scene.open():
            ask(function)

    assert judged(bare_except, judge).sentence == TOO_LONG
    assert scene.is_clean


def test_a_check_that_is_slow_itself_is_no_mistake_of_the_function_and_cleans_up() -> None:
    scene = Scene()

    def judge(function: Callable[[], int], _: object) -> None:
        with scene.open():
            ask(function)
            time.sleep(NAP)

    verdict = judged(lambda: 1, judge)
    assert (verdict.outcome, verdict.sentence) == ("can't tell", TOO_SLOW)
    assert scene.is_clean


def test_a_verdict_that_was_reached_in_time_stays_while_the_clean_up_takes_longer() -> None:
    scene = Scene()

    def judge(function: Callable[[], int], _: object) -> None:
        with scene.open():
            time.sleep(0.1)
            ask(function)

    assert judged(lambda: 1, judge).outcome == "right"
    assert scene.is_clean


@pytest.mark.parametrize(("seconds", "outcome"), [(1.5, "can't tell"), (0.0, "wrong")])
def test_waiting_for_a_slow_service_is_no_mistake_and_asking_a_quick_one_for_ever_is(
    seconds: float, outcome: str
) -> None:
    def answer(_: object) -> Answered:
        time.sleep(seconds)
        return Answered(200, {})

    with contextlib.closing(Loopback(answer, "slow")) as service:

        def asks_again_and_again() -> None:
            with open_client(service.origin, timeout=NAP) as http:
                while True:
                    http.get(service.origin)

        verdict = judged(asks_again_and_again, issuer=service.origin)
    assert verdict.outcome == outcome
    assert verdict.sentence == (TOO_SLOW if outcome == "can't tell" else TOO_LONG)
