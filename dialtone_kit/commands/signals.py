"""How a command ends: a signal is like Ctrl-C, and no second one disturbs what it cleans up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dialtone_kit.base import platform


def end_in_order() -> None:
    """From here on TERM and HUP (on Windows, a closed console) raise KeyboardInterrupt.

    What `nohup` ignores stays ignored.
    """
    for one in platform.ENDING:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, these signals are ignored: a closed terminal sends HUP more than once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals interrupt the main thread only
        return
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, *platform.ENDING)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
