"""Wrong answers to the exercises of lesson 12, and unusual right ones."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

import httpx

from dialtone_kit.lesson.content.lesson_12.field_cases import CAUSES, cause_of
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong
from tests.support.wrong_answers.lesson_03 import FromLesson

STEPS = {
    "use_dpop_nonce": "retry",
    "rate_limited": "wait",
    "slow_down": "wait",
    "authorization_pending": "wait",
    "access_denied": "stop",
    "conflict": "stop",
    "gone": "stop",
    "invalid_grant": "stop",
}


def _right_step(answer, steps=STEPS):
    if answer.error in steps:
        return steps[answer.error]
    if answer.status == 429:
        return "wait"
    if answer.status < 500:
        return "fix"
    if not answer.harmless:
        return "stop"
    return "retry" if answer.retry_after is None else "wait"


def _but(says, step, error, code=""):
    """The right function, with one code taken for something else."""
    steps = STEPS | {error: step}
    value("12.triage", error, says, lambda _: lambda answer: _right_step(answer, steps), code)


_but("Two 401s, two answers: `use_dpop_nonce` is a question", "fix", "use_dpop_nonce", "M02")
_but("It is the pace", "stop", "slow_down", "M21")
_but("ends the family", "retry", "invalid_grant", "M34")
_but("Someone decided", "fix", "access_denied")
_but("It's done already", "retry", "conflict")
_but("Two 403s", "stop", "insufficient_scope")
_but("It's over", "fix", "gone")


@wrong("12.triage", "M02", "Two 401s, two answers")
def by_the_status(answer):
    if answer.status >= 500:
        return "retry" if answer.harmless else "stop"
    return {429: "wait", 403: "stop", 409: "stop", 410: "stop"}.get(answer.status, "fix")


@wrong("12.triage", "M35", "look before you send again")
def every_5xx_again(answer):
    if answer.status >= 500:
        return "retry" if answer.retry_after is None else "wait"
    return _right_step(answer)


@wrong("12.triage", "M36", "It names a time")
def a_named_wait_is_advice(answer):
    if answer.status >= 500 and answer.harmless:
        return "retry"
    return _right_step(answer)


@wrong("12.triage", "M36", "The code is new to you")
def codes_alone(answer):
    if answer.status >= 500:
        return _right_step(answer)
    return STEPS.get(answer.error, "fix")


@wrong("12.triage", "", "away for a moment")
def never_again(answer):
    step = _right_step(answer)
    return "stop" if step == "retry" and answer.error != "use_dpop_nonce" else step


@wrong("12.triage", "M02", "`use_dpop_nonce` is a question")
def by_the_text(answer):
    return "wait" if "later" in answer.description or "Wait" in answer.description else "fix"


@wrong("12.triage", "", "Return one of 'retry'")
def other_words(answer):
    return _right_step(answer).upper()


@wrong("12.triage", "", "The step should be a string")
def claims_to_be_all(answer):
    return Chameleon()


@wrong("12.triage", "", "Return one of")
def claims_to_be_any_word(answer):
    return ChameleonText("whatever")


@wrong("12.triage", "", "raised KeyError")
def knows_every_code(answer):
    return STEPS[answer.error]


right("12.triage", "by-a-table", _right_step)


def _by_match(answer):
    match answer:
        case _ if answer.error == "use_dpop_nonce":
            return "retry"
        case _ if answer.error in ("slow_down", "authorization_pending") or answer.status == 429:
            return "wait"
        case _ if answer.error in ("access_denied", "invalid_grant"):
            return "stop"
        case _ if answer.status in (409, 410) or (answer.status >= 500 and not answer.harmless):
            return "stop"
        case _ if answer.status >= 500:
            return "wait" if answer.retry_after else "retry"
    return "fix"


right("12.triage", "by-match", _by_match)


def _from_the_end(answer):
    step = "fix"
    if answer.status >= 500:
        step = "wait" if answer.retry_after else "retry"
    if answer.status >= 500 and not answer.harmless:
        step = "stop"
    if answer.status in (409, 410) or answer.error in ("access_denied", "invalid_grant"):
        step = "stop"
    if answer.status == 429 or answer.error in ("slow_down", "authorization_pending"):
        step = "wait"
    return "retry" if "nonce" in answer.error else step


right("12.triage", "from-the-end", _from_the_end)


def _seconds(response):
    """The wait that a response names, None for none."""
    told = response.headers.get("Retry-After")
    if told is None or told.isdigit():
        return told and int(told)
    date = parsedate_to_datetime(response.headers["Date"])
    return (parsedate_to_datetime(told) - date).total_seconds()


WORTH = (429, 500, 502, 503, 504, 520)


def _sending(
    harmless=None, sleeps=None, longest=30, most=4, worth=WORTH, read=_seconds, first=1, more=2
):
    """The right loop, if nothing else is given; `harmless` None takes the argument's."""

    def send_well(prove, send, sleep, may_repeat):
        may_repeat = may_repeat if harmless is None else harmless
        for attempt in range(most):
            try:
                response = send(prove())
            except ConnectionError:
                if not may_repeat or attempt == most - 1:
                    raise
                continue
            if not may_repeat or response.status_code not in worth or attempt == most - 1:
                return response
            wait = read(response) or first * more**attempt
            if wait > longest:
                return response
            sleep(wait if sleeps is None else sleeps)
        return response

    return send_well


