"""The client against the running mock: device logins, renewal, exchange and revocation."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dialtone_kit.base.errors import ServiceError
from dialtone_kit.client import credentials as store
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.identity import IdentityClient, Token
from dialtone_kit.keys import ProofKey
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls

SCOPES = ("openid", "notes:read", "notes:write")


@pytest.fixture(scope="module")
def mock() -> service.LocalService:
    return service.ensure()


@pytest.fixture(scope="module")
def controls(mock: service.LocalService) -> Controls:
    return Controls(lambda: mock)


@pytest.fixture(params=["default", "strict"])
def realm(request: pytest.FixtureRequest, controls: Controls) -> Iterator[str]:
    name = controls.new_realm(like=request.param)
    yield name
    controls.remove_realm(name)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path))
    return tmp_path


class Somebody:
    """A client of a realm, and a person who answers its device logins."""

    def __init__(self, base_url: str, realm: str, controls: Controls, public: bool = False) -> None:
        self.controls, self.realm = controls, realm
        self.now, self.slept = time.time(), list[float]()
        self.email = f"somebody-{secrets.token_hex(4)}@example.com"
        self.client = IdentityClient(base_url, realm, now=lambda: self.now, sleep=self._sleep)
        enrollment = self.client.request_enrollment(
            self.email, "my-agent", "A test", SCOPES, public=public
        )
        self.credentials = self.client.confirm_enrollment(
            enrollment, controls.code_for(self.email, realm)
        )
        self.key = ProofKey.generate()
        self.answers: list[str | None] = []  # before each poll: approve, deny, or None
        self.login: DeviceLogin | None = None

    def _sleep(self, seconds: float) -> None:
        """Time passes for the realm and for us, and the person may answer meanwhile."""
        self.slept.append(seconds)
        self.controls.move_clock(self.realm, seconds)
        self.now += seconds
        answer = self.answers.pop(0) if self.answers else None
        if answer and self.login:
            self.answer(answer)

    def answer(self, decision: str) -> None:
        assert self.login is not None
        with httpx.Client(headers={"Accept": "text/html"}, trust_env=False) as browser:
            url = self.login.verification_uri
            form = _form(browser.get(url)) | {
                "user_code": self.login.user_code.reveal(),
                "email": self.email,
            }
            page = browser.post(url, data=form)
            code = self.controls.code_for(self.email, self.realm)
            last = {"verification_code": code, "decision": decision}
            assert browser.post(url, data=_form(page) | last).status_code == 200

    def log_in(self, *answers: str | None) -> Token:
        self.login, self.answers = self.client.start_device("openid notes:read"), list(answers)
        return self.client.wait_for_device(self.login, self.key)


def _form(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


@pytest.fixture(params=[False, True], ids=["with a secret", "public"])
def agent(
    request: pytest.FixtureRequest,
    mock: service.LocalService,
    realm: str,
    controls: Controls,
    config: Path,
) -> Somebody:
    return Somebody(mock.base_url, realm, controls, public=request.param)


def test_a_device_login_from_end_to_end(agent: Somebody) -> None:
    token = agent.log_in(None, None, "approve")
    assert agent.slept == [5, 5, 5]  # never too fast, so never asked to slow down
    claims = agent.client.verify(token)
    assert claims["sub"].startswith("usr_")
    assert claims["cnf"] == {"jkt": agent.key.thumbprint}
    assert agent.client.userinfo(token)["sub"] == claims["sub"]
    fresh = agent.client.refresh(token)
    assert agent.client.userinfo(fresh)["sub"] == claims["sub"]
    assert fresh.refresh_token != token.refresh_token
    with pytest.raises(ServiceError, match="already used"):
        agent.client.refresh(token)  # the old one again
    with pytest.raises(ServiceError, match="revoked"):
        agent.client.refresh(fresh)
    assert agent.client.call("GET", f"{agent.client.issuer}/userinfo", fresh).status_code == 401


def test_slow_down_is_obeyed(agent: Somebody) -> None:
    login = agent.client.start_device()
    agent.client.poll_device(login, agent.key)
    slower = agent.client.poll_device(login, agent.key)
    assert isinstance(slower, DeviceLogin)
    assert slower.interval == 10
    agent.login, agent.answers = slower, [None, "approve"]
    assert isinstance(agent.client.wait_for_device(slower, agent.key), Token)
    assert agent.slept == [10, 10]


def test_no_is_no_and_late_is_late(agent: Somebody) -> None:
    with pytest.raises(ServiceError, match="access_denied"):
        agent.log_in("deny")
    began = time.monotonic()
    with pytest.raises(ServiceError, match="expired_token"):
        agent.log_in()
    late = time.monotonic() - began  # the service counts it, and its own clock keeps running
    assert 900 - 5 - late <= sum(agent.slept[1:]) <= 900


def test_revoking_the_refresh_token_ends_it_all(agent: Somebody) -> None:
    token = agent.log_in("approve")
    assert token.refresh_token is not None
    agent.client.revoke(token.refresh_token)
    agent.client.revoke(token.refresh_token)
    assert agent.client.call("GET", f"{agent.client.issuer}/userinfo", token).status_code == 401
    with pytest.raises(ServiceError, match="revoked"):
        agent.client.refresh(token)


def test_a_public_clients_refresh_token_needs_its_key(
    mock: service.LocalService, realm: str, controls: Controls, config: Path
) -> None:
    agent = Somebody(mock.base_url, realm, controls, public=True)
    token = agent.log_in("approve")
    with pytest.raises(ServiceError, match="M23"):
        agent.client.refresh(token, key=ProofKey.generate())
    assert agent.client.refresh(token).key is agent.key


def test_one_agent_acts_for_another(
    mock: service.LocalService, realm: str, controls: Controls, config: Path
) -> None:
    parent = Somebody(mock.base_url, realm, controls)
    agent = Somebody(mock.base_url, realm, controls)
    lent = parent.client.get_token(
        " ".join(SCOPES), key=parent.key, may_act=agent.credentials.client_id
    )
    text = lent.access_token.reveal()  # as it is handed over
    child = agent.client.exchange(text, scope="notes:read", key=agent.key)
    claims = agent.client.verify(child)
    assert claims["act"] == {"sub": agent.credentials.client_id}
    assert claims["sub"] == parent.credentials.client_id
    about = parent.client.introspect(child)
    assert (about["active"], about["token_type"], about["act"]) == (True, "DPoP", claims["act"])
    with pytest.raises(ServiceError, match="invalid_scope"):
        agent.client.exchange(child, scope="notes:write")
    parent.client.revoke(lent)
    assert parent.client.introspect(child) == {"active": False}
    less = parent.client.get_token(" ".join(SCOPES), key=parent.key)
    assert "act" not in parent.client.exchange(less, scope="openid").claims


def test_a_public_client_is_stored_without_a_secret_and_found_when_asked_for(
    mock: service.LocalService, realm: str, controls: Controls, config: Path
) -> None:
    public = Somebody(mock.base_url, realm, controls, public=True).credentials
    assert public.client_secret is None
    assert store.load_credentials(public.client_id) == public
    assert "client_secret" not in store.path_for(public.client_id).read_text()
    assert store.find(public.issuer) is None  # lessons with a secret must not meet it
    assert store.find(public.issuer, public=True) == public
