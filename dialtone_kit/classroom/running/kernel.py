"""A kernel for one notebook, forked from this process: it has everything imported.

No kernel is used twice: what one notebook leaves in its variables, modules and files would change
the next.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import run_sync

from dialtone_kit.base import platform
from dialtone_kit.classroom.running.child import leave_parent

LONGEST_SOCKET = 100  # characters of a Unix socket's path; the system's limit is 104 or 108
QUIET = "--IPKernelApp.log_level=50"  # its log would run into the progress bar
NO_HISTORY = "--HistoryManager.hist_file=:memory:"


@contextmanager
def kernel(folder: Path) -> Iterator[AsyncKernelManager]:
    """A manager with its kernel running; connection file and sockets are in `folder`.

    Enter it before the process has a thread or a socket of ZeroMQ's: it forks. Where that isn't
    safe, the manager has no kernel yet, and whoever uses it starts one. It ends with the block.
    """
    manager = AsyncKernelManager(kernel_name="python3", **_transport(folder))
    manager.shutdown_wait_time = 4.0
    if platform.FORKS:
        manager.write_connection_file()
        manager.provisioner = _provisioner(manager, _forked(manager.connection_file))
    try:
        yield manager
    finally:
        with suppress(ProcessLookupError):  # it had ended by itself
            run_sync(manager.shutdown_kernel)()
        run_sync(manager.cleanup_resources)()


def _transport(folder: Path) -> dict[str, str]:
    """Sockets in a folder that only we can open, where the platform and the path allow it."""
    file = folder / f"{uuid.uuid4().hex[:8]}.json"
    ipc = platform.FORKS and len(f"{file.with_suffix('')}-ipc-5") <= LONGEST_SOCKET
    return {"connection_file": str(file), "transport": "ipc" if ipc else "tcp"}


def _forked(connection_file: str) -> int:
    pid = os.fork()
    if pid == 0:
        _be_the_kernel(connection_file)
    return pid


def _be_the_kernel(connection_file: str) -> None:
    try:
        leave_parent()
        os.setsid()  # so that the manager's signals reach what its cells start, and nobody else
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        options = ["-f", connection_file, QUIET, NO_HISTORY]
        sys.argv = ["ipykernel_launcher", *options]
        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance(parent_handle=os.getppid())  # it ends when its parent is killed
        app.initialize(options)  # type: ignore[no-untyped-call]
        app.start()  # type: ignore[no-untyped-call]
        atexit._run_exitfuncs()  # a fork leaves by os._exit; lessons clean up at exit
    finally:
        os._exit(0)


def _provisioner(manager: AsyncKernelManager, pid: int) -> LocalProvisioner:
    made = LocalProvisioner(
        kernel_id=str(uuid.uuid4()), kernel_spec=manager.kernel_spec, parent=manager
    )
    made.process = cast(Any, _Process(pid))
    made.pid = made.pgid = pid
    return made


class _Process:
    """As much of subprocess.Popen as a provisioner needs, for a process that we forked."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        return self._wait(0)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode
