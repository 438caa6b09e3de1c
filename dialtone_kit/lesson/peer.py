"""A workload in a process of its own, for mutual TLS: its key never leaves that process.

`python -m dialtone_kit.lesson.peer ACCOUNT EXPECTED` gets an SVID as that service account, listens
on loopback, and answers whoever proves to be EXPECTED. Each event is a line of JSON on its standard
output. It ends when its standard input does: with the lesson.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import threading

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.local import place
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.running import LocalService
from dialtone_kit.spiffe.mutual_tls import accept, peer_of
from dialtone_kit.spiffe.svids import X509Svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle
from dialtone_kit.spiffe.workload import Workload

NAMESPACE, DOMAIN = "lessons", "dialtone.test"
REFUSED = (DialtoneError, ssl.SSLError, OSError)


def name_of(account: str) -> str:
    """The SPIFFE ID of a service account in the lessons' namespace."""
    return f"spiffe://{DOMAIN}/ns/{NAMESPACE}/sa/{account}"


def main(account: str, expected: str) -> None:
    """Serve until standard input ends."""
    threading.Thread(target=_end_with_the_lesson, daemon=True).start()
    platform = Controls(_service).platform(
        "kubernetes", namespace=NAMESPACE, service_account=account
    )
    workload = Workload(_service().base_url, name_of(account), platform)
    svid, bundle = workload.x509_svid(), workload.trust_bundle()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _tell(port=listener.getsockname()[1], thumbprint=svid.key.thumbprint)
        while True:
            raw, _ = listener.accept()
            raw.settimeout(10)
            answer(raw, svid, bundle, expected)


def answer(raw: socket.socket, svid: X509Svid, bundle: TrustBundle, expected: str) -> None:
    """One connection: a greeting for the expected peer, a closed line for any other."""
    try:
        with accept(raw, svid, bundle, expect=expected) as connection:
            peer = peer_of(connection, bundle)
            connection.sendall(f"Hello, {peer}. Your key signed this handshake.".encode())
            _tell(served=str(peer))
    except ssl.SSLCertVerificationError as problem:
        _tell(refused=f"chain: {problem.verify_message}")
    except REFUSED as problem:
        _tell(refused=str(problem))


def _service() -> LocalService:
    running = place.running(timeout=10)
    if running is None:
        raise ServiceUnreachable("The local service is gone. Run start() again.")
    place.only_it(running)
    return running


def _end_with_the_lesson() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
