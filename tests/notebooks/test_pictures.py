"""The lessons' pictures: as drawn, said in words, and readable wherever an image is shown."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.books import BOOKS, FOLDER, read, source
from tests.support.pictures import PICTURES

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PICTURES)
def test_the_file_is_as_drawn(name: str) -> None:
    assert (FOLDER / "pictures" / f"{name}.svg").read_text(encoding="utf-8") == (
        PICTURES[name]().svg()
    ), "python -m tests.support.pictures draws them again"


@pytest.mark.parametrize("name", PICTURES)
def test_it_needs_nothing_else(name: str) -> None:
    text = PICTURES[name]().svg()
    picture = ElementTree.fromstring(text)
    assert picture.findtext(f"{SVG}title")
    assert picture.findtext(f"{SVG}desc")
    assert "prefers-color-scheme: dark" in text
    assert not [word for word in ("<script", "<image", "href", "url(", "@import") if word in text]


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_lesson_says_in_words_what_its_picture_shows(book: Path) -> None:
    picture = ElementTree.parse(FOLDER / "pictures" / f"lesson-{book.name[:2]}.svg")
    assert f"![{picture.findtext(f'{SVG}desc')}](" in source(read(book)["cells"][0])