_right_sending = _sending()


@wrong("12.backoff", "M01", "Attempt 2 carried an earlier one's `jti`")
def the_proof_outside_the_loop(prove, send, sleep, harmless):
    proof = prove()
    return _right_sending(lambda: proof, send, sleep, harmless)


def _no_date(response):
    told = response.headers.get("Retry-After", "")
    return int(told) if told.isdigit() else None


BACKOFF = "12.backoff"
value(BACKOFF, "a-post-again", "two notes were written", lambda _: _sending(True), "M35")
value(
    BACKOFF,
    "dates-are-ignored",
    "You came 2[234] s early: `Retry-After` was an HTTP date",
    lambda _: _sending(read=_no_date),
    "M36",
)
value(BACKOFF, "no-pause", "You slept 0 s after a 503", lambda _: _sending(sleeps=0))
value(BACKOFF, "always-half-a-minute", "Begin with one or two", lambda _: _sending(sleeps=30))
value(BACKOFF, "three-seconds", "You came 4 s early", lambda _: _sending(sleeps=3), "M36")
value(BACKOFF, "waits-a-minute", "you may wait 30", lambda _: _sending(longest=90), "M36")
value(BACKOFF, "five-attempts", "attempt number 5", lambda _: _sending(most=9))
value(BACKOFF, "one-attempt", "gave up at attempt 1, after a 503", lambda _: _sending(most=1))
value(
    BACKOFF,
    "not-for-a-503",
    "gave up at attempt 1, after a 503",
    lambda _: _sending(worth=(429, 500, 502)),
)
value(
    BACKOFF,
    "a-401-too",
    "asked again after a 401",
    lambda _: _sending(worth=(401, *WORTH)),
)
value(
    BACKOFF,
    "not-for-a-504",
    "gave up at attempt 1, after a 504",
    lambda _: _sending(worth=(429, 500, 502, 503)),
)
value(
    BACKOFF,
    "not-for-what-has-no-name",
    "gave up at attempt 2, after a 520",
    lambda _: _sending(worth=(429, 500, 502, 503, 504)),
)
value(BACKOFF, "waits-31-seconds", "It asked for 31 s", lambda _: _sending(longest=31), "M36")
value(BACKOFF, "never-waits-30", "gave up at attempt 1", lambda _: _sending(longest=29))
value(BACKOFF, "always-one-second", "no longer after the next", lambda _: _sending(first=1, more=1))
value(BACKOFF, "less-each-time", "no longer after the next", lambda _: _sending(first=2, more=0.8))


@wrong("12.backoff", "M35", "It isn't harmless: return the 429")
def a_post_again_after_a_429(prove, send, sleep, harmless):
    response = _right_sending(prove, send, sleep, harmless)
    if response.status_code == 429 and not harmless:
        sleep(_seconds(response))
        return send(prove())
    return response


@wrong("12.backoff", "", "Let the ConnectionError through")
def swallows_the_cut(prove, send, sleep, harmless):
    try:
        return _right_sending(prove, send, sleep, harmless)
    except ConnectionError:
        return None


