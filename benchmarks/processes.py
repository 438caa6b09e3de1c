"""What a command costs, with every process that it starts: time, processor, memory."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil

DIALTONE = str(Path(sys.executable).with_name("dialtone"))
EVERY = 0.1  # seconds between two looks


@dataclass(frozen=True)
class Cost:
    """`seconds` by the clock, `cpu` seconds of all its processes, `mib` of memory at most."""

    seconds: float
    cpu: float
    mib: float


def cost(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run `command` in `folder` and watch it. Raises CalledProcessError if it fails.

    What a process used since the last look before its end isn't seen: 50 ms on average.
    """
    begun = time.perf_counter()
    run = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    watched = _Watched(psutil.Process(run.pid))
    output, _ = run.communicate()
    seconds = time.perf_counter() - begun
    watched.end()
    if run.returncode:
        raise subprocess.CalledProcessError(run.returncode, command, output)
    return Cost(seconds, sum(watched.cpu.values()), watched.most / 2**20)


def medians(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*map(statistics.median, zip(*map(astuple, costs), strict=True)))


class _Watched:
    """A process and its descendants, looked at from a thread."""

    def __init__(self, root: psutil.Process) -> None:
        self.cpu: dict[tuple[int, float], float] = {}
        self.most = 0
        self._root, self._over = root, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            memory = 0
            with suppress(psutil.Error):
                for one in (self._root, *self._root.children(recursive=True)):
                    memory += self._look_at(one)
            self.most = max(self.most, memory)

    def _look_at(self, one: psutil.Process) -> int:
        try:
            times = one.cpu_times()
            self.cpu[one.pid, one.create_time()] = times.user + times.system
            return int(one.memory_full_info().pss)  # shared pages are counted once
        except psutil.Error:
            return 0
