"""Tracebacks of a workload's calls: no evidence, SVID or key in them, in any of IPython's modes."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.spiffe import Evidence, Workload, jwt_svid_for
from dialtone_kit.tokens import Token
from tests.support.fake_service import BASE, METADATA

ID = "spiffe://dialtone.test/ns/lessons/sa/reader"
VOUCHED, HELD = "eyJ" + "vouched" * 9, "held" * 12
API = "https://api.example"
TOKEN = Token(Secret(HELD), "Bearer", 300, "openid", None, 0.0)
Call = Callable[[Workload], object]
CALLS: dict[str, Call] = {
    "challenge": lambda workload: workload.challenge(),
    "x509_svid": lambda workload: workload.x509_svid(),
    "jwt_svid": lambda workload: workload.jwt_svid(API),
    "trust_bundle": lambda workload: workload.trust_bundle(),
    "jwt_svid_for": lambda workload: jwt_svid_for(
        IdentityClient(BASE, transport=TRANSPORTS[0], sleep=lambda _: None), TOKEN, API
    ),
}
TRANSPORTS: list[httpx.MockTransport] = []


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    return InteractiveShell()  # type: ignore[no-untyped-call]


def failing(problem: type[BaseException], *, at: str) -> Workload:
    """A workload whose call fails when the service is asked for `at`, or the platform for it."""

    def send(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/openid-configuration"):
            return httpx.Response(200, json=METADATA)
        if request.url.path.endswith("/challenge") and at != "challenge":
            return httpx.Response(200, json={"nonce": "n"})
        raise problem("nobody there")

    TRANSPORTS[:] = [httpx.MockTransport(send)]
    platform = lambda _: Evidence("kubernetes", VOUCHED)  # noqa: E731
    return Workload(BASE, ID, platform, transport=TRANSPORTS[0], sleep=lambda _: None)


def shown(shell: InteractiveShell, mode: str, call: Call, workload: Workload) -> str:
    shell.user_ns.update(make=call, workload=workload)
    with capture_output() as captured:
        shell.run_line_magic("xmode", mode)
        assert not shell.run_cell("make(workload)").success  # type: ignore[no-untyped-call]
    return captured.stdout + captured.stderr


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose"])
@pytest.mark.parametrize("problem", [KeyboardInterrupt, httpx.ConnectError])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_shows_nothing_secret(
    shell: InteractiveShell, name: str, problem: type[BaseException], mode: str
) -> None:
    text = shown(shell, mode, CALLS[name], failing(problem, at=name))
    assert "nobody there" in text or "No connection" in text
    assert "vouchedvouched" not in text
    assert "heldheld" not in text


def test_without_the_guard_the_same_search_finds_the_evidence(shell: InteractiveShell) -> None:
    bare = Workload.jwt_svid.__wrapped__  # type: ignore[attr-defined]
    workload = failing(KeyboardInterrupt, at="svid")
    assert "vouchedvouched" in shown(shell, "Verbose", lambda w: bare(w, API), workload)
