"""Side-by-side timing: interleaved rounds, medians, and ratios against a named baseline."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

Contender = Callable[[], object]


def interleaved(
    contenders: Mapping[str, Contender], *, rounds: int = 15, seconds: float = 0.15
) -> dict[str, float]:
    """The median time of one call of each contender, in microseconds.

    Each round times every contender for about `seconds`, one after the other, so that what else
    happens on the machine hits all of them alike. The order turns by one in every round.
    """
    calls = {name: _calls_in(seconds, work) for name, work in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    gc.disable()
    try:
        for turn in range(rounds):
            at = turn % len(names)
            for name in names[at:] + names[:at]:
                times[name].append(_time(contenders[name], calls[name]))
    finally:
        gc.enable()
    return {name: statistics.median(values) * 1e6 for name, values in times.items()}


def table(title: str, medians: Mapping[str, float], floor: str) -> str:
    """The medians as a Markdown table, fastest first, with the floor's share of each time."""
    lines = [f"**{title}**", "", "| | µs | of the floor |", "|---|---:|---:|"]
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        lines.append(f"| {name} | {median:.1f} | {medians[floor] / median:.2f} |")
    return "\n".join(lines)


def machine(*packages: str) -> str:
    """What the numbers were measured on, and with."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}; {versions}"


def _calls_in(seconds: float, work: Contender) -> int:
    calls = 1
    while (taken := _time(work, calls) * calls) < seconds / 4:
        calls *= 2
    return max(1, int(calls * seconds / taken))


def _time(work: Contender, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls
