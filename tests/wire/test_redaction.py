"""What is taken out of a message by its place, looked at one place at a time."""

from __future__ import annotations

from base64 import b64encode

import httpx
import pytest

from dialtone_kit.wire.record import record
from dialtone_kit.wire.redaction import Redactor

CODE = "c0de-of-a-login"
SECRET = "sec_" + "a" * 43


def headers(**fields: str) -> dict[str, str]:
    return dict(Redactor().headers(httpx.Headers(fields)))


def basic(user: str) -> str:
    credentials = b64encode(f"{user}:{SECRET}".encode()).decode()
    return headers(Authorization=f"Basic {credentials}")["Authorization"]


@pytest.mark.parametrize("user", ["alice", "cli_", "cli_" + "a" * 65, f"{SECRET}"])
def test_of_basic_credentials_only_a_client_id_is_shown(user: str) -> None:
    assert basic("cli_demo_1") == "Basic •••••• (base64 of cli_demo_1:••••••)"
    assert basic(user) == "Basic •••••• (base64 of ••••••:••••••)"


def test_a_url_is_shown_without_its_fragment() -> None:
    url = httpx.URL(f"https://app.example/back?state=x#access_token={SECRET}")
    assert Redactor().url(url) == "https://app.example/back?state=x"


def test_a_redirect_is_shown_without_the_secrets_in_its_query() -> None:
    shown = headers(Location=f"https://app.example/back?code={CODE}&state=x")["Location"]
    assert CODE not in shown
    assert shown.startswith("https://app.example/back?code=••••••")
    assert shown.endswith("&state=x")


def test_a_secret_in_a_body_of_plain_text_is_masked_by_its_shape() -> None:
    body = f"keep {SECRET} to yourself".encode()
    shown = Redactor().body(httpx.Headers({"Content-Type": "text/plain"}), body)
    assert shown == "keep •••••• (47 characters) to yourself"


def test_an_address_as_the_name_of_a_member_is_masked_too() -> None:
    assert Redactor().json({"ada@example.com": {"role": "sponsor"}}) == {
        "a…@example.com": {"role": "sponsor"}
    }


def test_an_address_as_the_name_of_a_parameter_is_masked_too() -> None:
    url = httpx.URL("https://id.example/t", params={"bob.b@corp.example": "1"})
    assert Redactor().url(url) == "https://id.example/t?b…@corp.example=1"


def test_an_address_in_a_reason_phrase_is_masked_too() -> None:
    answer = httpx.Response(400, extensions={"reason_phrase": b"No bob.b@corp.example"})
    assert record(httpx.Request("GET", "https://id.example/"), answer, 0).reason == (
        "No b…@corp.example"
    )
