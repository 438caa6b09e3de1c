"""What a flood leaves behind: 100,000 junk requests by a stranger, then 20,000 tokens.

How large are log, database and audit trail after each?

.venv/bin/python -m benchmarks.flood

The junk is of ten kinds, and no two requests are alike.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import psutil

from benchmarks.harness import machine
from benchmarks.load import http_request, run
from benchmarks.service import FORM, Peer, peer_of
from dialtone_kit import build_proof
from tests.support.running_mock import Mock

CONNECTIONS, AT_ONCE = 32, 2_000
TABLES = ("audit_events", "used_proofs", "limit_hits")


def junk_of(peer: Peer) -> Iterator[bytes]:
    """Requests that are all refused, by someone who knows no secret but a client_id."""
    form, json = {"Content-Type": FORM}, {"Content-Type": "application/json"}
    issuer = peer.token_url.removesuffix("/token")
    grant = "grant_type=client_credentials"
    stranger = replace(peer, client=(peer.client[0], f"sec_{secrets.token_urlsafe(32)}"))

    def post(path: str, body: str, headers: dict[str, str] = form) -> bytes:
        return http_request("POST", f"{issuer}/{path}", headers, body)

    def some() -> str:
        return secrets.token_hex(12)

    def foreign_host() -> bytes:
        return post("token", grant).replace(b"Host: ", f"Host: {some()}.example, ".encode(), 1)

    def bad_proof() -> bytes:
        proof = build_proof(peer.key, "POST", peer.token_url)[:-20] + secrets.token_hex(10)
        return http_request("POST", peer.token_url, {**form, "DPoP": proof}, grant)

    def junk_token() -> bytes:
        return http_request("GET", peer.api_url, {"Authorization": f"DPoP {some()}.{some()}.x"})

    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: post("token", f"{grant}&client_id=cli_{some()}&client_secret=x"),
        stranger.token_request,
        bad_proof,
        lambda: post("token", f"{some()}=%FF"),
        lambda: post(some(), ""),
        junk_token,
        lambda: post("register/confirm", f'{{"enrollment_id": "{some()}", "x": 1}}', json),
        lambda: post("register/request", f'{{"email": "{some()}@", "client_name": "x"}}', json),
        lambda: post("introspect", f"token={some()}"),
        foreign_host,
    )
    for kind in cycle(kinds):
        yield kind()


def tokens_of(peer: Peer) -> Iterator[bytes]:
    while True:
        yield peer.token_request()


def send(peer: Peer, requests: Iterator[bytes], count: int, *, refused: bool) -> float:
    """Send so many, made a few at a time since proofs grow old; the rate, their making left out."""
    taken = 0.0
    for begin in range(0, count, AT_ONCE):
        some = list(islice(requests, min(AT_ONCE, count - begin)))
        started = time.perf_counter()
        run(peer.token_url, some, CONNECTIONS, refused=refused)
        taken += time.perf_counter() - started
    return count / taken


def row(name: str, mock: Mock, rate: float = 0) -> str:
    """One line of the table: what there is on the disk, in memory, and in the tables."""
    log, database = (
        sum(file.stat().st_size for file in mock.state_dir.glob(f"{pattern}*"))
        for pattern in ("mock.log", "mock.sqlite3")
    )
    memory = psutil.Process(mock.process.pid).memory_info().rss
    sizes = [f"{log / 1e6:.2f}", f"{database / 1e6:.1f}", f"{memory / 1e6:.0f}"]
    rows = [f"{mock.sql(f'SELECT count(*) FROM {table}')[0][0]:,}" for table in TABLES]
    return f"| {' | '.join([name, f'{rate:.0f}' if rate else '', *sizes, *rows])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--junk", type=int, default=100_000)
    parser.add_argument("--tokens", type=int, default=20_000)
    options = parser.parse_args()
    columns = ("", "requests/s", "log MB", "database MB", "memory MB", *TABLES)
    print(machine("uvicorn", "SQLAlchemy"), "\n")
    print(f"| {' | '.join(columns)} |\n|---|{'---:|' * (len(columns) - 1)}")
    with tempfile.TemporaryDirectory() as folder:
        mock = Mock(Path(folder) / "state").start()
        try:
            peer = peer_of(mock)
            print(row("at the start", mock), flush=True)
            rate = send(peer, junk_of(peer), options.junk, refused=True)
            print(row(f"{options.junk:,} junk requests", mock, rate), flush=True)
            rate = send(peer, tokens_of(peer), options.tokens, refused=False)
            print(row(f"and {options.tokens:,} tokens", mock, rate), flush=True)
        finally:
            mock.stop()


if __name__ == "__main__":
    main()
