"""Your seat in a class: the session file that your trainer gave you, and the service it leads to.

`DIALTONE_CLASS` names the file, or `dialtone class join` copies it into the kit's folder. While
there is one, lessons use the class's service as if it were your own local one.
"""

from __future__ import annotations

import os
import re
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.jws import strict_json
from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, explained, read_regular, shown
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.config_folder import all_folders, config_dir
from dialtone_kit.local.challenge import Occupant, ask, why_not
from dialtone_kit.local.record import Record

VARIABLE, FILE, VERSION = "DIALTONE_CLASS", "class.json", 1
TOKEN = re.compile(r"seat_[A-Za-z0-9_-]{43}")
_AGAIN = "Ask your trainer for your session file again."


class BadSession(DialtoneError):
    """A session file can't be used; the message is one line that says what to do."""


def session_path() -> Path | None:
    """The session file in use: the one that the variable names, or the one you joined with."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    joined = config_dir() / FILE
    return joined if os.path.lexists(joined) else None


def read_seat() -> Record | None:
    """Your seat; None when you have none. Raises BadSession."""
    path = session_path()
    if path is None:
        return None
    folder = all_folders()
    if path.parent != folder.path:
        folder = PrivateFolder(path.parent, forbidden=0o022, error=BadSession)
    try:
        return parse(folder.read(path.name), path)
    except FileNotFoundError:
        raise BadSession(
            f"{VARIABLE} names {shown(path)}, and there is no such file. Correct it, or unset it."
        ) from None


def parse(content: bytes, path: Path) -> Record:
    """The seat in a session file, or the trainer's place. Raises BadSession."""
    try:
        members: Any = strict_json(content)
        version, url, seat = members["v"], members["base_url"], members["seat"]
        port = urlsplit(require_https_or_loopback(url)).port
        token, authority, name = members["token"], members["authority"], members["class"]
        fits = all(isinstance(one, str) for one in (url, token, authority, name))
        fits = fits and (seat is None or (type(seat) is int and TOKEN.fullmatch(token) is not None))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DialtoneError):
        raise BadSession(f"{shown(path)} isn't a session file, or is damaged. {_AGAIN}") from None
    if version != VERSION:
        raise BadSession(f"{shown(path)} is for a newer Dialtone Kit. Upgrade yours.")
    if not fits or port is None:
        raise BadSession(f"{shown(path)} is damaged. {_AGAIN}")
    return Record(url, port, Secret(token), seat, authority, name)


def written(record: Record) -> str:
    """The session file of `record`."""
    members = {
        "v": VERSION,
        "class": record.class_name,
        "seat": record.seat,
        "base_url": record.base_url,
        "authority": record.authority,
        "token": record.secret.reveal(),
    }
    return dumps(members, indent=1) + "\n"


def join(path: Path) -> Record:
    """Keep the session file at `path` as the one in use, for you alone. Raises BadSession."""
    try:
        with explained(path, BadSession):
            content = read_regular(path)
    except FileNotFoundError:
        raise BadSession(f"There is no file {shown(path)}. Check its name.") from None
    record = parse(content, path)
    all_folders().write(FILE, written(record))
    return record


def leave() -> bool:
    """Forget the session file that you joined with. False when there was none."""
    return all_folders().remove(FILE)


def must_answer(record: Record, *, timeout: float = 5.0) -> Occupant:
    """The class's service, once it has proved that it is. Raises ServiceUnreachable."""
    occupant = ask(record, timeout=timeout)
    if occupant.kind != "ours":
        raise ServiceUnreachable(why_not(record, occupant))
    return occupant
