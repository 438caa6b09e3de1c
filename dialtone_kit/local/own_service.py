"""A second local service, for as long as a lesson needs it: with its own state, keys and roots.

The trust domain's authority belongs to the whole service, so a lesson that rotates it, or that
needs a stranger with the same name, starts one of its own.
"""

from __future__ import annotations

import atexit
import json
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.private_files import PrivateFolder, private_dir
from dialtone_kit.local import process
from dialtone_kit.local.challenge import ask
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.owner import TEMPORARY, this_process
from dialtone_kit.local.record import FILE, Record, free_port
from dialtone_kit.local.running import LocalService, if_ours
from dialtone_kit.local.setup import Setup


class OwnService:
    """A local service that nobody else uses; `remove()` ends it and deletes its folder.

    If this process is killed, the service ends by itself and deletes the folder. macOS doesn't
    say when a process began, so there it ends after a day without a call. `within` is a folder for
    its state, and that one is deleted then; `remove()` leaves it. Raises ServiceUnreachable when
    it can't start.
    """

    def __init__(self, within: Path | None = None) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if within is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="dialtone-own-")
            folder = Path(self._temporary.name)
        else:
            folder = within / "state"
        # With DIALTONE_STATE_DIR, another process finds the service by it.
        self.folder = private_dir(folder)
        self._record = _new_record(folder)
        ends_with_us = this_process() | {TEMPORARY: str(within or folder)}
        self._child = process.launch(folder, self._record.port, Setup(), ends_with_us)
        atexit.register(self.remove)
        try:
            log = folder / process.LOG
            self._service = process.wait_until(self._child, self._found, log)
        except BaseException:
            self.remove()
            raise
        self.controls = Controls(lambda: self._service)

    @property
    def base_url(self) -> str:
        """Where it serves."""
        return self._record.base_url

    def remove(self) -> None:
        """End it; if it is gone already, that is fine."""
        atexit.unregister(self.remove)
        if self._child.poll() is None:
            with suppress(psutil.Error):
                process.end(psutil.Process(self._child.pid))
        if self._temporary is not None:
            with suppress(OSError):
                self._temporary.cleanup()

    def __repr__(self) -> str:
        return "<a local service of this lesson's own>"

    def _found(self) -> LocalService | None:
        return if_ours(self._record, ask(self._record, timeout=1.0))


def _new_record(folder: Path) -> Record:
    """A free port and a new secret, where the service looks for them."""
    port, secret = free_port(0), secrets.token_urlsafe(32)
    url = f"http://127.0.0.1:{port}"
    members = {"base_url": url, "port": port, "secret": secret}
    PrivateFolder(folder).write(FILE, json.dumps(members))
    return Record(url, port, Secret(secret))
