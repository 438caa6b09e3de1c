"""The whole of /openapi.json, tried out by schemathesis against a running service.

Boundary values and wrong ones of every parameter and member, and some at random: as a stranger, and
as someone who has all the credentials. `DIALTONE_EXAMPLES=300` makes it the long form, by hand.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.support.databases import KINDS
from tests.support.extent import FULL, few_or_all
from tests.support.insider import Insider
from tests.support.running_mock import Mock

# Random ones, beside the boundary values.
EXAMPLES = int(os.environ.get("DIALTONE_EXAMPLES", few_or_all(1, 300)))
MODES = list(GenerationMode)  # what the document allows, and what it does not
ON_ANSWERS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
CHECKS = [*ON_ANSWERS, checks.negative_data_rejection]  # what it does not allow must be refused

Try = Callable[[Case], None]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A service of its own: here every control is tried, too. On PostgreSQL where one is offered:
    it refuses texts that SQLite accepts."""
    mock = Mock(tmp_path_factory.mktemp("tried") / "mock", database=KINDS[-1]).start()
    yield mock
    mock.stop()
    mock.database.drop()
    assert "Traceback" not in mock.log, mock.log


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all; its tally is printed at the end (`-s` shows it)."""
    answered: Counter[int] = Counter()
    with requests.Session() as one:
        one.trust_env = False
        one.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # each case brings its own
        one.hooks["response"] = [lambda answer, **_: answered.update([answer.status_code])]
        yield one
    print(f"\n{answered.total()} answers, all documented:", dict(sorted(answered.items())))


@pytest.fixture(scope="module")
def document(running: Mock) -> schemathesis.BaseSchema:
    """With answers closed: a member that the document does not name must not come."""
    raw: dict[str, Any] = httpx.get(f"{running.base_url}/openapi.json", trust_env=False).json()
    for model in raw["components"]["schemas"].values():
        model.setdefault("additionalProperties", False)
    found = schemathesis.openapi.from_dict(raw)
    found.config.update(base_url=running.base_url)
    found.config.checks.negative_data_rejection.expected_statuses = ["4xx"]
    return found


def operations(document: schemathesis.BaseSchema) -> list[APIOperation]:
    return [found.ok() for found in document.get_all_operations()]


def try_out(document: schemathesis.BaseSchema, operation: APIOperation, one: Try) -> None:
    """Every boundary value of the operation, then random ones; in CI always the same."""
    for case in document.iter_coverage_cases(
        operation, generation_modes=MODES, generation_config=document.config.generation
    ):
        one(case)
    settings(
        max_examples=EXAMPLES,
        derandomize=not FULL,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )(given(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))(one))()


def test_a_stranger_gets_what_the_document_says(
    document: schemathesis.BaseSchema, session: requests.Session, subtests: pytest.Subtests
) -> None:
    def one(case: Case) -> None:
        case.validate_response(case.call(session=session), checks=CHECKS)

    for operation in operations(document):
        with subtests.test(operation.label):
            try_out(document, operation, one)


def test_who_has_all_credentials_gets_what_the_document_says(
    document: schemathesis.BaseSchema,
    session: requests.Session,
    running: Mock,
    subtests: pytest.Subtests,
) -> None:
    insider = Insider(running)

    def one(case: Case) -> None:
        as_generated = insider.prepare(case)
        answer = case.call(session=session)
        insider.seen[case.operation.label][answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS if as_generated else ON_ANSWERS)

    for operation in operations(document):
        with subtests.test(operation.label):
            try_out(document, operation, one)
            seen = insider.seen[operation.label]
            good = [int(status) for status in operation.responses.status_codes if status < "3"]
            assert sum(seen[status] for status in good), f"never answered {good}: {dict(seen)}"
