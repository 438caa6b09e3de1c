"""The process with which the local service ends: `dialtone run`, `lab`, `serve`, a hub's server."""

from __future__ import annotations

import os

import psutil

from dialtone_kit.base import platform

OWNER = "DIALTONE_OWNER"  # as the service reads it: "PID START"
TEMPORARY = "DIALTONE_TEMPORARY"
HUB = "JUPYTERHUB_SERVICE_PREFIX"  # JupyterHub gives it to each server, and that to its kernels


def this_process() -> dict[str, str]:
    """The environment of a service that ends with this process."""
    return named(os.getpid())


def named(pid: int) -> dict[str, str]:
    """The environment of a service that ends with process `pid`; none where it can't be told."""
    start = platform.process_start(pid)
    return {OWNER: f"{pid} {start}"} if start else {}


def of_background() -> dict[str, str]:
    """The same for one that a lesson starts: the owner we have, or the hub's server around us."""
    if OWNER in os.environ or HUB not in os.environ:
        return {}
    server = hub_server()
    return named(server) if server is not None else {}


def hub_server() -> int | None:
    """The Jupyter server that JupyterHub started for this user.

    It is our outermost ancestor with the hub's variable: the hub above it has none. Command lines
    tell less, since a server may be called anything (`jupyter-labhub`, a wrapper in bash).
    """
    try:
        ancestors = psutil.Process().parents()
    except psutil.Error:
        return None
    own = os.environ.get(HUB)
    served = [one.pid for one in ancestors if _variable(one, HUB) == own]
    return served[-1] if served else None


def _variable(process: psutil.Process, name: str) -> object:
    try:
        return process.environ().get(name)
    except (psutil.Error, OSError):  # another user's
        return None
