"""What holds for every lesson: its parts, their order and their sizes."""

from __future__ import annotations

import ast
import re
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

import dialtone_kit
from dialtone_kit.lesson import catalog
from tests.support.books import (
    BOOKS,
    FOLDER,
    LESSONS,
    ROOT,
    TAGS,
    cells,
    imports,
    read,
    source,
    tags,
)

DEMO = ("01", "02", "03", "04", "05")
PARAMETERS = {"base_url", "realm", "email", "client_name", "interactive"}
PUBLIC = {"dialtone_kit", "dialtone_kit.spiffe", "dialtone_kit.mcp"}
BESIDE_THE_KIT = {"httpx", "jwt", "cryptography"} | set(sys.stdlib_module_names)
SDK = {"mcp", "starlette"}  # MCP's, and what its server is made of: in lesson 10
PICTURE = re.compile(r"!\[([^\]]+)\]\(((?:\.\./)?pictures/[\w-]+\.svg)\)")
every_book = pytest.mark.parametrize(
    "book", BOOKS, ids=lambda path: f"{path.parent.name}/{path.name}"
)
every_lesson = pytest.mark.parametrize("name", LESSONS)


def words(text: str) -> int:
    """How many words of prose are in a Markdown cell: pictures and tables are no prose."""
    text = PICTURE.sub("", text)
    lines = [line for line in text.splitlines() if not line.startswith("|")]
    return len(re.findall(r"[^\s#*]+", " ".join(lines)))


def glossary_terms() -> list[str]:
    return re.findall(r"^## (.+)$", (FOLDER / "glossary.md").read_text(encoding="utf-8"), re.M)


def test_the_lessons_are_those_of_the_map() -> None:
    assert [entry.file for entry in catalog.notebooks()] == LESSONS


@every_book
def test_it_begins_with_title_question_minutes_and_a_picture(book: Path) -> None:
    first = source(read(book)["cells"][0])
    known = read(book)["metadata"]["dialtone"]
    assert re.match(rf"# {known['number']} · .+\n\n\*\*.+\?\*\*\n\n", first)
    assert f"{known['minutes']} minutes. Prerequisites: " in first
    ((alternative, target),) = PICTURE.findall(first)
    assert len(alternative.split()) >= 15
    assert (book.parent / target).is_file()
    assert book.name.startswith(known["number"])


@every_book
def test_the_parameters_come_second_and_hold_no_secret(book: Path) -> None:
    cell = read(book)["cells"][1]
    names: dict[str, object] = {}
    exec(source(cell), names)
    assert tags(cell) == {"parameters"}
    extra = {"00": {"seat"}, "13": {"seat"}, "02": {"verification_code"}}.get(book.name[:2], set())
    assert names.keys() - {"__builtins__"} == PARAMETERS | extra
    assert {"base_url": "mock", "realm": "default", "email": "", "interactive": None}.items() <= (
        names.items()
    )


@every_book
def test_it_has_25_to_45_short_cells(book: Path) -> None:
    assert 25 <= len(read(book)["cells"]) <= 45
    long_code = [source(c) for c in cells(book) if len(source(c).splitlines()) > 12]
    long_prose = [source(c) for c in cells(book, "markdown") if words(source(c)) > 60]
    solved = "solutions" in book.parts
    assert [text for text in long_code if not (solved and "lesson.check(" in text)] == []
    assert [(words(text), text) for text in long_prose] == []


@every_book
def test_it_imports_only_what_a_learner_should_see(book: Path) -> None:
    for cell in cells(book):
        for module, names in imports(source(cell)):
            known = BESIDE_THE_KIT | (SDK if book.name.startswith("10") else set())
            assert module.partition(".")[0] in known or module in PUBLIC, module
            if module in PUBLIC:
                assert set(names) <= set(import_module(module).__all__)


@every_book
def test_its_tags_are_those_that_something_reads(book: Path) -> None:
    assert {tag for cell in cells(book) for tag in tags(cell)} <= TAGS


