"""Kill the service again and again while agents use it, and check what it acknowledged.

`Killings(mock, seed).run(number)` returns a `Tally`. The seed decides what is done and when, but
timing is the machine's: the same seed gives a similar run, not the same one.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import httpx
import psutil

from tests.support.kills.agents import Agent
from tests.support.kills.checks import check, finish, settle
from tests.support.kills.ledger import Ledger
from tests.support.kills.trail import Trail, check_families, check_rows
from tests.support.running_mock import Mock

AGENTS = 6
UNDER_LOAD, AT_ONCE, STARTING = 0.3, 0.05, 1.5  # seconds within which it is killed


@dataclass
class Tally:
    """What a run did and found."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    replays: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """As Markdown, which is also readable in the output of a failed test."""
        lines = [f"Seed {self.seed}."]
        for title, counts in (
            ("kills", self.kills),
            ("requests acknowledged", self.acknowledged),
            ("requests cut off by a kill, and settled later", self.unanswered),
            ("replays refused", self.replays),
            ("checks", self.checks),
        ):
            lines += ["", f"| **{counts.total()}** | **{title}** |", "|---:|---|"]
            lines += [f"| {count} | {what} |" for what, count in counts.most_common()]
        lines += ["", f"**Violations: {len(self.violations)}**"]
        return "\n".join([*lines, *(f"- {violation}" for violation in self.violations)])


class Killings:
    """A run on one service, which need not be started yet."""

    def __init__(self, mock: Mock, seed: int) -> None:
        self.mock, self.random, self.seed = mock, random.Random(seed), seed
        self.kills: Counter[str] = Counter()
        self.agents: list[Agent] = []
        self.ledger = Ledger()  # of what belongs to no agent
        self.trail = Trail(mock)

    def run(self, number: int, kinds: Sequence[str] = ()) -> Tally:
        """Kill it at least `number` times, in every way, in random order; stop at a violation.

        On a slow machine, up to five times as often and fifty times at least, until something of
        all `kinds` was acknowledged and replayed.
        """
        for _ in range(1 + number // 20):  # on an empty folder, or what the last kill left
            self._kill_while_it_starts("at the very first start")
        self._start()
        self.agents = [Agent(self.mock, self.random.randrange(2**32)) for _ in range(AGENTS)]
        ways: list[Callable[[Killings], None]] = []
        while not self._enough(number, kinds) and not self._tally().violations:
            ways = ways or self.random.sample(WAYS, len(WAYS))
            ways.pop()(self)
            self._check()
        if not self._tally().violations:
            self._finish()
        return self._tally()

    def _enough(self, number: int, kinds: Sequence[str]) -> bool:
        seen = self._tally()
        all_seen = all(seen.acknowledged[kind] and seen.replays[kind] for kind in kinds)
        return self.kills.total() >= (number if all_seen else max(5 * number, 50))

    # --- ways to be killed ---

    def under_load(self) -> None:
        self._load(UNDER_LOAD, self._kill("under load"))
        self._start()

    def while_it_starts(self) -> None:
        """While it recovers the journal that a kill under load left."""
        self._load(UNDER_LOAD, self._kill("under load"))
        self._kill_while_it_starts("while it starts")
        self._start()

    def in_quick_succession(self) -> None:
        self.under_load()
        self._load(AT_ONCE, self._kill("at once again"))
        self._start()

    def with_two_workers(self) -> None:
        """Kill one of them, while the other continues; then everything."""
        self._load(UNDER_LOAD, self._kill("under load"))
        self._start(workers=2)
        self._load(UNDER_LOAD, self._kill_one_worker)
        self._load(UNDER_LOAD, self._kill("two workers under load"))
        self._start()

    def _kill_while_it_starts(self, name: str) -> None:
        self.mock.launch()
        time.sleep(self.random.uniform(0, STARTING))
        self._kill(name)()

    def _kill(self, name: str) -> Callable[[], None]:
        def kill() -> None:
            kill_family(self.mock)
            self.kills[name] += 1

        return kill

    def _kill_one_worker(self) -> None:
        self.random.choice(workers_of(self.mock)).kill()
        self.kills["one of two workers"] += 1

    def _start(self, workers: int = 1) -> None:
        self.mock.workers = workers
        self.mock.start()

    # --- load and checks ---

    def _load(self, within: float, kill: Callable[[], None]) -> None:
        """Let all agents act, and call `kill` at a random moment in the next `within` seconds."""
        over = threading.Event()
        with ThreadPoolExecutor(AGENTS) as pool:
            working = [pool.submit(_work, agent, over) for agent in self.agents]
            time.sleep(self.random.uniform(0, within))
            kill()
            over.set()
        for one in working:
            one.result()

    def _check(self) -> None:
        self._by_all(settle)
        self._by_all(check)
        self.trail.follow()
        for agent in self.agents:
            self.trail.check_new(agent.ledger)

    def _finish(self) -> None:
        self._by_all(settle)
        self._by_all(finish)
        self.trail.follow()
        for agent in self.agents:
            self.trail.check_all(agent.ledger)
            check_families(agent, self.trail)
        self.trail.check_order(self.ledger)
        self.mock.stop()
        check_rows(self.mock, self.agents, self.trail, self.ledger)

    def _by_all(self, what: Callable[[Agent], None]) -> None:
        with ThreadPoolExecutor(AGENTS) as pool:
            list(pool.map(partial(_noting, what), self.agents))

    def _tally(self) -> Tally:
        ledgers = [self.ledger, *(agent.ledger for agent in self.agents)]
        return Tally(
            self.seed,
            self.kills,
            sum((one.acknowledged for one in ledgers), Counter()),
            sum((one.unanswered for one in ledgers), Counter()),
            sum((one.replays for one in ledgers), Counter()),
            sum((one.checks for one in ledgers), Counter()),
            [violation for one in ledgers for violation in one.violations],
        )


WAYS = (
    Killings.under_load,
    Killings.under_load,
    Killings.while_it_starts,
    Killings.in_quick_succession,
    Killings.with_two_workers,
)


def workers_of(mock: Mock) -> list[psutil.Process]:
    """The processes that answer, where there are several."""
    family = psutil.Process(mock.process.pid).children(recursive=True)
    return [one for one in family if "spawn_main" in " ".join(one.cmdline())]


def kill_family(mock: Mock) -> None:
    """SIGKILL the service and all its workers; returns when none is running."""
    parent = psutil.Process(mock.process.pid)
    parent.suspend()  # or it could start another child while we look
    children = parent.children(recursive=True)
    for one in (parent, *children):
        one.kill()
    mock.process.wait()
    while any(is_running(one) for one in children):
        time.sleep(0.01)


def is_running(process: psutil.Process) -> bool:
    """Whether it runs: an orphan that ended may stay a zombie until it is reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _work(agent: Agent, over: threading.Event) -> None:
    while not over.is_set():
        try:
            _noting(Agent.act, agent)
        except httpx.TransportError:  # killed, or a connection to a worker that was
            time.sleep(0.002)


def _noting(what: Callable[[Agent], None], agent: Agent) -> None:
    """Do it; a response that fails the agent's own checks is a violation."""
    try:
        what(agent)
    except (AssertionError, LookupError) as problem:
        agent.ledger.violations.append(f"a right request was refused: {problem!r}")
