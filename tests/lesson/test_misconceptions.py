"""The codes: each has an entry, each entry is on the page, and the page says nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.lesson.exercises.verdict import Verdict
from dialtone_kit.lesson.misconceptions import link_to, misconception, misconceptions, show
from tests.support.misconceptions import FILE, page

KIT = Path(__file__).parents[2] / "dialtone_kit"
CODE = re.compile(r"\bM[0-3][0-9]\b")


def test_every_code_of_the_list_has_an_entry_but_the_one_that_is_not_used() -> None:
    assert set(misconceptions()) == {f"M{n:02}" for n in range(1, 38)} - {"M26"}


def test_every_code_in_the_kit_has_an_entry() -> None:
    files = [*KIT.rglob("*.py"), *KIT.rglob("questions.toml"), *FILE.parent.glob("*.ipynb")]
    used = {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}
    assert {"M01", "M20"} < used
    assert used <= set(misconceptions())


def messages_with_a_code(file: Path) -> Iterator[str]:
    """The texts in a module that end in a code: docstrings and the codes themselves are none."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and node not in docs else None
        if isinstance(text, str) and re.search(r".\bM[0-3][0-9]\W*$", text):
            yield text


def test_a_message_has_its_code_in_brackets_at_the_end() -> None:
    texts = [text for file in KIT.rglob("*.py") for text in messages_with_a_code(file)]
    assert len(texts) > 20
    assert [text for text in texts if not re.search(r" \[M[0-3][0-9]\]$", text)] == []


def test_the_page_is_made_from_the_entries() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "python -m tests.support.misconceptions"


@pytest.mark.parametrize("entry", misconceptions().values(), ids=lambda entry: entry.code)
def test_an_entry_is_short_and_names_lessons_of_the_course(entry) -> None:  # type: ignore[no-untyped-def]
    assert entry.title[-1] not in ".!"
    assert 5 <= len(entry.truth.split()) <= 60
    assert all(re.fullmatch("0[0-9]|1[0-3]", lesson) for lesson in entry.lessons)
    assert entry.lessons == tuple(sorted(entry.lessons))


def test_an_entry_is_shown_with_its_parts_and_escaped() -> None:
    shown = show(misconception("m14"))
    assert "<code>jwk</code>" in shown.html
    assert "M14" in shown.text
    assert "lessons 03 and 08" in shown.text.lower()


def test_an_unknown_code_is_one_line() -> None:
    with pytest.raises(DialtoneError, match="M01 to M37"):
        misconception("M99")
    assert link_to("<M99>") == "&lt;M99&gt;"
    assert 'href="misconceptions.md#m05"' in link_to("M05")


def test_a_verdict_links_its_code_and_the_codes_in_its_sentence() -> None:
    shown = Verdict("wrong", "Not <that> (M08).", "M05")
    assert repr(shown) == "✗ Not quite. Not <that> (M08). [M05]"
    assert 'href="misconceptions.md#m05"' in shown._repr_html_()
    assert 'href="misconceptions.md#m08"' in shown._repr_html_()
    assert "&lt;that&gt;" in shown._repr_html_()


def test_a_verdict_shows_what_is_between_backticks_as_code() -> None:
    shown = Verdict("right", "Foreign key, `none`, `<b>`: caught.")
    assert "Foreign key, <code>none</code>, <code>&lt;b&gt;</code>: caught." in shown._repr_html_()


def test_from_the_solutions_the_page_is_one_folder_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "solutions").mkdir()
    (tmp_path / "misconceptions.md").touch()
    monkeypatch.chdir(tmp_path / "solutions")
    assert 'href="../misconceptions.md#m05"' in link_to("M05")
    monkeypatch.chdir(tmp_path)
    assert 'href="misconceptions.md#m05"' in link_to("M05")


def test_the_page_leads_to_the_lessons_that_there_are() -> None:
    links = re.findall(r"\]\((\d\d-[^)]+)\)", page())
    assert links
    assert [link for link in links if not (FILE.parent / link).is_file()] == []
