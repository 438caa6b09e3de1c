"""The clean-up against the replay: what was used is not forgotten while it could still pass.

Whatever the clocks do meanwhile, within what the service promises to handle: a realm's clock is
ahead or behind by any amount and moves on at any time; the machine's clock may jump ahead, and back
to `clock.MARGIN` behind the latest time that it ever showed.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.pool import StaticPool

from dialtone_kit import rules
from dialtone_kit.base.errors import ProofRefused
from dialtone_kit.base.times import CLOCK_SKEW
from dialtone_kit.mock.access import dpop
from dialtone_kit.mock.core import clock, expiry
from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.settings import built_in_realms
from dialtone_kit.mock.spiffe import challenges
from dialtone_kit.mock.store import tables
from tests.support.own_loop import finished

DEFAULT = built_in_realms()["default"]
KEY = b"the key of a service that does not run"
START = 1_800_000_000
SECONDS = st.one_of(st.integers(0, 80), st.integers(0, 800), st.integers(0, 10**6))
STEPS = st.lists(st.tuples(st.sampled_from(("on", "back", "realm on")), SECONDS), max_size=6)
BACK = st.integers(0, clock.MARGIN)
engine = create_engine("sqlite://", poolclass=StaticPool)
tables.metadata.create_all(engine)


class Clocks:
    """The machine's clock, the latest that it showed, and a realm's that goes by it."""

    def __init__(self, offset: int) -> None:
        self.machine = self.latest = float(START)
        model = DEFAULT
        self.realm = replace(model, name="lab-0123456789ab", like="default", offset=float(offset))

    def step(self, kind: str, seconds: int) -> None:
        if kind == "realm on":
            self.realm = replace(self.realm, offset=self.realm.offset + seconds)
        elif kind == "on":
            self.machine += seconds
            self.latest = max(self.latest, self.machine)
        else:
            self.machine = max(self.machine - seconds, self.latest - clock.MARGIN)

    @contextmanager
    def rule(self) -> Iterator[Connection]:
        """The service goes by these clocks, with an empty store."""
        stub = SimpleNamespace(time=lambda: self.machine)
        with patch.object(clock, "time", stub), engine.connect() as tx, tx.begin() as whole:
            yield tx
            whole.rollback()


def clean(tx: Connection, now: Callable[[], float] = clock.machine_now) -> None:
    for table in tables.EXPIRING:
        while expiry._remove_batch(tx, table, now()):
            pass


def passes(tx: Connection, clocks: Clocks, iat: int, back: int = 0) -> bool:
    """Whether the proof does. `back`: how far the clock is set back while it waits for the store,
    where the clean-up may be faster."""
    realm, proof = clocks.realm, rules.Proof([])
    proof.claims, proof.thumbprint = {"iat": iat, "jti": "a jti"}, "a thumbprint"
    wanted = dpop.Wanted("POST", "http://127.0.0.1/token", clock.now(realm), rules=())
    try:
        rules.iat_is_fresh(proof, wanted)
        clocks.step("back", back)
        clean(tx)
        dpop.use_up(tx, realm, proof, wanted)
    except ProofRefused:
        return False
    return True


@settings(max_examples=600)
@given(
    offset=st.integers(-(10**8), 10**8),
    age=st.integers(-CLOCK_SKEW, rules.WINDOW),
    back=BACK,
    steps=STEPS,
)
def test_a_used_proof_is_remembered_while_it_could_pass(
    offset: int, age: int, back: int, steps: list[tuple[str, int]]
) -> None:
    clocks = Clocks(offset)
    with clocks.rule() as tx:
        iat = int(clock.now(clocks.realm)) - age
        assert passes(tx, clocks, iat, back)
        for kind, seconds in steps:
            clocks.step(kind, seconds)
            clean(tx)
            assert not passes(tx, clocks, iat)


@settings(max_examples=300)
@given(steps=STEPS)
def test_a_used_challenge_is_remembered_while_it_could_pass(steps: list[tuple[str, int]]) -> None:
    def passes(challenge: str) -> bool:
        try:
            challenges.use_up(tx, DEFAULT, KEY, challenge, clock.machine_now())
        except Refusal:
            return False
        return True

    clocks = Clocks(0)
    with clocks.rule() as tx:
        challenge = challenges.issue(KEY, clock.machine_now())
        assert passes(challenge)
        for kind, seconds in steps:
            clocks.step(kind, seconds)
            clean(tx)
            assert not passes(challenge)


@given(ahead=SECONDS, passed=st.integers(0, clock.MARGIN))
def test_a_clock_that_jumped_ahead_and_came_back_has_forgotten_nothing(
    ahead: int, passed: int
) -> None:
    clocks, elapsed = Clocks(0), [0.0]
    with clocks.rule() as tx:
        housekeeping = clock.Housekeeping(lambda: elapsed[0])
        assert passes(tx, clocks, START)
        elapsed[0] = float(passed)
        clocks.machine = START + passed + ahead
        clean(tx, housekeeping.now)
        clocks.machine = float(START)
        assert not passes(tx, clocks, START)


def test_as_real_time_passes_things_are_forgotten() -> None:
    clocks, elapsed = Clocks(0), [0.0]
    with clocks.rule() as tx:
        housekeeping = clock.Housekeeping(lambda: elapsed[0])
        assert passes(tx, clocks, START)
        elapsed[0] = clock.MARGIN + rules.WINDOW + CLOCK_SKEW + 1
        clocks.machine = START + elapsed[0]
        clean(tx, housekeeping.now)
        assert tx.execute(select(func.count()).select_from(tables.used_proofs)).scalar_one() == 0


def test_the_service_cleans_up_by_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[[], float]] = []

    async def clean_once(_store: object, _rows: int, now: Callable[[], float]) -> int:
        asked.append(now)
        raise asyncio.CancelledError

    monkeypatch.setattr(expiry, "clean", clean_once)
    with pytest.raises(asyncio.CancelledError):
        finished(expiry.keep_clean(SimpleNamespace(), 1))  # type: ignore[arg-type]
    before = time.time()
    with patch.object(clock, "time", SimpleNamespace(time=lambda: before + 7200)):
        assert asked[0]() < before + 60