@wrong("12.backoff", "", "Return the last response, a 200; you returned 200")
def the_status_alone(prove, send, sleep, harmless):
    return _right_sending(prove, send, sleep, harmless).status_code


@wrong("12.backoff", "", "Send what `prove\\(\\)` returns")
def a_proof_of_ones_own(prove, send, sleep, harmless):
    return send("a proof")


@wrong("12.backoff", "", "sent nothing")
def sends_nothing(prove, send, sleep, harmless):
    return prove()


@wrong("12.backoff", "", "You called it 30 times")
def hoards_proofs(prove, send, sleep, harmless):
    while True:
        prove()


@wrong("12.backoff", "", "you slept -1")
def sleeps_backwards(prove, send, sleep, harmless):
    sleep(-1)
    return send(prove())


@wrong("12.backoff", "", "you returned")
def claims_to_be_the_response(prove, send, sleep, harmless):
    _right_sending(prove, send, sleep, harmless)
    return Chameleon()


right("12.backoff", "as-a-loop", _right_sending)


def _by_recursion(prove, send, sleep, harmless, pause=1.0, left=3):
    try:
        response = send(prove())
        again = harmless and response.status_code in {429, *range(500, 600)}
        wait = _seconds(response) or pause
    except ConnectionError:
        if not harmless or not left:
            raise
        response, again, wait = None, True, pause
    if not again or wait > 30 or not left:
        return response
    sleep(wait)
    return _by_recursion(prove, send, sleep, harmless, pause * 2, left - 1)


right("12.backoff", "by-recursion", _by_recursion)


def _with_jitter_and_the_own_clock(prove, send, sleep, harmless):
    for most in (2, 4, 8, 0):
        try:
            response = send(prove())
        except ConnectionError:
            if not (harmless and most):
                raise
            sleep(random.uniform(0.5, 1))
            continue
        told = response.headers.get("Retry-After", "")
        if told and not told.isdigit():
            told = parsedate_to_datetime(told).timestamp() - time.time()
        wait = float(told or random.uniform(1, most))
        fails = response.status_code == 429 or response.status_code // 100 == 5
        if not (harmless and most and fails) or wait > 30:
            return response
        sleep(wait + 0.5)
    return response


def _raises_for_status(prove, send, sleep, harmless):
    """It logs how long each attempt took, too."""

    def sending(proof):
        response = send(proof)
        try:
            return response.raise_for_status()
        except httpx.HTTPStatusError as refused:
            print(refused.request.method, response.url, response.elapsed.total_seconds())
            return refused.response

    return _right_sending(prove, sending, sleep, harmless)


def _one_second_more(prove, send, sleep, harmless):
    return _right_sending(prove, send, lambda seconds: sleep(seconds + 1), harmless)


right("12.backoff", "a-second-more-each-time", _one_second_more)
right("12.backoff", "raises-for-status", _raises_for_status)
right("12.backoff", "with-jitter", _with_jitter_and_the_own_clock)

FIVE = "12.five"


def _causes(lesson):
    return {letter: cause_of(case) for letter, case in lesson.material(FIVE).items()}


_SAYS = {
    "proxy": "went straight to the service|has no `Via`",
    "clock": "was on time",
    "ath": "is the SHA-256 of the token",
    "x": "x has 32 bytes",
    "bearer": "under the scheme DPoP",
}
_CODES = {"proxy": "M03", "clock": "M06", "ath": "M05", "x": "M11", "bearer": "M08"}


def _all(name):
    return lambda lesson: dict.fromkeys(lesson.material(FIVE), name)


for _name in CAUSES:
    value(FIVE, f"all-{_name}", _SAYS[_name], _all(_name), _CODES[_name])


def _one_for_another(truth, said):
    """One name wrong, so that another one is there twice."""
    return lambda lesson: {
        letter: said if name == truth else name for letter, name in _causes(lesson).items()
    }


for _truth, _said in (("proxy", "ath"), ("ath", "proxy"), ("clock", "x"), ("x", "bearer")):
    value(
        FIVE,
        f"{_truth}-taken-for-{_said}",
        _SAYS[_said],
        _one_for_another(_truth, _said),
        _CODES[_said],
    )