@every_book
def test_it_ends_in_three_sentences_a_question_and_the_way_on(book: Path) -> None:
    *_, recap, quiz, done = [cell for cell in read(book)["cells"] if source(cell)]
    if not book.name.startswith("00"):
        assert source(quiz) == "lesson.quiz()"
        text, link = source(recap).split("\n\n")[1:]
        assert len(re.findall(r"[.?!](?=\s|$)", text)) == 3
        assert re.search(r"\]\(\d\d-[a-z-]+\.ipynb(#[\w-]+)?\)", link)
    assert source(done) == "lesson.done()"


@every_lesson
def test_the_solution_differs_in_its_exercise_cells_alone(name: str) -> None:
    lesson, solution = read(FOLDER / name), read(FOLDER / "solutions" / name)
    assert lesson["metadata"] == solution["metadata"]
    assert [c["id"] for c in lesson["cells"]] == [c["id"] for c in solution["cells"]]
    for mine, theirs in zip(lesson["cells"], solution["cells"], strict=True):
        same = source(mine) == source(theirs).replace("](../", "](")
        assert same != ("exercise" in tags(mine)), mine["id"]
        assert tags(mine) == tags(theirs)


@every_lesson
def test_every_exercise_is_asked_and_checked_once(name: str) -> None:
    texts = [source(cell) for cell in cells(FOLDER / name) if "exercise" in tags(cell)]
    checked = [found for text in texts for found in re.findall(r'lesson\.check\("([^"]+)"', text)]
    hinted = [found for text in texts for found in re.findall(r'lesson\.hint\("([^"]+)"', text)]
    assert checked == hinted == [entry.id for entry in catalog.exercises(name[:2])]


@every_lesson
def test_every_prediction_of_the_lesson_is_asked_where_it_belongs(name: str) -> None:
    text = "\n".join(source(cell) for cell in cells(FOLDER / name))
    asked = re.findall(r'lesson\.predict\("([^"]+)"\)', text)
    assert asked == list(catalog.questions(name[:2]).predictions)


@every_book
def test_the_code_below_a_prediction_does_not_expect_one_answer(book: Path) -> None:
    """A `try` that only waits for the refusal says that there will be one."""
    all_cells = read(book)["cells"]
    for asked, below in pairwise(all_cells):
        if "lesson.predict(" in source(asked) and below["cell_type"] == "code":
            tries = [n for n in ast.walk(ast.parse(source(below))) if isinstance(n, ast.Try)]
            assert [ast.unparse(one) for one in tries if not one.orelse] == []


@every_book
def test_no_exercise_is_right_below_a_prediction(book: Path) -> None:
    """Its task would give the answer away."""
    all_cells = read(book)["cells"]
    below = [after for one, after in pairwise(all_cells) if "lesson.predict(" in source(one)]
    assert [source(cell) for cell in below if "## Exercise" in source(cell)] == []


@every_lesson
def test_there_is_a_quiz(name: str) -> None:
    if name.startswith("00"):
        asked = [source(cell) for cell in cells(FOLDER / name) if "lesson.quiz(" in source(cell)]
        assert asked == ['lesson.quiz("pre")']
    else:
        assert len(catalog.quiz(name[:2])) == 1


@every_lesson
def test_every_exercise_belongs_to_one_of_at_most_three_skills(name: str) -> None:
    skills = catalog.questions(name[:2]).skills
    named = [exercise for skill in skills for exercise in skill.exercises]
    assert named == [entry.id for entry in catalog.exercises(name[:2])]
    assert len(skills) <= 3
    assert not [
        skill.text for skill in skills if skill.text.endswith(".") or skill.text[0].isupper()
    ]


@every_lesson
def test_an_outcome_is_one_short_line(name: str) -> None:
    for item in catalog.questions(name[:2]).predictions.values():
        assert item.outcome.endswith(".")
        assert len(item.outcome.split()) <= 22, item.id


@every_lesson
def test_its_links_lead_to_lessons(name: str) -> None:
    text = "\n".join(source(cell) for cell in cells(FOLDER / name, "markdown"))
    targets = re.findall(r"\]\(([^)#]+\.ipynb)", text)
    assert set(targets) <= set(LESSONS)


def test_the_glossary_is_in_order() -> None:
    terms = glossary_terms()
    assert terms == sorted(terms, key=lambda term: term.replace("_", " ").lower())
    assert len(terms) > 40


