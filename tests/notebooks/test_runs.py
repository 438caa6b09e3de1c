"""The lessons run: with other parameters, each as the first one opened, again and again."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from papermill.exceptions import PapermillExecutionError

from dialtone_kit.lesson import catalog
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.running import find
from dialtone_kit.local.state_folder import state_dir
from tests.support.books import FOLDER, LESSONS, Book, output_text, run, verdicts

every_lesson = pytest.mark.parametrize("name", LESSONS)
SECRET_LOOKS = re.compile(
    r"\b(?:sec|pt|rt|dc)_[A-Za-z0-9_-]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"
    r"|PRIVATE KEY|'d': '|\"d\\?\": \\?\""
    r"|(?:/home/|/root/|/Users/|/tmp/)\w"
)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home in which nothing was ever done, with a service of its own that ends with the test."""
    monkeypatch.setenv("DIALTONE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("DIALTONE_CONFIG_DIR", str(tmp_path / "config"))
    yield tmp_path
    service.stop()


def secrets_of(home: Path) -> set[str]:
    """Every secret that was issued under `home`: client secrets, codes, the control secret."""
    files = (home / "config").glob("*/client.json")
    stored = [json.loads(path.read_text()) for path in files]
    found = {client["client_secret"] for client in stored if "client_secret" in client}
    record = json.loads((home / "state" / "service.json").read_text())
    running = find()
    mails = Controls(lambda: running).inbox() if running else []
    return found | {str(mail.code) for mail in mails if mail.code} | {str(record["secret"])}


def facts(book: Book) -> int:
    """How many predictions `lesson.done()` shows beside a request of this very run."""
    page = next(output for cell in book["cells"][::-1] for output in cell.get("outputs", ()))
    return "".join(page["data"]["text/html"]).count("In this run:")


@pytest.mark.sample(2)
@pytest.mark.row("C6")
@every_lesson
def test_a_lesson_alone_as_the_first_one_in_an_empty_home(name: str, empty_home: Path) -> None:
    book = run(FOLDER / name)
    shown = output_text(book)
    assert set(verdicts(book)) <= {"Not tried"}
    assert len(verdicts(book)) == len(catalog.exercises(name[:2]))
    assert [secret for secret in secrets_of(empty_home) if secret in shown] == []
    assert SECRET_LOOKS.search(json.dumps(book, ensure_ascii=False)) is None
    assert facts(book) == len(catalog.questions(name[:2]).seen)
    assert str(empty_home) not in shown
    assert str(FOLDER.parent) not in shown


@pytest.mark.sample(2)
@pytest.mark.row("C6")
@every_lesson
def test_a_solution_with_another_address_and_name_shows_no_secret(name: str) -> None:
    book = run(FOLDER / "solutions" / name, email="ada@example.org", client_name="Ada's agent")
    assert set(verdicts(book)) <= {"Right"}
    shown = output_text(book)
    issued = secrets_of(state_dir().parent)
    assert [secret for secret in issued if secret in shown] == []
    assert SECRET_LOOKS.search(json.dumps(book, ensure_ascii=False)) is None
    if name.startswith("02"):
        assert "cli_ada_s_agent_" in shown


@pytest.mark.sample(2)
@every_lesson
def test_a_solution_in_the_realm_strict(name: str) -> None:
    book = run(FOLDER / "solutions" / name, realm="strict")
    assert set(verdicts(book)) <= {"Right"}
    assert "/realms/strict" in output_text(book)


def test_registering_again_and_again_with_one_address_meets_the_limit_and_continues(
    empty_home: Path,
) -> None:
    name = next(name for name in LESSONS if name.startswith("02"))
    shown = [output_text(run(FOLDER / name, email="often@example.org")) for _ in range(4)]
    assert "rate_limited" not in shown[0]
    assert "lesson.reset_limits()" in shown[3]


def test_a_run_leaves_no_private_realm_behind(empty_home: Path) -> None:
    name = next(name for name in LESSONS if name.startswith("05"))
    run(FOLDER / "solutions" / name)
    clients = [path.name for path in (empty_home / "config").glob("cli_*")]
    assert [name for name in clients if name.startswith("cli_lab_")] == []
    with sqlite3.connect(empty_home / "state" / "mock.sqlite3") as store:
        realms = {row[0] for row in store.execute("select distinct realm from clients")}
    assert realms == {"default"}


def test_run_all_stops_with_one_line_where_a_person_has_not_answered_yet() -> None:
    name = next(name for name in LESSONS if name.startswith("02"))
    with pytest.raises(PapermillExecutionError) as stopped:
        run(FOLDER / name, interactive=True)
    assert stopped.value.ename == "LessonStop"
    assert "email address in the form above" in stopped.value.evalue
