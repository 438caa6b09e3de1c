"""What the kit keeps on this machine, and how `dialtone purge` takes it away.

Only names that the kit gives are touched, each through the descriptor of its folder: no link is
followed, and what else is in these folders stays.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.urls import origin
from dialtone_kit.client import credentials, enrollments
from dialtone_kit.client.config_folder import config_dir
from dialtone_kit.local.record import Record, UnusableRecord, read_record
from dialtone_kit.local.seat import FILE as SESSION
from dialtone_kit.local.seat import read_seat
from dialtone_kit.local.setup import SQLITE, read_setup
from dialtone_kit.local.state_folder import progress_file, state_dir

SHARING = r"sharing\.json(\.lock)?"
PROGRESS = r"progress\.jsonl?(\.lock|\.moved)?"
_WRITTEN = (
    r"service\.json|setup\.json|mock\.pid|mock\.key|postgresql\.key|progress\.jsonl?|report\.html"
    r"|class-ca\.pem|sharing\.json"
)
_HALF = r"\.[0-9a-f]{16}"  # at the end of what a killed write left
# The names that the kit gives in the state folder, and what is behind each.
STATE = {
    r"mock\.sqlite3(-wal|-shm|-journal)?": "the service's database: clients, mails, audit trail",
    r"mock\.key|postgresql\.key": "the service's own key",
    r"mock\.log(\.1)?": "the service's log",
    r"mock\.pid|mock\.calls|(service|device)\.lock": "notes of the service's process",
    r"setup\.json": "how the service was set up",
    r"service\.json": "the service's port and secret",
    PROGRESS: "your progress",
    r"report\.html": "your report",
    r"class-ca\.pem": "the certificate authority of your class's service",
    SHARING: "what you share with your class's trainer",
    rf"\.({_WRITTEN}){_HALF}": "what a killed write left",
}
# The folders in it, the names that the kit gives there, and what is behind them.
FOLDERS = {
    "curl": (rf"\.?[a-z0-9-]+-\d+({_HALF})?", "the secrets of a curl line"),
    "lab": (r"settings|user-settings|workspaces", "JupyterLab's settings and workspaces"),
    "policies": (
        r"\.in-force|\.from-kit|README\.md|.+\.cedar|\..+\.\d+\.\d+",
        "the service's policies, with your edits",
    ),
}


@dataclass(frozen=True)
class Kept:
    """One thing that is kept; `size` is in bytes."""

    path: Path
    what: str
    size: int


def going() -> list[Kept]:
    """What a purge removes: the local service's files, your progress, and clients here.

    They are those of the local service, and of the service of a class that you've joined.
    """
    found = [one for name in FOLDERS for one in _below(state_dir() / name)]
    found += known(state_dir())
    if os.path.lexists(config_dir() / SESSION):
        found.append(_kept(config_dir() / SESSION, "your seat in a class"))
    if progress_file().parent != state_dir():  # next to the credentials
        beside = {name: STATE[name] for name in (PROGRESS, SHARING)}
        found += known(progress_file().parent, beside)
    issued = list(_issued(_own_origins()))
    return issued + found  # service.json and class.json, which tell whose they are, after them


def issued_by(service: Record) -> list[Kept]:
    """Credentials and waiting enrollments of all the realms of `service`."""
    return list(_issued({origin(service.base_url)}))


def staying() -> list[Kept]:
    """What else the same folders hold: other services' credentials, files of your own."""
    gone = {one.path for one in going()}
    others = [_kept(path, what) for path, what, _ in _stored()]
    around = [folder for folder in map(state_dir().joinpath, FOLDERS) if _is_folder(folder)]
    own = [path for folder in (state_dir(), *around) for path in sorted(folder.iterdir())]
    own = [path for path in own if path not in gone and path not in around]
    others = [one for one in others if one.path not in gone]
    return others + [_kept(path, "not a file of the kit") for path in own]


def database_elsewhere() -> str | None:
    """The PostgreSQL database of the local service, which a purge leaves alone."""
    with suppress(DialtoneError):
        setup = read_setup(state_dir())
        return setup.database if setup and setup.database != SQLITE else None
    return None


def known(folder: Path, patterns: Mapping[str, str] = STATE) -> Iterator[Kept]:
    """What is in `folder` under a name that one of `patterns` matches, in their order."""
    names = sorted(path.name for path in folder.iterdir())
    for pattern, what in patterns.items():
        for name in filter(re.compile(pattern).fullmatch, names):
            yield _kept(folder / name, what)


def remove(one: Kept) -> None:
    """Delete it with what a killed write left of it, then the folder around it if it is empty.

    Raises OSError, or DialtoneError when the folder is someone else's.
    """
    with suppress(FileNotFoundError):  # it is gone already
        _delete_all_of(one.path)
    with suppress(OSError):  # something else is in it
        one.path.parent.rmdir()


def remove_empty_folders() -> None:
    """Remove the folders of the credentials, and of enrollments in it, if nothing is in them."""
    for folder in (config_dir() / enrollments.FOLDER, config_dir()):
        with suppress(OSError):
            folder.rmdir()


def _delete_all_of(path: Path) -> None:
    with closing(platform.Folder.open(path.parent)) as folder:
        if folder.status().st_uid != platform.user_id():
            raise DialtoneError(f"{shown(path.parent)} belongs to another user.")
        for name in folder.names():
            if name == path.name or re.fullmatch(rf"\.{re.escape(path.name)}{_HALF}", name):
                folder.remove_all(name)


def _below(folder: Path) -> Iterator[Kept]:
    """What the kit keeps in one of FOLDERS; itself if it is empty or no folder."""
    pattern, what = FOLDERS[folder.name]
    if _is_folder(folder) and any(folder.iterdir()):
        yield from known(folder, {pattern: what})
    elif os.path.lexists(folder):
        yield _kept(folder, what)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _issued(origins: Collection[str]) -> Iterator[Kept]:
    """What the services at `origins` issued."""
    return (_kept(path, what) for path, what, issuer in _stored() if issuer in origins)


def _stored() -> Iterator[tuple[Path, str, str]]:
    """Every stored client and enrollment: its file, what it is, and its issuer's origin or ""."""
    for client_id in credentials.stored():
        path = credentials.path_for(client_id)
        try:
            issuer = credentials.load_credentials(client_id).issuer
        except DialtoneError:
            yield path, "credentials that can't be read", ""
        else:
            yield path, f"credentials of {issuer}", origin(issuer)
    for one in enrollments.stored():
        path = config_dir() / enrollments.FOLDER / f"{one.enrollment_id}.json"
        yield path, f"an enrollment at {one.issuer} that waits for its code", origin(one.issuer)


def _own_origins() -> set[str]:
    """Of this state folder's local service, and of the class that one has joined.

    Other local services' clients stay.
    """
    found = []
    with suppress(UnusableRecord):
        found.append(read_record())
    with suppress(DialtoneError):
        found.append(read_seat())
    return {origin(record.base_url) for record in found if record is not None}


def _kept(path: Path, what: str) -> Kept:
    return Kept(path, what, _size(path))


def _size(path: Path) -> int:
    """The bytes of a file, or of all files below a folder; links are not followed."""
    with suppress(OSError):
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode):
            return status.st_size
        return sum(_size(one) for one in path.iterdir())
    return 0
