"""The machine's clock is stepped while the service runs: two hours on, back, and 400 days on.

Debian's libfaketime steps the clock of the service's process alone; ours stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dialtone_kit import IdentityClient, ProofKey, build_proof
from dialtone_kit.commands import doctor, doctor_reach
from dialtone_kit.lesson.starting import start
from dialtone_kit.local.running import find
from tests.interop.conftest import require

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
HOUR, DAY = 3600, 24 * 3600
Step = Callable[[int], None]


@pytest.fixture
def step(home: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """`step(seconds)` sets the clock of the service that the test starts to so much from now."""
    require("" if LIBRARIES else "no libfaketime (apt-get install faketime)", "FAKETIME")
    offset = home / "offset"
    offset.write_text("+0s\n")
    monkeypatch.setenv("LD_PRELOAD", str(LIBRARIES[0]))  # heard by the processes that we start
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(offset))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("NO_FAKE_STAT", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")

    def set_to(seconds: int) -> None:
        offset.write_text(f"{seconds:+d}s\n")

    return set_to


class Caller:
    """A client of the service, and proofs that it sends by hand."""

    def __init__(self) -> None:
        lesson = start(3, interactive=False)
        assert lesson.credentials is not None
        self.credentials, self.base_url = lesson.credentials, lesson.base_url
        self.key = ProofKey.generate()

    def proof(self, offset: int = 0) -> str:
        now = time.time() + offset
        return build_proof(self.key, "POST", self.credentials.token_endpoint, now=now)

    def ask(self, proof: str) -> tuple[int, str]:
        secret = self.credentials.client_secret
        assert secret is not None
        answer = httpx.post(
            self.credentials.token_endpoint,
            data={"grant_type": "client_credentials"},
            auth=(self.credentials.client_id, secret.reveal()),
            headers={"DPoP": proof},
        )
        return answer.status_code, str(answer.json().get("error_description", ""))

    def get_token_at(self, offset: int) -> None:
        """Ask for a token, and verify it, as somebody whose clock is the service's."""
        client = IdentityClient(
            self.base_url, credentials=self.credentials, now=lambda: time.time() + offset
        )
        claims = client.verify(client.get_token(key=self.key))
        assert claims["iat"] == pytest.approx(time.time() + offset, abs=10)


def clock_in_doctor() -> doctor.Finding:
    [finding] = [one for one in doctor_reach.reach("mock") if one.what == "Clock"]
    return finding


def test_a_stepped_clock_lets_no_old_proof_pass_and_the_service_goes_on(step: Step) -> None:
    caller = Caller()
    used, unused = caller.proof(), caller.proof()
    assert caller.ask(used)[0] == 200
    assert clock_in_doctor().ok
    running = find()
    for offset in (2 * HOUR, 0, 400 * DAY, 0):
        step(offset)
        status, why = caller.ask(used)
        assert status == 400
        assert ("jti" in why) is (offset == 0)
        if offset:
            assert caller.ask(unused)[0] == 400
            finding = clock_in_doctor()
            assert not finding.ok
            seconds, _, rest = finding.text.partition(" ")
            assert int(seconds) == pytest.approx(offset, abs=10)
            assert rest.startswith("s behind the service's: proofs will be refused.")
            assert "\n" not in finding.text
        caller.get_token_at(offset)
    assert find() == running
    assert caller.ask(unused)[0] == 200
