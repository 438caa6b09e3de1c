"""The demo's quick reference, endpoint by endpoint, by curl and a shell: no part of the kit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running_mock import Mock

pytestmark = pytest.mark.both_databases

SCRIPT = Path(__file__).with_name("quick_reference.sh")
# The quick reference, and beside it what the script needs twice.
TABLE = """\
200  GET /.well-known/openid-configuration
200  GET /.well-known/agent-instructions
200  GET /agent.json
200  GET /jwks
200  POST /realms/default/register/request
200  GET /realms/default/register/status/:id
200  POST /realms/default/register/confirm
200  POST /token (client_credentials)
200  POST /token (token_exchange)
200  POST /token (device_code)
200  POST /introspect (active: True)
200  POST /revoke
200  POST /introspect (active: False)
200  GET /v1/attest/challenge
200  POST /v1/svid/x509
200  GET /v1/attest/challenge
200  POST /v1/svid/jwt
200  GET /.well-known/spiffe-trust-bundle
"""


def run(base_url: str, control_token: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DIALTONE_CONTROL_TOKEN": control_token, "PYTHON": sys.executable}
    return subprocess.run(
        ["sh", str(SCRIPT), base_url], env=environment, capture_output=True, text=True, timeout=120
    )


def test_every_endpoint_of_the_quick_reference_answers_curl_as_documented(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock()
    done = run(mine.base_url, mine.control_token)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == TABLE
    assert not re.search(r"sec_|pt_|rt_|dc_|eyJ|BEGIN", done.stdout)


def test_the_script_stops_at_an_answer_that_is_not_as_documented(
    own_mock: Callable[..., Mock],
) -> None:
    mine = own_mock()
    for _ in range(10):
        mine.request_enrollment("default")
    done = run(mine.base_url, mine.control_token)
    assert done.returncode == 1
    assert done.stderr == "POST /realms/default/register/request: 200 was expected, 429 came\n"
    assert done.stdout == "".join(TABLE.splitlines(keepends=True)[:4])
