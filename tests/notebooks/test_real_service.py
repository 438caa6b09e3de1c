"""The same cells against a service that is not ours to control, with the sponsor's own mailbox.

The real one is not asked by tests: a mock of another home, with its own state, plays its part.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from papermill.exceptions import PapermillExecutionError

from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from tests.support.books import FOLDER, LESSONS, output_text, run, verdicts

SPONSOR = "sponsor@example.org"


@dataclass(frozen=True)
class Foreign:
    """Someone else's service, and the sponsor's mailbox."""

    base_url: str
    mailbox: Controls

    def code(self) -> str:
        return self.mailbox.code_for(SPONSOR)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    home = tmp_path_factory.mktemp("foreign")
    before = os.environ["DIALTONE_STATE_DIR"], os.environ["DIALTONE_CONFIG_DIR"]
    os.environ["DIALTONE_STATE_DIR"] = str(home / "their-state")
    found = service.ensure(say=lambda line: None)
    theirs = Controls(lambda: found)
    os.environ["DIALTONE_STATE_DIR"] = str(home / "my-state")
    os.environ["DIALTONE_CONFIG_DIR"] = str(home / "my-config")
    yield Foreign(found.base_url, theirs)
    os.environ["DIALTONE_STATE_DIR"] = str(home / "their-state")
    service.stop()
    os.environ["DIALTONE_STATE_DIR"], os.environ["DIALTONE_CONFIG_DIR"] = before


def solution(number: str) -> Path:
    return FOLDER / "solutions" / next(name for name in LESSONS if name.startswith(number))


def stopped(number: str, **parameters: object) -> str:
    """The one line at which the lesson stopped."""
    with pytest.raises(PapermillExecutionError) as failed:
        run(solution(number), **parameters)
    assert failed.value.ename == "LessonStop"
    return str(failed.value.evalue)


@pytest.mark.timeout(150)
def test_registration_continues_with_the_code_as_a_parameter_and_the_lessons_follow(
    foreign: Foreign, tmp_path: Path
) -> None:
    url = foreign.base_url
    assert "lesson 02" in stopped("03", base_url=url)
    assert "parameter email" in stopped("02", base_url=url)
    assert "verification_code" in stopped("02", base_url=url, email=SPONSOR)
    code = foreign.code()
    book = run(solution("02"), base_url=url, email=SPONSOR, verification_code=code)
    assert set(verdicts(book)) == {"Right"}
    assert "registered there already" in stopped("02", base_url=url, email=SPONSOR)
    for number in ("03", "04", "05"):
        book = run(solution(number), base_url=url)
        assert set(verdicts(book)) == {"Right"}
        assert "the real service" in output_text(book)
    assert "Only the local service has notes." in output_text(book)
    begun = tmp_path / "07.ipynb"  # its first half; then it needs a private realm
    with pytest.raises(PapermillExecutionError, match="The rest needs private realms") as failed:
        run(solution("07"), begun, base_url=url)
    assert failed.value.ename == "MockOnly"
    book = json.loads(begun.read_text(encoding="utf-8"))
    assert verdicts(book) == ["Right", "Right"]
    assert "401 key_is_bound" in output_text(book)
