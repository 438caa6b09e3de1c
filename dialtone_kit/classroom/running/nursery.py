"""Starts processes that have everything imported: by forking one that did, where that is safe.

Importing what a lesson and papermill need takes seconds; a fork of a process that has it takes
milliseconds. The process that is forked, the nursery, is started for this alone and has a single
thread: forking a process with threads may leave their locks held forever. Elsewhere than on Linux
each process is started from nothing.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from dialtone_kit.base import platform
from dialtone_kit.classroom.running.call import WorkerLost
from dialtone_kit.classroom.running.child import serve

# What a kernel and papermill import sooner or later, and the lessons after them.
PRELOADED = (
    "papermill",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
    "anywidget",
    "jwt",
    "dialtone_kit.classroom.running.kernel",
    "dialtone_kit.classroom.running.notebook",
    "dialtone_kit.classroom.running.run_job",
    "dialtone_kit.lesson.starting",
)
# No module of the folder that we are in is ours; and the debugger that a kernel imports asks for
# the other, as Jupyter's own kernels have it.
OPTIONS = ("-P", "-Xfrozen_modules=off")
# jsonschema compiles a grammar for IRIs when it finds this: 2 s, and no notebook has an IRI.
_LEFT_OUT = "rfc3987_syntax"


class Nursery:
    """Makes processes for this one, from any thread. They end with it, or by `close()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._closed = False

    def start(self) -> None:
        """Have it import what it needs now: the first process waits for that."""
        if platform.FORKS:
            with self._lock:
                self._started()

    def connect(self) -> Connection:
        """A connection to a new process, which serves one call; see child.py."""
        if not platform.FORKS:
            return _spawned()
        ours, theirs = socket.socketpair()
        with theirs:
            self._ask_for_one(theirs)
        return Connection(ours.detach())

    def close(self) -> None:
        """Start no more processes."""
        with self._lock:
            self._closed = True
            self._end()

    def _ask_for_one(self, end: socket.socket) -> None:
        with self._lock:
            try:
                socket.send_fds(self._started(), [b"."], [end.fileno()])
            except OSError:  # it was killed
                self._end()
                socket.send_fds(self._started(), [b"."], [end.fileno()])

    def _started(self) -> socket.socket:
        if self._closed:
            raise WorkerLost
        if self._channel is None:
            self._channel, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                    [sys.executable, *OPTIONS, "-m", __name__, str(theirs.fileno())],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    **platform.OWN_SESSION,
                )
        return self._channel

    def _end(self) -> None:
        if self._channel is not None and self._process is not None:
            self._channel.close()
            self._process.kill()  # it keeps no state, and may still be importing
            self._process.wait()
        self._channel = self._process = None


def _spawned() -> Connection:
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,)).start()
    theirs.close()
    return ours


def main() -> None:
    """The nursery itself: it forks for each descriptor that it gets, until the channel ends."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    sys.modules[_LEFT_OUT] = None  # type: ignore[assignment]
    for name in PRELOADED:
        importlib.import_module(name)
    _compile_the_format()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    gc.collect()
    gc.freeze()  # so that a child's garbage collection doesn't copy every page
    while True:
        _, descriptors, *_ = socket.recv_fds(channel, 1, 1)
        if not descriptors:
            return
        if os.fork() == 0:
            _be_a_child(channel, descriptors[0])
        os.close(descriptors[0])


def _compile_the_format() -> None:
    """nbformat compiles its schema when it validates the first notebook."""
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())  # type: ignore[no-untyped-call]


def _be_a_child(channel: socket.socket, descriptor: int) -> None:
    try:
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with suppress(OSError):  # the parent is gone
            serve(Connection(descriptor))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
