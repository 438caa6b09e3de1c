"""The process that makes one call for its parent, and ends when the parent does.

Parent and child talk over one connection. Closing it is how the parent calls off what it asked
for, and a parent that is killed closes it too.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from dialtone_kit.base import platform

Answer = Callable[[Any], None]  # sends the result of a call
_parent: list[Connection] = []  # at most one: this process serves a single parent


def serve(connection: Connection) -> None:
    """Say which process this is, and make the call that is asked for.

    The function's first argument is what sends its result. It may go on after that, to clean up.
    An exception is sent in its place.
    """
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C in the terminal is the parent's to deal with
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _parent.append(connection)
    try:
        connection.send(os.getpid())
        function, arguments = connection.recv()
        function(connection.send, *arguments)
    except Exception as failed:
        connection.send(failed)
    except KeyboardInterrupt:
        return
    finally:
        connection.close()


def end_with_parent() -> None:
    """From here on, the end of the connection, or a `call_off`, is a Ctrl-C for this process.

    It starts a thread, so fork first.
    """
    if _parent:
        threading.Thread(target=_watch, args=(_parent[0],), daemon=True).start()


def call_off(_: Answer) -> None:
    """The call that interrupts: sent instead of another one, or after it."""
    raise KeyboardInterrupt


def leave_parent() -> None:
    """For a process that was forked from this one: the connection is not its own."""
    while _parent:
        os.close(_parent.pop().fileno())


def _watch(connection: Connection) -> None:
    try:
        connection.poll(None)
    except OSError:
        return  # closed on this side: the work is done
    platform.interrupt_main_thread()
