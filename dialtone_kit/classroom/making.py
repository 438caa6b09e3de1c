"""`dialtone class new`: a class made whole or not at all, and late learners added to one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dialtone_kit.base import platform
from dialtone_kit.base.email import canonical_email
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.classroom.building import folder_next_to
from dialtone_kit.classroom.learner_files import (
    PARAMETERS,
    has_parameters,
    seats_from_files,
    write_learner_folders,
)
from dialtone_kit.classroom.roster import Roster
from dialtone_kit.classroom.session import (
    LEARNERS,
    SETTINGS,
    Learner,
    NoLearners,
    NoSession,
    Session,
    open_session,
)
from dialtone_kit.classroom.settings import Settings, settings_of
from dialtone_kit.classroom.tables import csv_text
from dialtone_kit.lesson import catalog

LINKS = "links.csv"
_IGNORE = "# Personal data: never commit this folder.\n*\n"


@dataclass(frozen=True)
class Made:
    """What became of a class: `new` got a seat now, `missing` aren't in the roster any more."""

    session: Session
    new: tuple[Learner, ...]
    missing: tuple[Learner, ...] = ()
    removed: tuple[Learner, ...] = ()
    mended: tuple[str, ...] = ()
    renamed: int = 0

    @property
    def twice(self) -> list[tuple[Learner, Learner]]:
        """Who stays without being in the roster, and who has that name in it: a new address?"""
        staying = [one for one in self.missing if one not in self.removed]
        listed = [one for one in self.session.learners if one not in self.missing]
        pairs = ((old, new) for old in staying for new in listed)
        return [(old, new) for old, new in pairs if old.name.casefold() == new.name.casefold()]


def make(folder: Path, roster: Roster, given: Mapping[str, Any]) -> Made:
    """A new class in `folder`, which must not exist. `given` has the settings that were chosen."""
    settings = _settings(folder, given)
    learners = tuple(
        Learner(seat, one.name, one.email) for seat, one in enumerate(roster.people, start=1)
    )
    with folder_next_to(folder) as building:
        made = building / "class"
        made.mkdir(mode=0o700)
        _require_modes(made)
        private = PrivateFolder(made)
        private.write(".gitignore", _IGNORE)
        private.write(SETTINGS, settings.as_toml())
        _write_lists(made, learners, settings)
        # Last: each write above waits for the disk, and would wait for all of these files, too.
        write_learner_folders(made / "learners", learners)
        made.rename(folder)
    return Made(open_session(folder), learners)


def update(
    folder: Path,
    roster: Roster,
    given: Mapping[str, Any],
    remove: Callable[[Sequence[Learner]], bool],
) -> Made:
    """The class in `folder` with the late learners of `roster`. Nobody's seat changes.

    Learners who aren't in the roster any more stay, unless `remove` says yes when it's asked about
    them. Files that were lost are made again; `mended` names them.
    """
    session, mended = _opened(folder, given)
    settings = settings_of(session)
    late, kept, missing = _compared(session, roster)
    going = frozenset(missing) if missing and remove(missing) else frozenset()
    learners = tuple(one for one in kept if one not in going) + late
    lost = tuple(one for one in learners if not has_parameters(session.folder_of(one)))
    _add_folders(session, lost)
    _write_lists(folder, learners, settings)
    for learner in going:
        _empty(session.folder_of(learner))
    known, late_ones = frozenset(session.learners), frozenset(late)
    mended += tuple(f"seat {one.seat}: {PARAMETERS}" for one in lost if one not in late_ones)
    renamed = sum(one not in known for one in kept)
    return Made(open_session(folder), late, missing, tuple(going), mended, renamed)


def differs(session: Session, given: Mapping[str, Any]) -> bool:
    """Whether `given` asks for other settings than the class has: those in the file stay."""
    have = settings_of(session)
    return any(getattr(have, name) != value for name, value in given.items())


def _settings(folder: Path, given: Mapping[str, Any]) -> Settings:
    """The settings of a new class. Raises when no link can be made of them."""
    every = tuple(lesson.number for lesson in catalog.notebooks())
    defaults = {"name": folder.name, "made": date.today(), "lessons": every}
    settings = Settings(**{**defaults, **given})
    link_of(settings)
    return settings


