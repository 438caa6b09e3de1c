"""The process with which the local service ends: `dialtone run`, `lab`, `serve`, a hub's server."""

from __future__ import annotations

import os

import psutil

from dialtone_kit.base import platform

OWNER = "DIALTONE_OWNER"  # as the service reads it: "PID START"
TEMPORARY = "DIALTONE_TEMPORARY"


def this_process() -> dict[str, str]:
    """The environment of a service that ends with this process."""
    return named(os.getpid())


def named(pid: int) -> dict[str, str]:
    """The environment of a service that ends with process `pid`; none where it can't be told."""
    start = platform.process_start(pid)
    return {OWNER: f"{pid} {start}"} if start else {}


def of_background() -> dict[str, str]:
    """The same for one that a lesson starts: the owner we have, or the hub's server around us."""
    if OWNER in os.environ or "JUPYTERHUB_SERVICE_PREFIX" not in os.environ:
        return {}
    server = hub_server()
    return named(server) if server is not None else {}


def hub_server() -> int | None:
    """The Jupyter server that JupyterHub started for this user: our outermost Jupyter ancestor."""
    try:
        ancestors = psutil.Process().parents()
        servers = [one for one in ancestors if any("jupyter" in part for part in one.cmdline())]
    except psutil.Error:
        return None
    # The hub itself may run under the same user: its servers have "singleuser" in their names.
    single = [one for one in servers if any("singleuser" in part for part in one.cmdline())]
    own = [one.pid for one in single or servers]
    return own[-1] if own else None
