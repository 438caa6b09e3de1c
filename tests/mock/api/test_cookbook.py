"""The patterns cookbook: it is found, its paths exist, and its commands do what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit import ProofKey
from tests.support.grant_desk import Person, is_alive
from tests.support.running_mock import Mock, Registered

PATH = "/docs/agent-patterns/README.md"
RESOURCES = (PATH, "/agent.json", "/.well-known/spiffe-trust-bundle")  # the demo's, on this host
Proof = Callable[..., str]


@pytest.fixture
def text(mock: Mock) -> str:
    answer = mock.http.get(mock.base_url + PATH)
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    return answer.text


@pytest.fixture
def proof(text: str) -> Proof:
    """The function that the cookbook shows, with the key that it makes."""
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    made: Proof = names["proof"]
    return made


class Cook:
    """Runs the cookbook's lines for a client; `$BASE` is its realm."""

    def __init__(self, text: str, client: Registered, proof: Proof) -> None:
        if shutil.which("curl") is None:
            pytest.skip("NOT RUN: no curl (apt-get install curl)")
        self.blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        self.base, self.client, self.proof = client.issuer, client, proof

    def run(self, having: str, method: str = "POST", **variables: str) -> dict[str, Any]:
        """The JSON that the one block with `having` brings; its proof is for the block's URL."""
        (block,) = [one for one in self.blocks if having in one]
        (url,) = re.findall(r'curl -s "(\S+)"', block)
        url = url.replace("$BASE", self.base)
        variables |= {"BASE": self.base, "PROOF": self.proof(method, url, variables.get("TOKEN"))}
        variables |= {"CLIENT_ID": self.client.client_id, "NO_PROXY": "*"}
        variables |= {"CLIENT_SECRET": self.client.client_secret, "PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["sh", "-eu", "-c", block], env=variables, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout or "{}")
        assert "error" not in told, told
        return told


@pytest.fixture
def cook(text: str, mock: Mock, realm: str, proof: Proof) -> Cook:
    return Cook(text, mock.register(realm), proof)


@pytest.mark.parametrize("path", RESOURCES)
def test_what_the_demo_lists_as_resources_is_there(mock: Mock, path: str) -> None:
    assert mock.http.get(mock.base_url + path).status_code == 200


def test_it_is_found_from_the_instructions_by_people_and_programs(mock: Mock) -> None:
    url = mock.base_url + PATH
    assert url in mock.http.get(f"{mock.base_url}/.well-known/agent-instructions").text
    assert mock.http.get(f"{mock.base_url}/agent.json").json()["patterns"] == url
    assert PATH in mock.http.get(f"{mock.base_url}/openapi.json").json()["paths"]


def test_every_path_in_it_exists(mock: Mock, text: str) -> None:
    known = mock.http.get(f"{mock.base_url}/openapi.json").json()["paths"]
    named = set(re.findall(rf"(?:{re.escape(mock.base_url)}|\$BASE|{{BASE}})(/[\w./-]*\w)", text))
    named = {path.replace("/realms/default", "") for path in named} - {""}
    assert len(named) > 9
    assert named <= known.keys()
    assert "{base}" not in text


def test_pattern_1_a_bound_token_and_a_call(cook: Cook) -> None:
    told = cook.run("client_credentials")
    assert told["token_type"] == "DPoP"
    who = cook.run("/api/whoami", "GET", TOKEN=told["access_token"])
    assert who["client_id"] == cook.client.client_id
    assert "jkt" in who["cnf"]


def test_patterns_2_and_3_a_device_login_and_its_refresh(cook: Cook) -> None:
    device = cook.run("/device_authorization")
    Person(cook.client.mock, cook.client.realm).approve(device)
    told = cook.run("device_code=$", DEVICE_CODE=device["device_code"])
    assert told["token_type"] == "DPoP"
    again = cook.run("refresh_token=$", REFRESH_TOKEN=told["refresh_token"])
    assert again["refresh_token"] != told["refresh_token"]


def test_pattern_4_an_exchange_for_less(cook: Cook) -> None:
    token = cook.run("client_credentials")["access_token"]
    told = cook.run("token-exchange", TOKEN=token)
    assert (told["token_type"], told["scope"]) == ("DPoP", "openid")


def test_pattern_5_an_svid_for_a_workload(cook: Cook) -> None:
    nonce, key = cook.run("/v1/attest/challenge")["nonce"], ProofKey.generate()
    mock, audience = cook.client.mock, f"{nonce}.{key.thumbprint}"
    evidence = mock.control("POST", "platform/kubernetes", json={"audience": audience}).json()
    shown = json.dumps(key.public_jwk)
    told = cook.run("/v1/svid/jwt", NONCE=nonce, EVIDENCE=evidence["token"], KEY=shown)
    assert told["spiffe_id"].startswith("spiffe://")


def test_a_token_that_has_served_is_revoked(cook: Cook) -> None:
    token = cook.run("client_credentials")["access_token"]
    assert is_alive(cook.client, token)
    cook.run("/revoke", TOKEN=token)
    assert not is_alive(cook.client, token)