def link_of(settings: Settings) -> str:
    """The link to the first lesson of a class, "" if its settings have no hub.

    Raises DialtoneError for a lesson that the kit doesn't have, or for none at all.
    """
    files = {lesson.number: lesson.file for lesson in catalog.notebooks()}
    unknown = [number for number in settings.lessons if number not in files]
    if unknown or not settings.lessons:
        raise DialtoneError(
            f"No lesson {unknown[0] if unknown else 'at all'}; available: {', '.join(files)}."
        )
    return settings.links.link(files[settings.lessons[0]])


def _opened(folder: Path, given: Mapping[str, Any]) -> tuple[Session, tuple[str, ...]]:
    """The class in `folder`, after what it lost has been made again, with the names of that."""
    have = {name for name in (SETTINGS, LEARNERS) if os.path.lexists(folder / name)}
    if not have and not seats_from_files(folder / "learners"):
        raise NoSession(
            f"{shown(folder)} exists and isn't the folder of a class. Name one that doesn't exist "
            "yet: dialtone class new roster.csv FOLDER"
        )
    mended: tuple[str, ...] = ()
    if SETTINGS not in have:
        PrivateFolder(folder).write(SETTINGS, _settings(folder, given).as_toml())
        mended += (SETTINGS,)
    try:
        if LEARNERS in have:
            return open_session(folder), mended
    except NoLearners:
        pass
    PrivateFolder(folder).write(LEARNERS, _listed(seats_from_files(folder / "learners")))
    return open_session(folder), (*mended, LEARNERS)


def _compared(
    session: Session, roster: Roster
) -> tuple[tuple[Learner, ...], tuple[Learner, ...], tuple[Learner, ...]]:
    """Who is late, who has a seat (by the roster's spelling), and who of these isn't in it."""
    rows = {canonical_email(person.email): person for person in roster.people}
    kept, missing = [], []
    for learner in session.learners:
        person = rows.pop(canonical_email(learner.email), None)
        kept.append(Learner(learner.seat, person.name, learner.email) if person else learner)
        if person is None:
            missing.append(learner)
    first = _free_seat(session)
    late = (Learner(seat, one.name, one.email) for seat, one in enumerate(rows.values(), first))
    return tuple(late), tuple(kept), tuple(missing)


def _free_seat(session: Session) -> int:
    """The first seat that nobody has or had: the folder of a seat stays when its learner goes."""
    folders = (session.folder / "learners").glob("[0-9]*")
    numbers = [int(path.name) for path in folders if path.name.isdecimal()]
    return max([0, *numbers, *(learner.seat for learner in session.learners)]) + 1


def _add_folders(session: Session, learners: Sequence[Learner]) -> None:
    """Put the learners' folders in their places; none of the new ones stays if one fails."""
    added: list[Path] = []
    (session.folder / "learners").mkdir(mode=0o700, exist_ok=True)
    with folder_next_to(session.folder / "learners") as building:
        write_learner_folders(building / "learners", learners)
        try:
            for learner in learners:
                place = session.folder_of(learner)
                source = building / "learners" / place.name
                if place.exists():  # it lost the file, and keeps the rest
                    (source / PARAMETERS).replace(place / PARAMETERS)
                else:
                    source.rename(place)
                    added.append(place)
        except BaseException:
            for place in added:
                shutil.rmtree(place, ignore_errors=True)
            raise


def _write_lists(folder: Path, learners: Sequence[Learner], settings: Settings) -> None:
    private, link = PrivateFolder(folder), link_of(settings)
    private.write(LEARNERS, _listed(learners))
    if link:
        rows = [(one.seat, one.name, one.email, link) for one in learners]
        private.write(LINKS, csv_text(("seat", "name", "email", "link"), rows))
    else:
        private.remove(LINKS)


def _listed(learners: Sequence[Learner]) -> str:
    rows = [(one.seat, one.name, one.email) for one in learners]
    return csv_text(("seat", "name", "email"), rows)


def _empty(folder: Path) -> None:
    """Delete what belongs to a learner. The empty folder keeps the seat from being given again."""
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _require_modes(folder: Path) -> None:
    """Some disks (FAT, a Windows drive in WSL) open every file to everyone."""
    if platform.open_to_others(folder.stat()):
        raise DialtoneError(
            "This disk can't keep files private, and a class has personal data. Choose a folder "
            "in your home."
        )