value(FIVE, "no-such-cause", "none of proxy, clock", _all("htu"))
value(FIVE, "a-list", "Give a dict", lambda lesson: list(_causes(lesson).values()))
value(FIVE, "not-all-of-them", "Name the cause of each", lambda lesson: {"A": "proxy"})
value(FIVE, "claims-to-be-all", "is none of", _all(ChameleonText("all")))
right(FIVE, "as-it-is", FromLesson(_causes))
right(FIVE, "in-another-order", FromLesson(lambda lesson: dict(reversed(_causes(lesson).items()))))
right(FIVE, "with-more-letters", FromLesson(lambda lesson: _causes(lesson) | {"F": "none"}))

SKEW = "12.skew"


def _theirs(date):
    return parsedate_to_datetime(date).timestamp()


def _right_offsets(offsets, origin, date, sent, received):
    if date is None or received - sent > 2:
        return offsets
    return offsets | {origin: _theirs(date) - (sent + received) / 2}


@wrong(SKEW, "M06", "Now you are \\d+ s off")
def the_wrong_sign(offsets, origin, date, sent, received):
    if date is None or received - sent > 2:
        return offsets
    return offsets | {origin: received - _theirs(date)}


@wrong(SKEW, "M06", "took 18 s moved your clock by 9 s")
def at_every_answer(offsets, origin, date, sent, received):
    if date is None:
        return offsets
    return offsets | {origin: _theirs(date) - (sent + received) / 2}


@wrong(SKEW, "M06", "took 18 s moved your clock by 18 s")
def when_it_came(offsets, origin, date, sent, received):
    return offsets if date is None else offsets | {origin: _theirs(date) - received}


@wrong(SKEW, "M06", "the other one's clock")
def for_all_services(offsets, origin, date, sent, received):
    if date is None or received - sent > 2:
        return offsets
    return dict.fromkeys([*offsets, origin], _theirs(date) - received)


@wrong(SKEW, "", "is gone, or you never learned it")
def only_the_last_one(offsets, origin, date, sent, received):
    if date is None or received - sent > 2:
        return offsets
    return {origin: _theirs(date) - received}


@wrong(SKEW, "", "raised (TypeError|AttributeError|ValueError)")
def every_answer_has_a_date(offsets, origin, date, sent, received):
    if received - sent > 2:
        return offsets
    return offsets | {origin: _theirs(date) - received}


@wrong(SKEW, "", "Return the offsets")
def the_offset_alone(offsets, origin, date, sent, received):
    return _right_offsets(offsets, origin, date, sent, received)[origin]


@wrong(SKEW, "", "is a number of seconds")
def as_a_timedelta(offsets, origin, date, sent, received):
    return {origin: parsedate_to_datetime(date) - parsedate_to_datetime(date)}


@wrong(SKEW, "M06", "Someone set the clock of")
def once_for_each(offsets, origin, date, sent, received):
    if origin in offsets or not date:
        return offsets
    return {**offsets, origin: _theirs(date) - sent}


@wrong(SKEW, "M06", "s off the clock of")
def clocks_agree(offsets, origin, date, sent, received):
    return offsets | {origin: 0.0}


@wrong(SKEW, "", "you never learned it")
def learns_nothing(offsets, origin, date, sent, received):
    return dict(offsets)


@wrong(SKEW, "", "Return the offsets")
def claims_to_be_right(offsets, origin, date, sent, received):
    return Chameleon()


right(SKEW, "by-the-middle", _right_offsets)


def _by_when_it_came(offsets, origin, date, sent, received):
    if date is not None and received - sent < 1:
        offsets[origin] = _theirs(date) - received
    return offsets


right(SKEW, "by-when-it-came", _by_when_it_came)


def _in_whole_seconds(offsets, origin, date, sent, received):
    if not date or received - sent > 1:
        return offsets
    return {**offsets, origin: int(_theirs(date) - sent)}


right(SKEW, "in-whole-seconds", _in_whole_seconds)


def _only_if_it_matters(offsets, origin, date, sent, received):
    if not date or received - sent > 5:
        return offsets
    off = _theirs(date) - sent
    return offsets if abs(off - offsets.get(origin, 0.0)) <= 2 else offsets | {origin: off}


right(SKEW, "only-if-it-matters", _only_if_it_matters)
