"""The whole of /openapi.json, tried out by schemathesis against a running service.

Boundary values and wrong ones of every parameter and member, and some at random: as a stranger, and
as somebody who has all the credentials. `DIALTONE_EXAMPLES=500` makes it the long form, by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from insider import Insider
from running_mock import Mock
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

EXAMPLES = int(os.environ.get("DIALTONE_EXAMPLES", "4"))  # random ones, beside the boundary values
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
api = schemathesis.pytest.from_fixture("document")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A service of its own: here every control is tried, too."""
    mock = Mock(tmp_path_factory.mktemp("tried") / "mock").start()
    yield mock
    mock.stop()
    assert "Traceback" not in mock.log, mock.log


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.trust_env = False
        yield one


@pytest.fixture(scope="module")
def raw(running: Mock) -> dict[str, Any]:
    """The document; what an answer may hold is closed: a member that is not named must not come."""
    document: dict[str, Any] = httpx.get(f"{running.base_url}/openapi.json", trust_env=False).json()
    for model in document["components"]["schemas"].values():
        model.setdefault("additionalProperties", False)
    return document


@pytest.fixture(scope="module")
def document(raw: dict[str, Any], running: Mock) -> schemathesis.BaseSchema:
    found = schemathesis.openapi.from_dict(raw)
    found.config.update(base_url=running.base_url)
    return found


@pytest.fixture
def insider(running: Mock, raw: dict[str, Any]) -> Iterator[Insider]:
    """All doors were opened at the end: each operation has answered what it is there for."""
    one = Insider(running)
    yield one
    for path, item in raw["paths"].items():
        for method, operation in item.items():
            good = {int(status) for status in operation["responses"] if status < "300"}
            seen = one.seen[f"{method.upper()} {path}"]
            assert good & set(seen), f"{method} {path} never answered {good}: {dict(seen)}"


@api.parametrize()
@bounded
def test_a_stranger_gets_what_the_document_says(case: Case, session: requests.Session) -> None:
    case.validate_response(case.call(session=session), checks=CHECKS)


@api.parametrize()
@bounded
def test_who_has_all_credentials_gets_what_the_document_says(
    case: Case, session: requests.Session, insider: Insider
) -> None:
    insider.prepare(case)
    answer = case.call(session=session)
    insider.seen[case.operation.label][answer.status_code] += 1
    case.validate_response(answer, checks=CHECKS)
