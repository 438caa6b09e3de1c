"""Whether the local service is running: looking changes nothing and tells strangers nothing."""

from __future__ import annotations

from dataclasses import dataclass

from dialtone_kit.base import code
from dialtone_kit.base.reason import sentence
from dialtone_kit.local import process
from dialtone_kit.local.challenge import Kind, Occupant, ask, explain
from dialtone_kit.local.record import Record, UnusableRecord, read_record
from dialtone_kit.local.state_folder import state_dir


@dataclass(frozen=True)
class LocalService:
    """The running local service, which has proved that it is ours."""

    record: Record
    pid: int | None
    version: str
    code: str = ""

    @property
    def is_current(self) -> bool:
        """Whether it runs the code that is installed now, and not what was there before."""
        return self.code == code.fingerprint()

    @property
    def base_url(self) -> str:
        """Where it serves; each of its issuers begins with this."""
        return self.record.base_url

    @property
    def port(self) -> int:
        return self.record.port


@dataclass(frozen=True)
class Absent:
    """No service of ours: who has its port instead, and in one line what to do."""

    kind: Kind
    why: str


def find(*, timeout: float = 2.0) -> LocalService | None:
    """The running service, or None. Nothing is started or changed, no stranger learns anything."""
    found = look(timeout=timeout)
    return found if isinstance(found, LocalService) else None


def look(*, timeout: float = 2.0) -> LocalService | Absent:
    """As `find`, but with what is there instead of the service. `timeout` is in seconds."""
    try:
        record = read_record()
    except UnusableRecord as why:
        repair = "`dialtone serve` or the next start() repairs it."
        known = sentence(f"No local service is known: service.json {why}")
        return Absent("nothing", f"{known} {repair}")
    if record is None:
        way = "Start one with `dialtone serve`, or a lesson."
        return Absent("nothing", f"No local service has run here yet. {way}")
    occupant = ask(record, timeout=timeout)
    ours = if_ours(record, occupant)
    if ours is not None:
        return ours
    live = process.running(state_dir())
    own_pid = live.pid if live else None
    return Absent(occupant.kind, explain(occupant.kind, record.port, own_pid=own_pid))


def if_ours(record: Record, occupant: Occupant) -> LocalService | None:
    """The service of `record`, if the one who answered has proved to be it."""
    if occupant.kind != "ours":
        return None
    return LocalService(record, occupant.pid, occupant.version, occupant.code)
