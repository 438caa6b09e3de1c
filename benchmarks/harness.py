"""Side-by-side timing: interleaved rounds, medians, and ratios against a named baseline.

The contenders may also be two trees of the kit, this one and another git worktree: `of_tree` has a
process import one of them, `comparison` shows what the rounds of both say.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

Contender = Callable[[], object]
THIS_TREE = Path(__file__).resolve().parents[1]
ROUNDS_AGAINST = 15  # the fewest from which an interval says anything


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


@contextlib.contextmanager
def of_tree(tree: Path) -> Iterator[dict[str, str]]:
    """The environment in which a Python process has the kit of `tree`, and all else of this one."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "dialtone_kit"
        package.symlink_to(tree.resolve() / "dialtone_kit")
        if not (package / "__init__.py").is_file():
            raise SystemExit(f"{tree} holds no dialtone_kit.")
        path = f"{folder}{os.pathsep}{THIS_TREE}"
        yield {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def interval(ratios: Sequence[float], draws: int = 10_000) -> tuple[float, float]:
    """Where the median of `ratios` lies with 95 % confidence: a bootstrap over the rounds."""
    chance = random.Random(0)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(draws * 0.025)], medians[int(draws * 0.975) - 1]


def comparison(title: str, unit: str, rows: Mapping[str, tuple[Sequence[float], ...]]) -> str:
    """Two trees side by side, as a Markdown table: medians, and the median of the rounds' ratios.

    Each row has the rates of this tree and of the other, round by round: more is better.
    """
    lines = [
        f"**{title}** ({unit})",
        "",
        "| | this tree | the other | ratio | 95 % interval |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, (ours, theirs) in rows.items():
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        low, high = interval(ratios)
        medians = f"{statistics.median(ours):.0f} | {statistics.median(theirs):.0f}"
        share = f"{statistics.median(ratios):.3f} | {low:.3f} to {high:.3f}"
        lines.append(f"| {name} | {medians} | {share} |")
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
