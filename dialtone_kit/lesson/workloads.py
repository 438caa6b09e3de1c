"""Workloads of a lesson: here in the notebook, and one in a process of its own."""

from __future__ import annotations

import atexit
import json
import queue
import secrets
import ssl
import subprocess
import sys
import threading
from typing import Any

from dialtone_kit.base.display import Shown
from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.lesson.leaf import Leaf
from dialtone_kit.lesson.peer import DOMAIN, NAMESPACE, name_of
from dialtone_kit.lesson.vouching import chain_of, vouching_picture
from dialtone_kit.local import process
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.own_service import OwnService
from dialtone_kit.spiffe.mutual_tls import connect
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.svids import X509Svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle
from dialtone_kit.spiffe.workload import Platform, Workload
from dialtone_kit.wire.recorder import Wire

PATIENCE = 20.0  # seconds for a process to start, or to say what it did


def workload(
    base_url: str,
    controls: Controls,
    account: str,
    wire: Wire | None = None,
    platform: Platform | None = None,
) -> Workload:
    """The pod of a service account; without `platform`, the local Kubernetes vouches for it."""
    local = controls.platform("kubernetes", namespace=NAMESPACE, service_account=account)
    return Workload(base_url, name_of(account), platform or local, wire=wire)


class Stranger(OwnService):
    """A whole service of someone else's, with a trust domain of the same name."""

    def workload(self, account: str) -> Workload:
        """A workload there: the same name as one of ours, vouched for by another root."""
        return workload(self.base_url, self.controls, account)


class Cluster:
    """The workloads of a lesson, with a local Kubernetes that vouches for them (mock only)."""

    def __init__(self, base_url: str, controls: Controls, wire: Wire) -> None:
        self._base_url, self.controls, self._wire = base_url, controls, wire
        self._started: list[PeerProcess | Stranger] = []

    def workload(self, account: str, platform: Platform | None = None) -> Workload:
        """A pod that runs as this service account. `platform`: where its evidence comes from."""
        return workload(self._base_url, self.controls, account, self._wire, platform)

    def aws_programs(self) -> tuple[Workload, Workload]:
        """Two programs on one new AWS instance, each with a key of its own."""
        instance = f"i-{secrets.token_hex(8)}0"
        platform = self.controls.platform("aws", instance=instance)
        name = f"spiffe://{DOMAIN}/aws/123456789012/instance/{instance}"
        first, second = (Workload(self._base_url, name, platform, wire=self._wire) for _ in "12")
        return first, second

    def in_a_process(self, account: str, *, expect: Workload) -> PeerProcess:
        """A pod in a process of its own, which answers `expect` by mutual TLS and nobody else."""
        self._started.append(PeerProcess(account, expect.spiffe_id))
        return self._started[-1]  # type: ignore[return-value]

    def stranger(self) -> Stranger:
        """Another service, started for this lesson alone: same trust domain's name, other keys."""
        self._started.append(Stranger())
        return self._started[-1]  # type: ignore[return-value]

    def leaf(self, svid: X509Svid) -> Leaf:
        """The certificate of `svid` as a card of five lines."""
        return Leaf.of(svid.leaf)

    def vouching(self, svid: X509Svid, bundle: TrustBundle, peer: SpiffeId) -> Shown:
        """Who vouched for whom, from the platform to the peer."""
        name = str(svid.spiffe_id)
        account = name.rpartition("/")[2]
        return vouching_picture(chain_of(account, name, bundle.sequence, str(peer)))

    def remove(self) -> None:
        """End the processes that were started here."""
        while self._started:
            self._started.pop().remove()


class PeerProcess:
    """A workload in another process that answers `expected`, and nobody else, by mutual TLS."""

    def __init__(self, account: str, expected: SpiffeId) -> None:
        command = [sys.executable, "-P", "-m", "dialtone_kit.lesson.peer", account, str(expected)]
        self._child = subprocess.Popen(  # noqa: S603  (our own module, our own arguments)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=process.environment(None),
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        atexit.register(self.remove)
        threading.Thread(target=self._listen, daemon=True).start()
        self.spiffe_id = SpiffeId.parse(name_of(account))
        told = self._next()
        self.address, self.thumbprint = ("127.0.0.1", int(told["port"])), str(told["thumbprint"])
        self.pid = self._child.pid

    def connect(self, svid: X509Svid, bundle: TrustBundle) -> ssl.SSLSocket:
        """Mutual TLS with it, as the holder of `svid`. Raises SvidRefused if it's someone else."""
        return connect(self.address, svid, bundle, expect=self.spiffe_id)

    def said(self) -> str:
        """What it did with the oldest connection that it has not told about yet."""
        told = self._next()
        return f"served {told['served']}" if "served" in told else f"refused: {told['refused']}"

    def remove(self) -> None:
        """End the process; if it is gone already, that is fine."""
        atexit.unregister(self.remove)
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def __repr__(self) -> str:
        return f"<{self.spiffe_id} in a process of its own>"

    def _listen(self) -> None:
        assert self._child.stdout is not None  # noqa: S101  (a pipe was asked for)
        try:
            for line in self._child.stdout:
                self._lines.put(json.loads(line))
        except ValueError:  # closed, or cut off in the middle
            return

    def _next(self) -> dict[str, Any]:
        try:
            return self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise ServiceUnreachable(
                "The other workload's process said nothing. Run the cell that starts it again."
            ) from None
