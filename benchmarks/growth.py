"""What a full store costs: the token endpoint with 10², 10⁴ and 10⁶ clients and used proofs in it,
and how long requests wait while 10⁶ expired proofs are cleaned away.

.venv/bin/python -m benchmarks.growth
"""

from __future__ import annotations

import contextlib
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.load import run
from benchmarks.service import Mock, Peer, peer_of, rounds

SIZES = (100, 10_000, 1_000_000)
CONNECTIONS, REQUESTS, ROUNDS = 32, 2000, 7


@contextlib.contextmanager
def filled(size: int, forget_in: float) -> Iterator[Peer]:
    """The service with `size` other clients and used proofs, to be forgotten in so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        mock = Mock(Path(folder) / "state").start()
        peer = peer_of(mock)
        mock.stop()
        _fill(mock, size, time.time() + forget_in)
        mock.start()
        try:
            yield peer
        finally:
            mock.stop()


def _fill(mock: Mock, size: int, forget_at: float) -> None:
    engine = mock.database.engine()
    with engine.begin() as tx:
        for begin in range(0, size, 10_000):
            numbers = range(begin, min(begin + 10_000, size))
            tx.exec_driver_sql(
                "INSERT INTO used_proofs (digest, forget_at) VALUES (?, ?)",
                [(secrets.token_bytes(32), forget_at + n / size) for n in numbers],
            )
            tx.exec_driver_sql(
                "INSERT INTO clients SELECT ?, realm, secret_hash, client_name, description,"
                " scopes, sponsor, created_at FROM clients LIMIT 1",
                [(f"cli_other_{secrets.token_hex(8)}",) for _ in numbers],
            )
    engine.dispose()


def growth() -> None:
    """Rates beside each other."""
    with contextlib.ExitStack() as stack:
        peers = {f"{size:,}": stack.enter_context(filled(size, 3600)) for size in SIZES}
        measured = rounds(peers, Peer.token_request, CONNECTIONS, REQUESTS, ROUNDS)
    base = statistics.median(one.rate for one in measured[f"{SIZES[0]:,}"])
    print("| clients, used proofs | requests/s | of the first | p99 ms |\n|---:|---:|---:|---:|")
    for name, runs in measured.items():
        rate = statistics.median(one.rate for one in runs)
        p99 = statistics.median(one.p99 for one in runs)
        print(f"| {name} | {rate:.0f} | {rate / base:.2f} | {p99:.1f} |")


def cleaning() -> None:
    """The slowest answers of one connection, while nothing and while a million rows expire."""
    print("\n| | requests | p50 ms | p99 ms | slowest ms |\n|---|---:|---:|---:|---:|")
    for name, forget_in in (("nothing expires", 3600.0), ("10⁶ proofs expire", -10.0)):
        with filled(SIZES[-1], forget_in) as peer:
            run(peer.token_url, [peer.token_request() for _ in range(500)], 1)
            times = run(peer.token_url, [peer.token_request() for _ in range(15_000)], 1)
            print(f"| {name} | 15000 | {times.p50:.1f} | {times.p99:.1f} | {times.slowest:.1f} |")


if __name__ == "__main__":
    print(machine("cryptography", "uvicorn", "SQLAlchemy"), "\n")
    growth()
    cleaning()
