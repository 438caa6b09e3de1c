"""Lesson 12: what each refusal asks for, how to send well, five refusals, and a service's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.content.lesson_12.clocks import judge_clocks, read_offsets
from dialtone_kit.lesson.content.lesson_12.field_cases import (
    FieldCases,
    judge_names,
    make_cases,
    off_the_record,
)
from dialtone_kit.lesson.content.lesson_12.flaky import (
    CUT,
    ENDLESS,
    LONGEST,
    MOST,
    Desk,
    Script,
    Turn,
    judge_growth,
)
from dialtone_kit.lesson.content.lesson_12.recorded import Case, named, recorded_answers
from dialtone_kit.lesson.exercises import LiveLesson, Wrong, exercise
from dialtone_kit.lesson.exercises.asking import (
    ask,
    expect_text,
    function_of,
    show,
    worst_first,
)
from dialtone_kit.lesson.exercises.patience import Calls, sealed
from dialtone_kit.lesson.lab_realm import API_SCOPES, LabRealm
from dialtone_kit.lesson.tree import MEANINGS
from dialtone_kit.proofs import build_proof
from dialtone_kit.tokens import Token

RAISED = object()
ROUNDS = 5  # of the same failures: pauses with jitter grow in one of them at least


@exercise(
    "12.triage",
    "Retry, wait, fix, stop",
    hints=[
        "Look at `error` first. Which codes mean the same, whatever the status is?",
        "Some codes mean *not yet*, some mean *answer me first*, and some mean that it's over. "
        "The rest of the 4xx are about something that you can change.",
        "What no code explains, the status does: 429, or a 5xx. After a 5xx, ask two things: does "
        "it do harm twice, and is a time named?",
    ],
    praise="The code came first, then the status, and what may have happened already was never "
    "sent again.",
)
def triage(answer: object, _lesson: LiveLesson) -> None:
    next_step = function_of(answer, "next_step")
    worst_first(recorded_answers(), lambda case: _judge_step(next_step, case))


def _judge_step(function: Callable[..., Any], case: Case) -> None:
    got = expect_text(ask(function, case.answer), "The step")
    if got not in MEANINGS:
        raise Wrong(f"Return one of {', '.join(map(repr, MEANINGS))}; you returned {show(got)}.")
    if got != case.right:
        raise Wrong(f"{named(case.answer)}: you said {got}. {case.why}", case.code)


@exercise(
    "12.backoff",
    "Send it well",
    hints=[
        "Where does the call of `prove()` belong, so that each attempt has its own proof?",
        "`Retry-After` is a number of seconds or an HTTP date. "
        "`email.utils.parsedate_to_datetime` reads a date, the answer's own `Date`, too.",
        "Three questions after each attempt, in this order: was it worth another one, may it be "
        "sent twice, and how long until then?",
    ],
    praise="Each attempt had its own proof and came when it was welcome, and one note was written.",
)
def backoff(answer: object, lesson: LiveLesson) -> None:
    function = function_of(answer, "send_well")
    worst_first(_scripts(), lambda script: _judge_sending(function, script))
    judge_growth([_judge_sending(function, Script((Turn(503),) * MOST)) for _ in range(ROUNDS)])
    if lesson.is_mock:
        with lesson.lab_realm(scopes=API_SCOPES) as lab:
            _live_backoff(function, lab)


def _scripts() -> list[Script]:
    good, busy, cut = Turn(200), Turn(503), Turn(CUT)
    return [
        Script((busy, good)),
        Script((Turn(429, 7), good)),
        Script((Turn(429, 24, dated=True), good)),
        Script((busy,), harmless=False),
        Script((cut,), harmless=False),
        Script((Turn(429, 7),), harmless=False),
        Script((Turn(429, 60),)),
        Script((Turn(429, LONGEST + 1),)),
        Script((Turn(503, LONGEST), good)),
        Script((Turn(504), Turn(520), good)),
        Script((Turn(503, 19), busy, good)),
        Script((cut, good)),
        Script((busy, busy, Turn(500), Turn(502))),
        Script((cut, cut, cut, cut)),
        Script((Turn(401),)),
        Script((good,)),
    ]


def _judge_sending(function: Callable[..., Any], script: Script) -> list[float]:
    """The pauses between its attempts, in seconds."""
    desk = Desk(script)
    own = (sealed(desk.prove), sealed(desk.send), sealed(desk.sleep), script.harmless)
    got = ask(_with_errors(function), *own)
    desk.judge_end(got, raised=got is RAISED)
    return desk.pauses


def _with_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, with a ConnectionError as a value of its own."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ConnectionError:
            return RAISED

    return call


def _live_backoff(function: Callable[..., Any], lab: LabRealm) -> None:
    """A call that fails twice, and a note whose answer is lost after it was written."""
    api = f"{lab.issuer}/api"
    token = lab.client.get_token(" ".join(API_SCOPES), key=ProofKey.generate())
    lab.controls.fault(lab.realm, "/whoami", "status", times=2)
    got = ask(function, *_sending(lab, token, "GET", f"{api}/whoami"), True)
    if not isinstance(got, httpx.Response) or got.status_code != 200:
        raise Wrong(f"The live service failed twice, and you came back with {show(got)}.", "M01")
    lab.controls.fault(lab.realm, "/notes", "status", after_effect=True)
    ask(function, *_sending(lab, token, "POST", f"{api}/notes"), False)
    notes = lab.client.call("GET", f"{api}/notes", token).json()["notes"]
    if len(notes) != 1:
        raise Wrong(f"At the live service {len(notes)} notes were written.", "M35")


def _sending(lab: LabRealm, token: Token, method: str, url: str) -> tuple[Callable[..., Any], ...]:
    """prove, send and sleep for one request at the live service; nobody waits."""
    http, access = off_the_record(lab), token.access_token.reveal()
    key = token.key or ProofKey.generate()
    body = {"text": "Pay 1"} if method == "POST" else None

    def send(proof: str) -> httpx.Response:
        headers = {"Authorization": f"DPoP {access}", "DPoP": proof}
        return http.request(method, url, headers=headers, json=body)

    def prove() -> str:
        return build_proof(key, method, url, access_token=access)

    return tuple(sealed(Calls(one, ENDLESS)) for one in (prove, send, lambda _seconds: None))


@exercise(
    "12.five",
    "Five refusals from the wire",
    hints=[
        "Two of them show it in one line each: which scheme came with a bound token, and how long "
        "is x? Count the characters: 43 are 32 bytes.",
        "Two more need a comparison: `iat` with the answer's `Date`, and `ath` with the SHA-256 of "
        "the token that was sent.",
        "The last one is all in order on the client's side. Who else stood on the line?",
    ],
    praise="A scheme, a length, two comparisons, and a `Via`: that's five causes without a word of "
    "explanation.",
    make=make_cases,
)
def five(answer: object, lesson: LiveLesson) -> None:
    cases: FieldCases = lesson.material("12.five")
    judge_names(answer, cases)


@exercise(
    "12.skew",
    "The service's clock",
    level="stretch",
    hints=[
        "`email.utils.parsedate_to_datetime(date).timestamp()` is the service's time in Unix "
        "seconds. When, by your clock, was that?",
        "Somewhere between `sent` and `received`: the middle is the best guess. How bad can it be "
        "after 18 seconds?",
        "Leave `offsets` as they are when the answer says nothing (no `Date`) or too little (it "
        "took long). Otherwise add one entry, for this origin alone.",
    ],
    praise="One offset for each service, from quick answers alone, and proofs that come on time.",
)
def skew(answer: object, lesson: LiveLesson) -> None:
    learned = function_of(answer, "learned")
    judge_clocks(learned)
    if lesson.is_mock:
        with lesson.lab_realm() as lab:
            _live_skew(learned, lab)


def _live_skew(learned: Callable[..., Any], lab: LabRealm) -> None:
    """A service ahead of us: a proof by the offset learned from its `Date` is accepted."""
    lab.move_clock(90)
    key = ProofKey.generate()
    token, url = lab.client.get_token(key=key), f"{lab.issuer}/api/whoami"
    http, sent = off_the_record(lab), time.time()
    date = http.get(url).headers["Date"]
    got = read_offsets(ask(learned, {}, lab.issuer, date, sent, time.time()))
    offset = got.get(lab.issuer, 0.0)
    answer = http.get(url, auth=DPoPAuth(key, token, now=lambda: time.time() + offset))
    if answer.status_code != 200:
        raise Wrong(f"The live service refused a proof by your offset of {offset:.0f} s.", "M06")
