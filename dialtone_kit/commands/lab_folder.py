"""The folder that `dialtone lab` opens: a clone's own lessons, or a copy for the learner."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import click

from dialtone_kit.base.code import PACKAGE
from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.lesson.copying import Brought, bring, has_lessons, has_news, strange_file

DEFAULT = "dialtone-lessons"
WHAT = "The lessons are copied to a folder of yours, where you can change them."


def lessons_folder(source: Path, named: str | None, *, update: bool) -> Path:
    """The folder to open; the lessons in `source` are copied there first if there are none.

    With `update`, what is new in `source` is brought there too.
    """
    found = _named(source, named) if named is not None else usual_folder(source)
    if found == source:
        if update:
            raise click.UsageError("These are the clone's own lessons. Update them by: git pull")
        return found
    folder = found or _asked(source)
    had_some = has_lessons(folder)
    if update or not had_some:
        brought = bring(source, folder)
        _say(folder, brought if had_some else None)
    elif has_news(source, folder):
        line = shlex.join(["dialtone", "lab", *([named] if named else []), "--update"])
        click.echo(f"This version of the kit has new lessons. To add them: {line}")
    return folder


def usual_folder(source: Path) -> Path | None:
    """Where the lessons are when no folder is named: in a clone, or in a copy near here."""
    if not source.is_relative_to(PACKAGE):
        return source
    here = Path.cwd()
    return next(filter(has_lessons, (here, here / "notebooks", here / DEFAULT)), None)


def _named(source: Path, name: str) -> Path:
    if re.fullmatch("[0-9]{2}", name, re.ASCII) and not Path(name).exists():
        raise click.UsageError(f"To open lesson {name}: dialtone lab --lesson {name}")
    return _usable(source, name)


def _asked(source: Path) -> Path:
    """The folder that a person names or accepts; without a person, the default."""
    if not sys.stdin.isatty():
        return _usable(source, DEFAULT)
    click.echo(WHAT)
    folder: Path = click.prompt(
        "Folder", default=DEFAULT, value_proc=lambda name: _usable(source, name)
    )
    return folder


def _usable(source: Path, name: str) -> Path:
    """The folder of that name, if the lessons are in it or can be: it's missing, empty or ours."""
    try:
        folder = Path(name).expanduser().resolve()
        strange = None if has_lessons(folder) else strange_file(source, folder)
    except (OSError, RuntimeError, ValueError) as failed:
        text = sentence(f"{visible(name)} can't be used as a folder: {cause(failed)}")
        raise click.UsageError(f"{text} Name another.") from None
    if strange is not None:
        other = f"{shown(folder)} has other files in it, such as {strange}."
        raise click.UsageError(f"{visible(other)} Name an empty folder or a new one.")
    return folder


def _say(folder: Path, brought: Brought | None) -> None:
    """What an update brought; None for a first copy, which has everything."""
    if brought is None:
        click.echo(f"The lessons are in {visible(shown(folder))}. Change what you like there.")
        return
    rows = [f"Added: {name}" for name in brought.added]
    rows += [f"Replaced, because you hadn't changed it: {name}" for name in brought.replaced]
    rows += [f"New version, next to yours: {name}" for name in brought.beside]
    for row in rows or ["Your lessons are up to date."]:
        click.echo(row)
