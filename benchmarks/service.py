"""The service under load, beside oidc-provider: the token endpoint and a protected call.

.venv/bin/pip install -r benchmarks/requirements.txt
(cd benchmarks/oidc-provider && npm ci) && .venv/bin/python -m benchmarks.service

One worker process, SQLite with all durability on, against one Node process with its adapter in
memory. The same requests over the same kept-alive connections, in turn; medians of the rounds.

`--against TREE` measures this tree's service beside that of another one instead, a git worktree.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import ROUNDS_AGAINST, THIS_TREE, comparison, machine, of_tree
from benchmarks.load import Measured, http_request, run
from dialtone_kit import ProofKey, build_proof
from tests.support.running_mock import Mock, free_port

HERE = Path(__file__).parent

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


REQUESTS: dict[str, Callable[[Peer], bytes]] = {
    "Token endpoint": Peer.token_request,
    "Protected call": Peer.call,
}


@contextlib.contextmanager
def our_service(tree: Path = THIS_TREE) -> Iterator[Peer]:
    """The mock of a tree, with a client of its own."""
    with tempfile.TemporaryDirectory() as folder, of_tree(tree) as environment:
        mock = Mock(Path(folder) / "state", environment=environment).start()
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
        ready = json.loads(next(line for line in node.stdout if line.startswith("{")))
        issuer, token = ready["issuer"], ready["token"]
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
    runs: dict[str, list[Measured]] = {name: [] for name in peers}
    for turn in range(number + 1):
        for name, peer in list(peers.items())[:: 1 if turn % 2 else -1]:
            measured = run(peer.token_url, [make(peer) for _ in range(count)], concurrency)
            if turn:
                runs[name].append(measured)
    return runs


def row(name: str, concurrency: int, runs: Sequence[Measured], base: float) -> str:
    """One line of the table: medians over the rounds."""
    rate, p50, p99 = (
        statistics.median(getattr(one, what) for one in runs) for what in ("rate", "p50", "p99")
    )
    return f"| {name} | {concurrency} | {rate:.0f} | {rate / base:.2f} | {p50:.1f} | {p99:.1f} |"


def beside_oidc_provider(options: argparse.Namespace) -> None:
    """The tables of README.md."""
    for title, make in REQUESTS.items():
        with contextlib.ExitStack() as stack:  # fresh ones: that adapter holds 1000 things at most
            peers = {OURS: stack.enter_context(our_service())}
            if not options.ours_only:
                peers[THEIRS] = stack.enter_context(oidc_provider())
            print(f"**{title}**\n")
            print("| | connections | requests/s | ratio | p50 ms | p99 ms |")
            print("|---|---:|---:|---:|---:|---:|")
            for concurrency in options.concurrency:
                count = requests_in_a_run(options, concurrency)
                measured = rounds(peers, make, concurrency, count, options.rounds or 7)
                base = statistics.median(one.rate for one in measured[list(measured)[-1]])
                for name, runs in measured.items():
                    print(row(name, concurrency, runs, base), flush=True)
            print()


def against(options: argparse.Namespace) -> None:
    """This tree's service and that of another tree, in turn."""
    number = options.rounds or ROUNDS_AGAINST
    with our_service() as ours, our_service(options.against) as theirs:
        peers = {"ours": ours, "theirs": theirs}
        for title, make in REQUESTS.items():
            rows = {}
            for concurrency in options.concurrency:
                count = requests_in_a_run(options, concurrency)
                measured = rounds(peers, make, concurrency, count, number)
                sides = tuple([run.rate for run in measured[name]] for name in peers)
                rows[f"{concurrency} connections"] = sides
            heading = f"{title} beside {options.against}, {number} rounds"
            print(comparison(heading, "requests/s", rows), "\n", flush=True)


def requests_in_a_run(options: argparse.Namespace, concurrency: int) -> int:
    return int(options.requests if concurrency > 1 else options.requests // 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, help="in one run")
    parser.add_argument("--rounds", type=int, help=f"7, with --against {ROUNDS_AGAINST}")
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--concurrency", type=int, nargs="*", default=CONCURRENCY)
    parser.add_argument("--against", type=Path, metavar="TREE", help="another tree of the kit")
    options = parser.parse_args()
    print(machine("cryptography", "uvicorn", "starlette", "SQLAlchemy"), "\n")
    (against if options.against else beside_oidc_provider)(options)


if __name__ == "__main__":
    main()
