"""The service that lessons use: your class's if you have a seat in one, else your own local one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dialtone_kit.base.pins import pin
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.client.retry import when_away
from dialtone_kit.local import service
from dialtone_kit.local.record import Record, read_record
from dialtone_kit.local.reviving import only_ours
from dialtone_kit.local.running import LocalService, find
from dialtone_kit.local.seat import must_answer, read_seat
from dialtone_kit.local.state_folder import state_dir

_AWAY = "It's the service of your class: check your network, and tell your trainer."
CA_FILE = "class-ca.pem"  # in the state folder: curl and other programs read it there


def ensure(*, say: Callable[[str], object] | None = None, current: bool = False) -> LocalService:
    """The service, started or repaired if it is your own. Raises ServiceUnreachable."""
    seat = read_seat()
    return service.ensure(say=say, current=current) if seat is None else _of_class(seat)


def running(*, timeout: float = 2.0) -> LocalService | None:
    """The service if it runs: nothing is started. A class's has to answer, or says why not."""
    seat = read_seat()
    return find(timeout=timeout) if seat is None else _of_class(seat)


def at(base_url: str) -> LocalService | None:
    """The service, when `base_url` is its own URL."""
    seat, url = read_seat(), base_url.rstrip("/")
    if seat is not None and seat.base_url == url:
        return _of_class(seat)
    own = find() if url.startswith("http://") else None
    return own if own is not None and own.base_url == url else None


def for_controls() -> LocalService:
    """The service whose controls are to be used. A class's proves itself as it is called."""
    seat = read_seat()
    return service.ensure(say=print) if seat is None else LocalService(seat, None, "")


def revive() -> bool:
    """Bring your own service back; returns whether it was gone. A class's isn't yours to start."""
    if read_seat() is not None or find() is not None:
        return False
    service.ensure(say=print)
    return True


def only_it(local: LocalService) -> None:
    """From here on, this process sends nothing to the service's address but to the service."""
    record = local.record
    if record.class_name:
        when_away(record.base_url, _AWAY)
    if record.authority:
        pin(record.base_url, _kept(record.authority))
    elif urlsplit(record.base_url).scheme == "http":
        only_ours(record.base_url, record.port, _read)


def _read() -> Record | None:
    return read_seat() or read_record()


def _of_class(seat: Record) -> LocalService:
    occupant = must_answer(seat)
    return LocalService(seat, occupant.pid, occupant.version, occupant.code)


def _kept(authority: str) -> Path:
    folder = PrivateFolder(state_dir())
    try:
        same = folder.read(CA_FILE) == authority.encode()
    except FileNotFoundError:
        same = False
    return folder.path / CA_FILE if same else folder.write(CA_FILE, authority)
