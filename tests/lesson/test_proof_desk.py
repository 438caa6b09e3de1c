"""The proof checker's list of requests: each has a name of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dialtone_kit.lesson.proof_desk import proof_checker
from dialtone_kit.wire.raw import RawRequest


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://id.example/realms/a/api/whoami", "1. GET /realms/a/api/whoami → 401"),
        ("https://proxy.example:8443/api/whoami", "1. GET proxy.example:8443/api/whoami → 401"),
    ],
)
def test_a_request_that_went_elsewhere_is_listed_with_its_host(url: str, named: str) -> None:
    sent = RawRequest("GET", url, httpx.Headers({"DPoP": "x"}), b"", 0.0, 401)
    client = SimpleNamespace(
        issuer="https://id.example/realms/a",
        wire=SimpleNamespace(raw=[sent]),
        connection=SimpleNamespace(now=lambda: 0.0),
    )
    lesson: Any = SimpleNamespace(client=client, interactive=False)
    checker = proof_checker(lesson, None, None, None)
    assert checker.state()["cases"][0].startswith(named)
