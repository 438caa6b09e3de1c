"""Lays the pages out for Sphinx: the lessons, the other pages, and the widgets' own files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.widgets import view
from docs.site.opening import Places, buttons
from docs.site.pages import has_exercises, lesson_page, solutions_page
from tests.support.books import FOLDER, LESSONS, ROOT, Book, read, text_of

SOLUTIONS = "solutions/index.md"
# Pages of the repository, and their names here.
OTHERS = {
    "notebooks/README.md": "lessons.md",
    "notebooks/glossary.md": "glossary.md",
    "notebooks/misconceptions.md": "misconceptions.md",
    "docs/where-to-run.md": "where-to-run.md",
    "notebooks/TRAINERS.md": "trainers.md",
}
PAGES = {**OTHERS, "README.md": "index.md", "notebooks/solutions": SOLUTIONS}
_LINK = re.compile(r"\[([^\[\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
_BADGE = re.compile(r"^\[!\[.*\n+", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """A folder that becomes the source of the site."""

    folder: Path
    where: Places

    def lay(self, books: Mapping[str, Book]) -> None:
        """Lay everything out; `books` are the executed lessons, the others have no outputs."""
        (self.folder / "solutions").mkdir(parents=True)
        shutil.copytree(FOLDER / "pictures", self.folder / "pictures")
        for name in LESSONS:
            book = books.get(name) or read(FOLDER / name)
            self._write(name, text_of(lesson_page(name, book, buttons(name, self.where))))
        self._lay_solutions()
        for path, name in OTHERS.items():
            self._write(name, self.relinked(path, (ROOT / path).read_text(encoding="utf-8")))
        self._write("index.md", self._front())
        self._lay_widgets()

    def relinked(self, path: str, text: str) -> str:
        """`text` of the page at `path` with each link to where its target is on the site.

        What has no page leads to the repository, or is no link if there is none.
        """
        here = (ROOT / path).parent

        def link(found: re.Match[str]) -> str:
            words, place, anchor = found.groups("")
            target = self.target((here / place).resolve().relative_to(ROOT).as_posix())
            return f"[{words}]({target}{anchor})" if target else words

        return _LINK.sub(link, _ANCHOR.sub(r"(\1)=", text))  # HTML is no target to MyST

    def target(self, path: str) -> str:
        """Where readers find the file or folder at `path`, or nothing."""
        if path in PAGES:
            return PAGES[path]
        if path.startswith("notebooks/"):  # a lesson or a picture
            return path.removeprefix("notebooks/")
        return self.where.file(path)

    def _front(self) -> str:
        """The first page: the README down to how to start, and the tables of contents."""
        readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Test")[0]
        intro, _, start = self.relinked("README.md", _BADGE.sub("", readme)).partition("\n## Start")
        lessons = "\n".join(LESSONS)
        more = "\n".join([*OTHERS.values(), SOLUTIONS])
        return (
            f"{intro}\n{buttons(LESSONS[0], self.where, 'To begin:')}\n\n## Start{start}\n\n"
            f"{_contents('The lessons', lessons)}\n{_contents('More pages', more)}"
        )

    def _lay_solutions(self) -> None:
        pages = {name.replace(".ipynb", ".md"): FOLDER / "solutions" / name for name in LESSONS}
        solved = {page: book for page, path in pages.items() if has_exercises(book := read(path))}
        for page, book in solved.items():
            self._write(f"solutions/{page}", solutions_page(pages[page].name, book))
        intro = "# Solutions\n\nOne page for each lesson with exercises. Each solution is folded."
        self._write(SOLUTIONS, f"{intro}\n\n```{{toctree}}\n" + "\n".join(solved) + "\n```\n")

    def _lay_widgets(self) -> None:
        shutil.copytree(Path(view.__file__).parent / "static", self.folder / "static" / "kit")
        (self.folder / "static" / "kit" / "kit.css").write_text(view.style(), encoding="utf-8")

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")


def _contents(caption: str, pages: str) -> str:
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"
