"""What several commands share: option types, and the controls of a service that already runs."""

from __future__ import annotations

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.service import Absent, LocalService

PORT = click.IntRange(1, 65535)


def running_controls() -> Controls:
    """The controls of the running service. One that ended is not started just to be asked.

    Raises DialtoneError when none runs: what is on its port, and what to do.
    """
    _running()
    return Controls(_running)


def _running() -> LocalService:
    found = service.look()
    if isinstance(found, Absent):
        raise DialtoneError(found.why)
    return found
