"""Builds the site: runs the lessons, makes their pages, and checks what comes out.

python -m docs.site OUT          all lessons
python -m docs.site OUT 00 03    runs these alone: the others have no outputs
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sphinx.cmd.build import build_main

from dialtone_kit.base.errors import DialtoneError
from docs.site import opening
from docs.site.checking import problems
from docs.site.running import run_lessons
from docs.site.staging import Stage
from tests.support.books import LESSONS, Book

HERE = Path(__file__).parent


class NotBuilt(DialtoneError):
    """The site has not been built; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.lessons) - {name[:2] for name in LESSONS}
    if unknown:
        parser.error(f"There is no lesson {min(unknown)}. Name lessons as 03.")
    names = [name for name in LESSONS if not chosen.lessons or name[:2] in chosen.lessons]
    try:
        make_place(chosen.out)
        books = run_lessons(names, lambda name: print(f"running {name}", flush=True))
        build(books, chosen.out)
    except DialtoneError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The site is in {chosen.out}. Look at it: python -m http.server -d {chosen.out}")
    return 0


def make_place(out: Path) -> None:
    """Make the folder `out`, unless it holds something other than a site."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = any(out.iterdir()) and not (out / ".buildinfo").is_file()
    except OSError as error:
        raise NotBuilt(f"{out} can't be the site's folder: {error.strerror}.") from None
    if taken:
        raise NotBuilt(f"{out} has other files in it. Name a new folder, or one with a site.")


def build(books: Mapping[str, Book], out: Path, where: opening.Places | None = None) -> None:
    """Build the site of the executed lessons `books` in the folder `out`."""
    with tempfile.TemporaryDirectory(prefix="dialtone-site-") as place:
        folder = Path(place) / "source"
        Stage(folder, where or opening.places()).lay(books)
        static = f"html_static_path={HERE / 'static'},{folder / 'static'}"
        options = ["-q", "-E", "-W", "--keep-going", "-c", str(HERE), "-D", static]
        cache = str(Path(place) / "doctrees")
        if build_main([*options, "-d", cache, str(folder), str(out)]):
            raise NotBuilt("Sphinx found something wrong: see above.")
    found = problems(out)
    if found:
        raise NotBuilt("\n".join(["The pages have problems:", *found]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m docs.site")
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder for the site")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lessons, such as 03")
    return parser


if __name__ == "__main__":
    sys.exit(main())
