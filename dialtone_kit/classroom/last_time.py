"""How a class was served last time: `dialtone class serve` serves it that way again.

Session files have the service's address in them, so a flag that is forgotten must not move it.
"""

from __future__ import annotations

import json
from pathlib import Path

from dialtone_kit.base.jws import strict_json
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.address import Wanted
from dialtone_kit.classroom.seats import service_folder
from dialtone_kit.classroom.session import NoSession, Session

FILE = "serving.json"
_PATHS = ("certificate", "key", "ca")


def keep(session: Session, wanted: Wanted) -> None:
    """Remember where the service listens, and with which certificate."""
    paths = {name: getattr(wanted, name) for name in _PATHS}
    members = {name: str(path.absolute()) for name, path in paths.items() if path is not None}
    service_folder(session).write(FILE, json.dumps({"host": wanted.host, **members}))


def read(session: Session) -> Wanted | None:
    """What `keep` was told, None if the class was never served. Raises NoSession."""
    try:
        kept = strict_json(service_folder(session).read(FILE))
        certificate, key, ca = (Path(kept[one]) if one in kept else None for one in _PATHS)
        host = kept["host"]
        if not isinstance(host, str):
            raise TypeError(host)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        where = shown(service_folder(session).path / FILE)
        raise NoSession(f"{where} is damaged. Say how to serve: --everyone or --host.") from None
    return Wanted(host, certificate=certificate, key=key, ca=ca)
