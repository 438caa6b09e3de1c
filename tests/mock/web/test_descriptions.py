"""What an error_description may hold (RFC 6749 §5.2), in the body and in the header alike.

That every refusal in the whole suite keeps to it is seen by its pattern in /openapi.json.
"""

from __future__ import annotations

import re

import pytest

from dialtone_kit.base.reason import description
from tests.support.running_mock import Registered

ALLOWED = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain text: (a) b's, 100%.", "Plain text: (a) b's, 100%."),
        ('Client::"cli_x"\nC:\\keys', "Client::'cli_x' C:/keys"),
        ("RFC 9112 §3.2, r‖s, and so on…", "RFC 9112 section 3.2, r||s, and so on..."),
        ("zoë\t\x7f\u202e☎", "zo?????"),
        (f"a secret: sec_{'x' * 43}", "a secret: ****** (47 characters)"),
    ],
)
def test_other_characters_are_spelled_with_those_that_are_allowed(text: str, expected: str) -> None:
    assert description(text) == expected
    assert ALLOWED.fullmatch(description(text))


@pytest.mark.parametrize("htm", ["é", '"quoted"', "a\\b", "x" * 500, "a\nb"], ids=ascii)
def test_body_and_header_say_the_same(resident: Registered, htm: str) -> None:
    url, token = resident.url("/userinfo"), resident.token()
    answer = resident.call("GET", url, token, proof=resident.proof(htm, url, access_token=token))
    said = answer.json()["error_description"]
    assert said.startswith("htm_matches: expected GET, got ")
    assert ALLOWED.fullmatch(said)
    assert f'error_description="{said}"' in answer.headers["www-authenticate"]
