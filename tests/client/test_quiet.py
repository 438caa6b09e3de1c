"""Tracebacks of client calls: no secret, token or proof in them, in any of IPython's modes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from inspect import isfunction
from pathlib import Path

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from dialtone_kit.base.masking import Secret
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.client.enrollments import Enrollment
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.spiffe import Workload
from dialtone_kit.tokens import Token
from tests.support.fake_service import BASE, CREDENTIALS, METADATA, SECRET

KEY = ProofKey.generate()
HELD, RENEWAL = Secret("held" * 12), Secret("rt_" + "renewal" * 7)
TOKEN = Token(HELD, "DPoP", 300, "openid", KEY, 0.0, RENEWAL)
BROKEN = Token(Secret(HELD.reveal() + "\n"), "DPoP", 300, "openid", KEY, 0.0)
CLIENT_SECRET = Secret(SECRET)
BASIC = b64encode(f"{CREDENTIALS.client_id}:{SECRET}".encode()).decode()
DEVICE, POLL = Secret("dc_" + "device" * 7), Secret("pt_" + "polling" * 7)
UNREADABLE = Token(Secret("bad-token" * 5), "DPoP", 300, "openid", KEY, 0.0)
LATER = datetime(2999, 1, 1, tzinfo=UTC)
LOGIN = DeviceLogin(DEVICE, Secret("WDJB-MJHT"), BASE, None, LATER, 1)
REALM = f"{BASE}/realms/default"
ENROLLMENT = Enrollment("e", POLL, REALM, REALM, LATER, "a@b.example", "x", None, REALM, REALM)
HIDDEN = (
    *(SECRET[4:20], BASIC[-24:], "eyJ", "WDJB"),
    *("heldheld", "renewalrenewal", "devicedevice", "pollingpolling", "bad-tokenbad"),
)
API = "https://api.example/x"
ENDPOINTS = ("device_authorization", "introspection", "revocation")
Call = Callable[[IdentityClient], object]
CALLS: dict[str, Call] = {
    "get_token": lambda client: client.get_token(key=KEY),
    "refresh": lambda client: client.refresh(TOKEN),
    "exchange": lambda client: client.exchange(TOKEN, actor=TOKEN),
    "start_device": lambda client: client.start_device("openid"),
    "poll_device": lambda client: client.poll_device(LOGIN, KEY),
    "wait_for_device": lambda client: client.wait_for_device(LOGIN, KEY),
    "enrollment_status": lambda client: client.enrollment_status(ENROLLMENT),
    "confirm_enrollment": lambda client: client.confirm_enrollment(ENROLLMENT),
    "a bad token": lambda client: client.verify(UNREADABLE),
    "introspect": lambda client: client.introspect(TOKEN),
    "revoke": lambda client: client.revoke(TOKEN),
    "call": lambda client: client.call("GET", API, TOKEN),
    "userinfo": lambda client: client.userinfo(TOKEN),
    "verify": lambda client: client.verify(TOKEN),
    "http.get": lambda client: client.http.get(API, auth=DPoPAuth(KEY, TOKEN)),
    "ask of lesson 03": lambda client: client.http.post(
        API,
        auth=("cli_x", CLIENT_SECRET),  # type: ignore[arg-type]
        data={"subject_token": HELD},
    ),
}
every_mode = pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose"])


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    return InteractiveShell()  # type: ignore[no-untyped-call]


def failing(problem: type[BaseException]) -> IdentityClient:
    def send(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/openid-configuration"):
            more = {f"{name}_endpoint": f"{BASE}/realms/default/{name}" for name in ENDPOINTS}
            return httpx.Response(200, json=METADATA | more)
        raise problem("nobody there")

    transport = httpx.MockTransport(send)
    return IdentityClient(BASE, credentials=CREDENTIALS, transport=transport, sleep=lambda _: None)


def shown(shell: InteractiveShell, mode: str, call: Call, client: IdentityClient) -> str:
    """What a cell that makes the call shows."""
    shell.user_ns.update(make=call, client=client)
    with capture_output() as captured:
        shell.run_line_magic("xmode", mode)
        assert not shell.run_cell("make(client)").success  # type: ignore[no-untyped-call]
    return captured.stdout + captured.stderr


@every_mode
@pytest.mark.parametrize("problem", [KeyboardInterrupt, httpx.ConnectError])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_shows_nothing_secret(
    home: Path, shell: InteractiveShell, name: str, problem: type[BaseException], mode: str
) -> None:
    text = shown(shell, mode, CALLS[name], failing(problem))
    assert name in ("verify", "a bad token") or "nobody there" in text or "No connection" in text
    assert [hidden for hidden in HIDDEN if hidden in text] == []


@every_mode
@pytest.mark.parametrize("through", ["client", "http"])
def test_a_token_with_a_line_break_is_not_quoted(
    shell: InteractiveShell, through: str, mode: str
) -> None:

    def quoting(request: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(f"Illegal header value {request.headers['Authorization']!r}")

    client = IdentityClient(BASE, transport=httpx.MockTransport(quoting))
    calls: dict[str, Call] = {
        "client": lambda client: client.call("GET", API, BROKEN),
        "http": lambda client: client.http.get(API, auth=DPoPAuth(KEY, BROKEN)),
    }
    text = shown(shell, mode, calls[through], client)
    assert "contains a character that HTTP forbids" in text
    assert [hidden for hidden in HIDDEN if hidden in text] == []


def test_without_the_guard_the_same_search_finds_a_secret(shell: InteractiveShell) -> None:
    bare = IdentityClient.get_token.__wrapped__  # type: ignore[attr-defined]
    text = shown(shell, "Verbose", lambda c: bare(c, key=KEY), failing(KeyboardInterrupt))
    assert BASIC[-24:] in text


@pytest.mark.parametrize("kind", [IdentityClient, Workload])
def test_every_public_call_of_a_client_is_guarded(kind: type) -> None:
    calls = {name: one for name, one in vars(kind).items() if isfunction(one) and name[0] != "_"}
    assert calls
    assert [name for name, one in calls.items() if not hasattr(one, "__wrapped__")] == []
