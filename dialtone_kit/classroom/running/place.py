"""A place for one lesson at a time: a folder of its own, and a local service that nobody else uses.

The service stays for the next lesson: its start costs as much as a short lesson. What is a
learner's own (credentials, progress, the limits on an address) is cleared before each.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from dialtone_kit.client.config_folder import VARIABLE as CONFIG
from dialtone_kit.local import process
from dialtone_kit.local.leftovers import run_folder
from dialtone_kit.local.own_service import OwnService
from dialtone_kit.local.owner import TEMPORARY, this_process
from dialtone_kit.local.seat import VARIABLE as SEAT
from dialtone_kit.local.state_folder import VARIABLE as STATE

WORK = "work"  # in the folder: what one lesson needs, emptied before each


class Place:
    """Opened when it is made; `close()` ends its service and deletes its folder."""

    def __init__(self, own_service: bool) -> None:
        self._own_service = own_service
        self._ends = ExitStack()
        try:
            self.folder = self._ends.enter_context(run_folder())
            if own_service:
                self._ends.callback(OwnService(self.folder).remove)
            # A lesson may have brought the service back, as another process.
            self._ends.callback(process.end_leftover, self._state)
        except BaseException:
            self._ends.close()
            raise

    @property
    def environment(self) -> dict[str, str]:
        """What tells a kernel that this is where it works, and that nobody is here.

        At the real service it uses the person's credentials: a run can't register by itself.
        """
        config = str(self.folder / WORK / "config")
        own = {CONFIG: config, SEAT: ""} if self._own_service else {}
        return {
            **own,
            **this_process(),
            TEMPORARY: str(self.folder),
            STATE: str(self._state),
            "DIALTONE_INTERACTIVE": "0",
            "JUPYTER_PREFER_ENV_PATH": "1",
        }

    def close(self) -> None:
        """End what runs here, and delete the folder."""
        self._ends.close()

    @property
    def _state(self) -> Path:
        return self.folder / "state"
