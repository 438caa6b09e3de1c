"""The site's pages, as they are made from notebooks that were not run, and from outputs made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialtone_kit.lesson import catalog
from dialtone_kit.tokens import sign_token
from dialtone_kit.widgets import InboxView, Prediction, Quiz
from docs.site.__main__ import NotBuilt, main, make_place
from docs.site.cells import at_headings, is_exercise, markdown, prediction_of
from docs.site.checking import problems
from docs.site.folding import folded
from docs.site.opening import NO_ADDRESS, Places, buttons, places
from docs.site.pages import lesson_page, solutions_page
from docs.site.running import Leak, refuse_leaks
from docs.site.staging import Stage
from docs.site.still import HIDDEN, MIME, still_of
from tests.support.books import FOLDER, LESSONS, Cell, cells, read, source
from tests.wire.test_wire import SIGNER

HERE = Places("https://git.example/owner/kit", "https://hub.example")


def code(text: str, *outputs: Cell, tags: tuple[str, ...] = ()) -> Cell:
    name = f"c-{abs(hash(text))}"
    shown = {"outputs": list(outputs), "metadata": {"tags": list(tags)}}
    return {"cell_type": "code", "id": name, "source": text, **shown}


def result(**data: Any) -> Cell:
    return {"output_type": "execute_result", "data": data, "metadata": {}}


def texts(page: list[Cell]) -> list[str]:
    """What a page shows, top down: prose, code, outputs."""
    shown = []
    for cell in page:
        if "remove-input" not in cell["metadata"].get("tags", ()):
            shown.append(source(cell))
        shown += [output["data"]["text/plain"] for output in cell.get("outputs", ())]
    return shown


def test_what_follows_a_prediction_is_folded_down_to_the_next_heading() -> None:
    book = [
        code('lesson.predict("03.x")'),
        markdown("Before you run it.", "m0"),
        code("run()", result(**{"text/plain": "400"})),
        markdown("It was refused.", "m1"),
        code("again()", result(**{"text/plain": "200"})),
        markdown("## Next", "m2"),
    ]
    page = texts(list(folded(book, lambda name: f"What `{name}` is.")))
    fold = page.index(next(text for text in page if text.startswith("<details")))
    assert page[:fold] == ['lesson.predict("03.x")', "Before you run it.", "run()"]
    assert page[fold + 1 :] == ["400", "It was refused.", "again()", "200", "</details>", "## Next"]
    assert "What <code>03.x</code> is." in page[fold]
    assert " open" not in page[fold]


@pytest.mark.parametrize("end", [code('lesson.predict("03.y")'), code("x", tags=("exercise",))])
def test_a_fold_ends_at_the_next_question(end: Cell) -> None:
    page = texts(list(folded([code('lesson.predict("03.x")'), code("run()"), end], str)))
    assert page[-2:] == ["</details>", end["source"]]


def test_a_page_without_predictions_has_no_fold() -> None:
    book = [markdown("Prose.", "m"), code("run()", result(**{"text/plain": "1"}))]
    assert list(folded(book, str)) == book


def test_prose_is_split_at_its_headings_and_not_at_comments_in_code() -> None:
    cell = markdown("One.\n\n```sh\n# no heading\n```\n\n## Two\n\nThree.", "m")
    first, second = at_headings(cell)
    assert first["source"] == "One.\n\n```sh\n# no heading\n```"
    assert second["source"] == "## Two\n\nThree."
    assert first["id"] != second["id"]


@pytest.mark.parametrize("name", LESSONS)
def test_each_prediction_of_a_lesson_has_its_outcome_in_a_fold(name: str) -> None:
    page = lesson_page(name, read(FOLDER / name), "<nav></nav>")["cells"]
    asked = [found for cell in cells(FOLDER / name) if (found := prediction_of(cell))]
    depth, folds = 0, []
    for cell in page:
        text = source(cell)
        folds += [part for part in asked if f'data-for="{part}"' in text]
        depth += text.startswith("<details") - (text == "</details>")
        assert depth in (0, 1), cell["id"]
        if text.startswith("#") or prediction_of(cell) or is_exercise(cell):
            assert depth == 0, cell["id"]
    assert (depth, folds) == (0, asked)
    assert len({cell["id"] for cell in page}) == len(page)


def test_an_exercise_leads_to_its_solution_which_is_folded() -> None:
    name = "03-dpop-token.ipynb"
    page = texts(lesson_page(name, read(FOLDER / name), "")["cells"])
    anchor = "exercise-1-x-and-y-in-32-bytes"
    assert f"[A solution](solutions/03-dpop-token.md#{anchor})" in page
    solved = solutions_page(name, read(FOLDER / "solutions" / name))
    _, _, first = solved.partition("## Exercise 1: x and y in 32 bytes")
    assert first.index(f"../{name}#{anchor}") < first.index("<details") < first.index("def public")
    assert solved.count("</details>") == len([c for c in cells(FOLDER / name) if is_exercise(c)])


def test_a_prediction_can_be_answered_on_its_page() -> None:
    item = catalog.prediction("03.same-proof-twice")
    still = still_of(Prediction(item, lambda _: None, interactive=False))
    assert [key["right"] for key in still["key"]] == [item.right]
    assert "right" not in still["state"]["items"][0]


def test_a_quiz_that_tells_nothing_leaves_no_key() -> None:
    items = catalog.quiz("03")
    assert still_of(Quiz(items, lambda _: None, interactive=False, tell=False))["key"] == []
    assert len(still_of(Quiz(items, lambda _: None, interactive=False))["key"]) == len(items)


def test_a_code_in_an_email_is_covered_on_the_page() -> None:
    class Mail:
        id, to, subject, sent_at = "1", "a@mail.example", "Vouch?", "2026-11-24T10:00:00Z"
        text, code = "Your code: WXYZ-6789", "WXYZ-6789"

    still = str(still_of(InboxView(lambda: [Mail()], interactive=False)))
    assert "WXYZ" not in still
    assert f"Your code: {HIDDEN}" in still


def test_a_widget_becomes_text_that_its_script_replaces() -> None:
    state = {"script": "questions.js", "state": {"text": "</script><b>"}, "key": []}
    shown = result(**{"text/plain": "a < b?", MIME: state})
    book = {"cells": [markdown("# T\n\nX", "t"), code("form", shown)]}
    html = lesson_page("00-x.ipynb", book, "")["cells"][-1]["outputs"][0]["data"]["text/html"]
    assert html.startswith('<div class="still"><p>a &lt; b?</p>')
    assert html.count("</script>") == 1
    assert "\\u003c/script>" in html


def test_a_link_in_an_output_leads_to_a_page() -> None:
    link = (
        '<a style="x" href="misconceptions.md#m01">M01</a> <a href="https://a.example/b.md">b</a>'
    )
    book = {"cells": [markdown("# T\n\nX", "t"), code("x", result(**{"text/html": link}))]}
    html = lesson_page("00-x.ipynb", book, "")["cells"][-1]["outputs"][0]["data"]["text/html"]
    assert 'href="misconceptions.html#m01"' in html
    assert 'href="https://a.example/b.md"' in html


def test_the_buttons_name_the_lesson_wherever_it_opens() -> None:
    shown = buttons("03-dpop-token.ipynb", HERE)
    lesson = "notebooks%2F03-dpop-token.ipynb"
    assert "dialtone lab --lesson 03" in shown
    assert f"mybinder.org/v2/gh/owner/kit/HEAD?urlpath=lab%2Ftree%2F{lesson}" in shown
    assert "https://codespaces.new/owner/kit?quickstart=1" in shown
    pull = "https://hub.example/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example%2Fowner%2Fkit"
    assert f"{pull}&amp;urlpath=lab%2Ftree%2Fkit%2F{lesson}" in shown


def test_without_a_public_repository_the_buttons_say_so() -> None:
    shown = buttons("03-dpop-token.ipynb", Places())
    assert NO_ADDRESS in shown
    assert "mybinder" not in shown
    assert "where-to-run.html#nbgitpuller-links" in shown


def test_the_address_of_the_repository_is_the_one_that_it_names() -> None:
    assert places().repository.startswith("https://")
    assert not places().repository.endswith(("/", ".git"))


def test_a_link_of_a_page_leads_to_its_page_or_to_the_repository(tmp_path: Path) -> None:
    text = (
        "[a](../docs/where-to-run.md#binder) [b](03-dpop-token.ipynb) [c](solutions/) "
        "[`d`](../dialtone_kit/rules.py) [e](https://e.example) [f](#m01)"
    )
    assert Stage(tmp_path, HERE).relinked("notebooks/x.md", text) == (
        "[a](where-to-run.md#binder) [b](03-dpop-token.ipynb) [c](solutions/index.md) "
        "[`d`](https://git.example/owner/kit/blob/HEAD/dialtone_kit/rules.py) "
        "[e](https://e.example) [f](#m01)"
    )
    alone = Stage(tmp_path, Places()).relinked("notebooks/x.md", text)
    assert " `d` [e]" in alone


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(NotBuilt, match="has other files in it"):
        make_place(tmp_path)
    with pytest.raises(NotBuilt, match="can't be the site's folder: "):
        make_place(tmp_path / "thesis.txt")
    (tmp_path / ".buildinfo").touch()
    make_place(tmp_path)
    make_place(tmp_path / "new" / "one")
    assert (tmp_path / "new" / "one").is_dir()


def test_a_lesson_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["out", "03", "99"])
    assert "There is no lesson 99" in capsys.readouterr().err


TOKEN = sign_token(SIGNER, {"sub": "cli_a"}, kid="k1")


@pytest.mark.parametrize(
    "text", [TOKEN, f"sec_{'a' * 43}", f"pt_{'b' * 43}", "-----BEGIN PRIVATE KEY-----", "/h/x/log"]
)
def test_an_output_with_a_secret_or_a_path_of_the_builder_stops_the_build(text: str) -> None:
    book = {"cells": [code("x", result(**{"text/plain": f"got {text}"}))]}
    with pytest.raises(Leak, match=r"^03-x: an output has a ") as stopped:
        refuse_leaks("03-x", book, ["/h/x"])
    assert text not in str(stopped.value)


def test_what_is_masked_may_be_published() -> None:
    shown = f"client_secret •••••• (46 characters) {TOKEN.rpartition('.')[0]}.•••••• /h/xyz"
    refuse_leaks("03-x", {"cells": [code("x", result(**{"text/plain": shown}))]}, ["/h/x"])


def test_the_check_of_a_built_site_finds_what_leads_nowhere_or_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text(
        '<h1 id="a">A</h1><a href="#a">a</a><a href="https://b.example">b</a><img src="data:,">'
    )
    assert problems(tmp_path) == []
    (tmp_path / "bad.html").write_text(
        '<a href="good.html#b">1</a><a href="gone.html">2</a>'
        '<script src="//cdn.example/x.js"></script>'
    )
    (tmp_path / "bad.css").write_text("@import url(https://fonts.example/x.css);")
    found = problems(tmp_path)
    assert sorted(line.partition(" ")[0] for line in found) == ["bad.css", *["bad.html"] * 3]
    assert any("gone.html, which is not there" in line for line in found)
    assert any("good.html#b: the page has no such place" in line for line in found)
    assert "bad.html loads //cdn.example/x.js" in found
