"""Clients that offer HTTP/2 with each request (RFC 9110 §7.8): Java's HttpClient, curl --http2."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.conftest import require
from tests.support.running_mock import Mock, Registered

PROGRAM = Path(__file__).parents[1] / "support" / "java" / "Agent.java"
EMAIL = "java@example.com"
PATIENCE = 60  # seconds for one program


@pytest.fixture
def java(client: Registered) -> Iterator[subprocess.Popen[str]]:
    """The agent in Java, started in the realm of `client`."""
    lacking = "" if shutil.which("java") else "no java (apt-get install default-jdk-headless)"
    require(lacking, "JAVA")
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # it runs once, so it starts quickly
    command = ["java", *quick, str(PROGRAM), client.issuer, EMAIL]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as program:
        yield program
        program.kill()


def test_a_java_agent_registers_and_calls_with_a_proof_that_serves_once(
    java: subprocess.Popen[str], client: Registered
) -> None:
    assert java.stdout is not None
    said = java.stdout.readline() + java.stdout.readline()
    assert "enrollment_id=enroll_" in said, said + java.communicate(timeout=PATIENCE)[0]
    code = client.mock.code_for(EMAIL, client.realm)
    said += java.communicate(f"{code}\n", timeout=PATIENCE)[0]
    assert java.returncode == 0, said
    told = dict(line.split("=", 1) for line in said.splitlines())
    assert told["issuer"] == client.issuer
    assert told["client_id"].startswith("cli_java_agent_")
    assert told["token_type"] == "DPoP"
    assert (told["call"], told["replay"]) == ("200", "401")
    assert told["error"] == "invalid_dpop_proof"
    assert told["version"] == "HTTP_1_1"  # the offer was ignored
    assert len(told["jkt"]) == 43


def curl(*arguments: str) -> Any:
    """The JSON answer to a request by curl that offers HTTP/2."""
    command = ["curl", "-sS", "--http2", "--noproxy", "*", "--max-time", "20", *arguments]
    return json.loads(subprocess.check_output(command, text=True, timeout=PATIENCE))


@pytest.fixture
def realm(mock: Mock) -> Iterator[str]:
    require("" if shutil.which("curl") else "no curl (apt-get install curl)")
    name = mock.new_realm()
    yield name
    mock.remove_realm(name)


def test_curl_that_offers_http2_registers(mock: Mock, realm: str) -> None:
    body = {"email": EMAIL, "client_name": "curl", "requested_scopes": ["openid"]}
    told = curl(
        "-H",
        "Content-Type: application/json",
        "-d",
        json.dumps(body),
        f"{mock.issuer(realm)}/register/request",
    )
    assert told["enrollment_id"].startswith("enroll_")
    assert mock.confirm(realm, told, mock.code_for(EMAIL, realm)).status_code == 200


def test_curl_that_offers_http2_gets_a_token(mock: Mock, realm: str) -> None:
    client = mock.register(realm)
    told = curl(
        "-u",
        f"{client.client_id}:{client.client_secret}",
        "-d",
        "grant_type=client_credentials",
        "-d",
        "scope=openid",
        client.token_url,
    )
    assert (told["token_type"], told["scope"]) == ("Bearer", "openid")
