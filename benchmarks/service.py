"""The service under load, beside oidc-provider: the token endpoint and a protected call.

.venv/bin/pip install -r benchmarks/requirements.txt
(cd benchmarks/oidc-provider && npm ci) && .venv/bin/python benchmarks/service.py

One worker process, SQLite with all durability on, against one Node process with its adapter in
memory. The same requests over the same kept-alive connections, in turn; medians of the rounds.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import machine
from load import Measured, http_request, run

from dialtone_kit import ProofKey, build_proof

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from tests.support.running_mock import Mock, free_port  # noqa: E402  (a mock in a process, as the tests have it)

FORM = "application/x-www-form-urlencoded"
CONCURRENCY = (1, 8, 32)
OURS, THEIRS = "dialtone_kit.mock", "oidc-provider"


@dataclass(frozen=True)
class Peer:
    """A running service: where its tokens are, whose they are, and what its API is called with."""

    token_url: str
    client: tuple[str, str]
    scope: str
    api_url: str
    api_token: str
    key: ProofKey

    def token_request(self) -> bytes:
        """A DPoP-bound token by client_credentials."""
        secret = base64.b64encode(":".join(self.client).encode()).decode()
        proof = build_proof(self.key, "POST", self.token_url)
        headers = {"Content-Type": FORM, "Authorization": f"Basic {secret}", "DPoP": proof}
        body = f"grant_type=client_credentials&scope={self.scope}"
        return http_request("POST", self.token_url, headers, body)

    def call(self) -> bytes:
        """A call of userinfo with the token and a fresh proof."""
        proof = build_proof(self.key, "GET", self.api_url, access_token=self.api_token)
        headers = {"Authorization": f"DPoP {self.api_token}", "DPoP": proof}
        return http_request("GET", self.api_url, headers)


@contextlib.contextmanager
def our_service() -> Iterator[Peer]:
    """The mock, with a client of its own."""
    with tempfile.TemporaryDirectory() as folder:
        mock = Mock(Path(folder) / "state").start()
        try:
            yield peer_of(mock)
        finally:
            mock.stop()


def peer_of(mock: Mock) -> Peer:
    """A new client of a running mock."""
    client = mock.register("default")
    token = client.token(scope="openid")
    url = client.url("/userinfo")
    return Peer(client.token_url, client.basic, "openid", url, token, client.key)


@contextlib.contextmanager
def oidc_provider() -> Iterator[Peer]:
    """oidc-provider in Node, with the client of its configuration."""
    key, port = ProofKey.generate(), free_port()
    command = ["node", str(HERE / "oidc-provider" / "server.mjs"), str(port), key.thumbprint]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as node:
        assert node.stdout is not None
        told = json.loads(next(line for line in node.stdout if line.startswith("{")))
        issuer, token = told["issuer"], told["token"]
        try:
            yield Peer(
                f"{issuer}/token", ("bench", "bench-secret"), "api", f"{issuer}/me", token, key
            )
        finally:
            node.terminate()


def rounds(
    peers: Mapping[str, Peer],
    make: Callable[[Peer], bytes],
    concurrency: int,
    count: int,
    number: int,
) -> dict[str, list[Measured]]:
    """Each peer in turn, `number` times over; the first round warms up and is not counted."""
    found: dict[str, list[Measured]] = {name: [] for name in peers}
    for turn in range(number + 1):
        for name, peer in list(peers.items())[:: 1 if turn % 2 else -1]:
            measured = run(peer.token_url, [make(peer) for _ in range(count)], concurrency)
            if turn:
                found[name].append(measured)
    return found


def row(name: str, concurrency: int, runs: Sequence[Measured], base: float) -> str:
    """One line of the table: medians over the rounds."""
    rate, p50, p99 = (
        statistics.median(getattr(one, what) for one in runs) for what in ("rate", "p50", "p99")
    )
    return f"| {name} | {concurrency} | {rate:.0f} | {rate / base:.2f} | {p50:.1f} | {p99:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="in one run")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--concurrency", type=int, nargs="*", default=CONCURRENCY)
    asked = parser.parse_args()
    print(machine("cryptography", "uvicorn", "starlette", "SQLAlchemy"), "\n")
    for title, make in (("Token endpoint", Peer.token_request), ("Protected call", Peer.call)):
        with contextlib.ExitStack() as stack:  # fresh ones: that adapter holds 1000 things at most
            peers = {OURS: stack.enter_context(our_service())}
            if not asked.ours_only:
                peers[THEIRS] = stack.enter_context(oidc_provider())
            print(f"**{title}**\n")
            print("| | connections | requests/s | ratio | p50 ms | p99 ms |")
            print("|---|---:|---:|---:|---:|---:|")
            for concurrency in asked.concurrency:
                count = asked.requests if concurrency > 1 else asked.requests // 4
                found = rounds(peers, make, concurrency, count, asked.rounds)
                base = statistics.median(one.rate for one in found[list(found)[-1]])
                for name, runs in found.items():
                    print(row(name, concurrency, runs, base), flush=True)
            print()


if __name__ == "__main__":
    main()
