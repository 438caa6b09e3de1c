"""The timeline of a proof: its window, its uses, and how long its jti is remembered."""

from __future__ import annotations

import re
from email.utils import formatdate

import httpx
import pytest

from dialtone_kit import ProofKey, build_proof
from dialtone_kit.base.errors import DialtoneError, LessonStop
from dialtone_kit.base.times import CLOCK_SKEW
from dialtone_kit.lesson import replay
from dialtone_kit.lesson.replay import replay_timeline
from dialtone_kit.rules import WINDOW
from dialtone_kit.wire import raw
from dialtone_kit.wire.recorder import Wire

KEY, URL, NOW = ProofKey.generate(), "https://id.example/api", 1_800_000_000.0
USED = "jti_is_new: expected a jti never used before, got a used one. [M01]"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time at which requests are recorded: change its one member."""
    time = [NOW]
    monkeypatch.setattr(raw.time, "time", lambda: time[0])
    return time


class Service:
    """Lets each proof in once; its clock is `ahead` seconds before ours."""

    def __init__(self, clock: list[float], ahead: float | None = None) -> None:
        self.wire, self.seen, self._clock, self._ahead = Wire(), set[str](), clock, ahead
        inner = httpx.MockTransport(self._answer)
        self.http = httpx.Client(transport=self.wire.transport(inner), trust_env=False)

    def send(self, proof: str) -> None:
        self.http.get(URL, headers={"DPoP": proof})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        proof, ahead = request.headers["DPoP"], self._ahead
        date = {} if ahead is None else {"Date": formatdate(self._clock[0] + ahead, usegmt=True)}
        if proof in self.seen:
            body = {"error": "invalid_dpop_proof", "error_description": USED}
            return httpx.Response(401, json=body, headers=date)
        self.seen.add(proof)
        return httpx.Response(200, headers=date)


def prove(now: float = NOW) -> str:
    return build_proof(KEY, "GET", URL, now=now)


def test_a_replay_is_shown_from_the_proof_to_the_moment_it_is_forgotten(clock: list[float]) -> None:
    service, proof = Service(clock), prove()
    service.send(proof)
    clock[0] += 20
    service.send(proof)
    shown = replay_timeline(service.wire)
    assert shown.text.splitlines() == [
        "A proof and its replay, on the service's clock",
        "  1. made: iat",
        "  2. first use: 200, accepted",
        "  3. second use: 401, refused by jti_is_new",
        "  its iat is accepted: from 5 s ahead until 60 s old",
        "  the service remembers its jti: until 65 s after the first use",
        "  Remembered for longer than it is accepted: no second use gets in (RFC 9449 §11.1).",
    ]
    assert "second use: 401, refused by jti_is_new · 20 s later" in shown.html
    assert proof not in shown.html + shown.text
    assert 'role="img"' in shown.html


def test_the_text_is_the_same_in_every_run(clock: list[float]) -> None:
    texts = []
    for late in (0.2, 7.0):
        service, proof = Service(clock), prove()
        service.send(proof)
        clock[0] += late
        service.send(proof)
        texts.append(replay_timeline(service.wire).text)
    assert texts[0] == texts[1]


def spans(wire: Wire, proof: str) -> list[tuple[float, float]]:
    iat = NOW
    uses = [
        replay._use(one, trip, iat) for one, trip in replay._sends(wire) if one.proofs == [proof]
    ]
    return [(span.start, span.end) for span in replay._spans(uses)]


@pytest.mark.parametrize("after", [-4.0, 0.0, 30.0])
def test_the_bars_are_those_of_the_rules(clock: list[float], after: float) -> None:
    service, proof = Service(clock), prove()
    clock[0] += after
    service.send(proof)
    window, memory = spans(service.wire, proof)
    assert window == (-CLOCK_SKEW, WINDOW)
    assert memory == (after, max(after, 0) + WINDOW + CLOCK_SKEW)  # as rules.iat_is_fresh keeps it


def test_the_time_is_that_of_the_service_where_its_date_says_so(clock: list[float]) -> None:
    service, proof = Service(clock, ahead=-3600), prove(NOW - 3600)
    service.send(proof)
    assert "first use: 200, accepted<" in replay_timeline(service.wire, proof).html.replace(
        " · within a second", ""
    )
    assert "3600 s" not in replay_timeline(service.wire, proof).html


def test_of_many_proofs_the_one_that_was_sent_twice_is_shown(clock: list[float]) -> None:
    service, twice = Service(clock), prove()
    for proof in (prove(), twice, twice, prove()):
        service.send(proof)
    assert "second use" in replay_timeline(service.wire).text
    assert "second use" not in replay_timeline(service.wire, prove()).text


def test_a_proof_that_was_never_let_in_uses_up_no_jti(clock: list[float]) -> None:
    service, proof = Service(clock), prove()
    service.seen.add(proof)
    service.send(proof)
    text = replay_timeline(service.wire, proof).text
    assert "remembers" not in text
    assert "Only a proof that is accepted uses up its jti" in text


def test_a_use_hours_later_is_at_the_edge_and_hides_nothing(clock: list[float]) -> None:
    service, proof = Service(clock), prove()
    service.send(proof)
    clock[0] += 9000
    service.send(proof)
    html = replay_timeline(service.wire).html
    width = float(re.findall(r'viewBox="0 0 (\d+)', html)[0])
    assert max(float(x) for x in re.findall(r'cx="([\d.]+)"', html)) < width
    assert "9000 s later" in html


def test_without_any_proof_it_says_what_to_run(clock: list[float]) -> None:
    with pytest.raises(LessonStop, match="run the cell"):
        replay_timeline(Service(clock).wire)


@pytest.mark.parametrize(
    "thing", ["", "junk", "a.b.c", 7, b"x", "e30.e30.c2ln", f"e30.{'W' * 4000}.c2ln"]
)
def test_what_is_not_a_proof_is_one_line(clock: list[float], thing: object) -> None:
    with pytest.raises(DialtoneError, match="iat in Unix seconds"):
        replay_timeline(Service(clock).wire, thing)  # type: ignore[arg-type]
