"""Runs jobs on the workers of a Dask cluster, through its executor of concurrent futures.

Every worker process has a pool of its own: local services, folders and processes as on one
machine. Dask runs what a killed worker had taken once more, elsewhere.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.urls import LOOPBACK
from dialtone_kit.classroom.running.jobs import Done, Job
from dialtone_kit.classroom.running.pool import Pool

PATIENCE = 10  # seconds for the scheduler to answer
_pools: list[Pool] = []  # of this worker process: one, once it has had a job
_lock = threading.Lock()


class NoCluster(DialtoneError):
    """There is no cluster to use at that address; the message says what to do."""


@contextmanager
def cluster(address: str) -> Iterator[tuple[Callable[[Job], Future[Done]], int]]:
    """What submits a job to the cluster at `address`, and how many it runs at a time.

    Raises NoCluster.
    """
    require_safe(address)
    if find_spec("distributed") is None:
        raise NoCluster(
            "Dask isn't installed here: in the kit's folder, run `pip install -e '.[classroom]'`."
        )
    client = _connected(address)
    try:
        threads = sum(client.nthreads().values())
        if not threads:
            raise NoCluster(f"The cluster at {address} has no workers yet: `dask worker {address}`")
        _require_same_version(client)
        yield partial(client.get_executor().submit, run_on_worker), threads
    finally:
        client.close(timeout=2)


def require_safe(address: str) -> None:
    """Raise NoCluster unless what travels there stays on this machine or is encrypted.

    Jobs hold names and addresses, and whoever talks to a scheduler can run code on its workers.
    """
    parts = urlsplit(address)
    if parts.hostname is None or parts.scheme not in {"tls", "tcp"}:
        raise NoCluster(f"{address!r} isn't a scheduler: write tls://HOST:PORT.")
    if parts.scheme == "tcp" and parts.hostname not in LOOPBACK:
        raise NoCluster(
            f"{address} isn't encrypted, so it was refused: tcp:// is for this machine alone. "
            "Start the scheduler and its workers with TLS, and name tls://HOST:PORT."
        )


def run_on_worker(job: Job) -> Done:
    """Run a job on the worker that this is."""
    with _lock:
        if not _pools:
            _pools.append(Pool())
            atexit.register(_pools[0].close)
    return _pools[0].run(job)


def _connected(address: str) -> Any:
    from distributed import Client, Security

    security: Any = Security()  # type: ignore[no-untyped-call] # Dask's own settings name the files
    if address.startswith("tls:"):
        if not security.tls_ca_file:
            raise NoCluster(
                "No certificates for tls://. Name their files as Dask has it: distributed.comm.tls "
                "in ~/.config/dask/, or DASK_DISTRIBUTED__COMM__TLS__CA_FILE and the like."
            )
        security.require_encryption = True
    try:
        return Client(  # type: ignore[no-untyped-call]
            address, security=security, timeout=PATIENCE, set_as_default=False
        )
    except (OSError, ValueError) as failed:
        why = str(failed).splitlines()[0] if str(failed) else type(failed).__name__
        raise NoCluster(f"No scheduler answers at {address}: {why}") from None


def _require_same_version(client: Any) -> None:
    """Another version would run other lessons than this one."""
    others = [name for name, theirs in client.run(_version).items() if theirs != _version()]
    if others:
        raise NoCluster(
            f"The worker {others[0]} has another version of Dialtone Kit than this machine "
            f"({_version()}). Install the same everywhere."
        )


def _version() -> str:
    return version("dialtone-kit")