@every_lesson
def test_its_words_are_in_the_glossary(name: str) -> None:
    text = "\n".join(source(cell) for cell in cells(FOLDER / name, "markdown"))
    anchors = {re.sub(r"\s", "-", term.lower()) for term in glossary_terms()}
    assert set(re.findall(r"\]\((?:\.\./)?glossary\.md#([^)]+)\)", text)) <= anchors


def minutes() -> dict[str, int]:
    """The minutes of each lesson, by its number."""
    return {name[:2]: read(FOLDER / name)["metadata"]["dialtone"]["minutes"] for name in LESSONS}


@pytest.mark.parametrize("page", ["00-start-here.ipynb", "README.md", "TRAINERS.md"])
def test_every_table_says_the_minutes_of_the_lessons(page: str) -> None:
    file = FOLDER / page
    text = file.read_text(encoding="utf-8")
    if page.endswith(".ipynb"):
        text = "\n".join(source(cell) for cell in cells(file, "markdown"))
    rows = re.findall(r"^\| \[?(\d\d) .*?\| (\d+) \|", text, re.M)
    told = {number: int(said) for number, said in rows}
    assert told == {number: said for number, said in minutes().items() if number != page[:2]}


def test_the_trainers_table_names_the_exercises() -> None:
    page = (FOLDER / "TRAINERS.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\d\d) [^|]+\| \d+ \| \d+ \| ([^|;]+)", page, re.M))
    assert [*rows] == [name[:2] for name in LESSONS]
    for number, named in rows.items():
        ids = [entry.id.partition(".")[2] for entry in catalog.exercises(number)] or ["none"]
        assert [re.sub(r"\W", "", one) for one in named.split(",")] == [
            re.sub(r"\W", "", one) for one in ids
        ]


def test_the_pages_say_what_the_minutes_add_up_to() -> None:
    demo = sum(minutes()[number] for number in DEMO)
    assert 120 < demo < 135
    assert 140 < demo + minutes()["00"] < 160
    assert "a little over two hours" in (FOLDER / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "README.md", FOLDER / "TRAINERS.md"):
        assert "about two and a half hours" in page.read_text(encoding="utf-8"), page
    assert 6.25 < sum(minutes().values()) / 60 < 6.75
    assert "about six and a half hours in all" in (ROOT / "README.md").read_text(encoding="utf-8")


@every_book
def test_a_label_that_the_prose_names_is_on_a_widget(book: Path) -> None:
    """A label is in italics and begins with a capital, as in *I don't know yet*."""
    prose = " ".join(source(cell) for cell in cells(book, "markdown"))
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*.()]+)\*(?!\*)", prose)) - {"You", "Run All"}
    widgets = Path(dialtone_kit.__file__).parent / "widgets"
    shown = "".join(path.read_text("utf-8") for path in widgets.rglob("*.[jp][sy]"))
    shown += (widgets.parent / "lesson" / "quiz_items.py").read_text("utf-8")
    assert [label for label in named if f'"{label}"' not in shown] == []


@every_book
def test_a_link_to_a_misconception_looks_like_a_link(book: Path) -> None:
    """As code, it has the colour of code."""
    assert not [cell for cell in cells(book, "markdown") if "[`M" in source(cell)]


@every_book
def test_no_line_looks_like_a_prompt(book: Path) -> None:
    """IPython strips what looks like its own prompt, such as `...: ` at the beginning of a line."""
    strip = TransformerManager().transform_cell
    as_run = [(source(cell), strip(source(cell))) for cell in cells(book) if source(cell)]
    assert [
        cell for cell, run in as_run if ast.dump(ast.parse(cell)) != ast.dump(ast.parse(run))
    ] == []


@every_book
def test_nothing_is_sent_by_a_bare_httpx(book: Path) -> None:
    """It would obey HTTP_PROXY for loopback, too; the kit's clients don't."""
    sends = r"\bhttpx\.(?:get|post|put|patch|delete|head|options|request|stream)\("
    assert not [cell for cell in cells(book) if re.search(sends, source(cell))]
