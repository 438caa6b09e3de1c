"""What several commands share: option types, and the controls of a service that already runs."""

from __future__ import annotations

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.service import LocalService

PORT = click.IntRange(1, 65535)


def running_controls() -> Controls:
    """The controls of the running service. One that has stopped is not started just to be asked.

    Raises DialtoneError when none runs.
    """
    _running()
    return Controls(_running)


def _running() -> LocalService:
    running = service.find()
    if running is None:
        raise DialtoneError(
            "No local service is running. Start it with `dialtone serve` or a lesson."
        )
    return running
