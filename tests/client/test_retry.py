"""The demo's retry rules: what is sent again, after how long, and what never is."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate

import httpx
import pytest

from dialtone_kit.base.errors import DialtoneError, NotThisService, RateLimited, ServiceUnreachable
from dialtone_kit.client.responses import retry_after
from dialtone_kit.client.retry import send_with_retries
from tests.support.fake_service import says

NOW = 1_800_000_000.0
OK = httpx.Response(200)


class Script:
    """Answers one after the other, and notes the waits between them."""

    def __init__(self, answers: Sequence[httpx.Response | Exception]) -> None:
        self.answers, self.sent, self.waits = list(answers), 0, list[float]()

    def send(self) -> httpx.Response:
        answer = self.answers[min(self.sent, len(self.answers) - 1)]
        self.sent += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, *, safe: bool = True, max_wait: float = 30.0) -> httpx.Response:
        return send_with_retries(
            self.send,
            safe_to_repeat=safe,
            sleep=self.waits.append,
            max_wait=max_wait,
            now=lambda: NOW,
            jitter=lambda low, high: high,
        )


def test_a_good_answer_is_taken_at_once() -> None:
    script = Script([OK])
    assert script.run() is OK
    assert (script.sent, script.waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410])
def test_a_refusal_is_not_sent_again(status: int) -> None:
    script = Script([httpx.Response(status)])
    assert script.run().status_code == status
    assert script.sent == 1


@pytest.mark.row("H9✓")
def test_429_waits_as_long_as_it_says() -> None:
    script = Script([says(429, "rate_limited", **{"Retry-After": "7"}), OK])
    assert script.run() is OK
    assert script.waits == [7.0]


@pytest.mark.row("H9✓")
def test_429_with_a_date_waits_until_then_by_the_services_clock() -> None:
    there = NOW + 500  # our clock is 500 s behind
    dates = {"Date": formatdate(there, usegmt=True)}
    dates["Retry-After"] = formatdate(there + 9, usegmt=True)
    script = Script([says(429, "rate_limited", **dates), OK])
    script.run()
    assert script.waits == [9.0]


@pytest.mark.row("H9")
def test_429_beyond_the_patience_names_the_time_to_come_back() -> None:
    script = Script([says(429, "rate_limited", "Three an hour.", **{"Retry-After": "3000"})])
    with pytest.raises(RateLimited, match=r"Three an hour\. Come back at .* in 3000 s") as refused:
        script.run()
    assert refused.value.retry_after == 3000
    assert refused.value.come_back_at == NOW + 3000
    assert (script.sent, script.waits) == (1, [])


def test_429_again_and_again_ends() -> None:
    script = Script([says(429, "rate_limited", **{"Retry-After": "1"})])
    with pytest.raises(RateLimited):
        script.run()
    assert script.sent == 4


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "Mon, 99 Foo", "٣", "9" * 400, "inf"])
def test_a_senseless_retry_after_does_not_crash(value: str) -> None:
    raw = [(b"Retry-After", value.encode())]
    wait = retry_after(httpx.Response(429, headers=raw), NOW)
    assert wait is None or wait >= 0


def slow(seconds: float, outcome: httpx.Response | Exception) -> tuple[Script, list[float]]:
    """A service each of whose answers takes so long, and the clock that it moves."""
    script, time = Script([outcome]), [0.0]
    at_once = script.send

    def send() -> httpx.Response:
        time[0] += seconds
        return at_once()

    script.send = send  # type: ignore[method-assign]
    return script, time


@pytest.mark.parametrize(("each", "sends"), [(31.0, 1), (30.0, 1), (16.0, 2), (1.0, 4)])
def test_all_sends_of_a_call_share_one_deadline(each: float, sends: int) -> None:
    script, time = slow(each, httpx.ReadTimeout("drip"))
    with pytest.raises(ServiceUnreachable, match="did not answer in time"):
        send_with_retries(
            script.send,
            safe_to_repeat=True,
            sleep=lambda _: None,
            longest=30.0,
            clock=lambda: time[0],
        )
    assert script.sent == sends


def test_the_waits_that_a_service_asks_for_are_not_counted() -> None:
    script, time = slow(1.0, says(429, "rate_limited", **{"Retry-After": "29"}))
    with pytest.raises(RateLimited):
        send_with_retries(
            script.send,
            safe_to_repeat=True,
            sleep=lambda wait: time.__setitem__(0, time[0] + wait),
            longest=30.0,
            clock=lambda: time[0],
        )
    assert script.sent == 4


def test_5xx_backs_off_from_1_to_30_seconds() -> None:
    script = Script([httpx.Response(503)] * 3 + [OK])
    assert script.run() is OK
    assert script.waits == [2.0, 4.0, 8.0]
    assert all(1 <= wait <= 30 for wait in script.waits)


def test_a_persistent_5xx_is_returned_unchanged() -> None:
    script = Script([httpx.Response(500)])
    assert script.run().status_code == 500
    assert script.sent == 4


def test_no_connection_is_tried_three_times_more() -> None:
    script = Script([httpx.ConnectError("refused")])
    with pytest.raises(ServiceUnreachable, match="after 4 tries"):
        script.run()
    assert script.sent == 4


def test_a_connection_that_comes_back_is_taken() -> None:
    script = Script([httpx.ConnectError("refused"), httpx.ReadError("cut"), OK])
    assert script.run() is OK


@pytest.mark.row("H7")
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(429, headers={"Retry-After": "1"}, json={}),
        httpx.ReadTimeout("late"),
        httpx.ReadError("cut"),
        httpx.WriteError("cut"),
        httpx.RemoteProtocolError("broke off"),
    ],
)
def test_what_may_have_taken_effect_is_not_sent_again(answer: httpx.Response | Exception) -> None:
    script = Script([answer, OK])
    try:
        assert script.run(safe=False).status_code == 503
    except DialtoneError:
        assert not isinstance(answer, httpx.Response) or answer.status_code == 429
    assert (script.sent, script.waits) == (1, [])


@pytest.mark.row("H7✓")
@pytest.mark.parametrize("never", [httpx.ConnectError("no"), httpx.ConnectTimeout("late")])
def test_it_is_sent_again_if_the_connection_was_never_made(never: Exception) -> None:
    script = Script([never, OK])
    assert script.run(safe=False) is OK


def test_a_cut_off_answer_says_that_it_may_have_taken_effect() -> None:
    with pytest.raises(NotThisService, match="may have taken effect"):
        Script([httpx.RemoteProtocolError("broke off")]).run(safe=False)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "wrong version number"),
        (
            "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] (_ssl.c:1)",
            "tlsv13 alert certificate required",
        ),
    ],
)
def test_a_port_that_does_not_speak_our_tls_is_called_that(said: str, shown: str) -> None:
    line = f"No TLS with the service: {shown}. Does that port speak https"
    with pytest.raises(ServiceUnreachable, match=line):
        Script([httpx.ConnectError(said)] * 4).run()
    with pytest.raises(ServiceUnreachable, match=f"{line}.* It may have taken effect"):
        Script([httpx.ReadError(said)]).run(safe=False)


@pytest.mark.row("H3")
def test_an_untrusted_certificate_is_not_tried_again() -> None:
    script = Script([httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")])
    with pytest.raises(ServiceUnreachable, match="ca_file="):
        script.run()
    assert script.sent == 1
