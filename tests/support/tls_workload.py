"""A workload as a process of its own: `tls_workload.py ROLE ACCOUNT TRUST_DOMAIN [PORT [EXPECT]]`.

It gets its SVID from the service whose state directory is named in the environment, and the bundle
that it trusts from BUNDLE_FROM. Each thing that happens is one line of JSON on stdout.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys

import httpx

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.running import LocalService, find
from dialtone_kit.spiffe.mutual_tls import accept, connect, peer_of
from dialtone_kit.spiffe.svids import X509Svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle
from dialtone_kit.spiffe.workload import Workload


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def found() -> LocalService:
    running = find(timeout=10)
    assert running is not None
    return running


def identity(account: str, trust_domain: str) -> tuple[X509Svid, TrustBundle]:
    controls = Controls(found)
    platform = controls.platform("kubernetes", namespace="lessons", service_account=account)
    name = f"spiffe://{trust_domain}/ns/lessons/sa/{account}"
    workload = Workload(found().base_url, name, platform)
    trusted = json.loads(os.environ["TRUSTED"])  # base URL and trust domain
    url = f"{trusted[0]}/.well-known/spiffe-trust-bundle"
    bundle = TrustBundle.read(httpx.get(url, trust_env=False).json(), trusted[1])
    return workload.x509_svid(), bundle


def serve(svid: X509Svid, bundle: TrustBundle, expect: str | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell(event="listening", port=listener.getsockname()[1])
        while True:
            raw, _ = listener.accept()
            raw.settimeout(10)
            try:
                with accept(raw, svid, bundle, expect=expect) as connection:
                    peer = str(peer_of(connection, bundle))
                    text = connection.recv(1000).decode()
                    tell(event="heard", peer=peer, text=text, tls=connection.version())
                    connection.sendall(f"{peer} said {text}".encode())
            except (DialtoneError, ssl.SSLError, OSError) as problem:
                tell(event="refused", why=f"{type(problem).__name__}: {problem}")


def call(svid: X509Svid, bundle: TrustBundle, port: int, expect: str | None) -> None:
    try:
        with connect(("127.0.0.1", port), svid, bundle, expect=expect) as connection:
            connection.sendall(b"hello")
            answer = connection.recv(1000).decode()
            tell(event="answered" if answer else "refused", text=answer)
    except (DialtoneError, ssl.SSLError, OSError) as problem:
        tell(event="refused", why=f"{type(problem).__name__}: {problem}")


def main(role: str, account: str, trust_domain: str, port: str = "0", expect: str = "") -> None:
    svid, bundle = identity(account, trust_domain)
    if role == "serve":
        serve(svid, bundle, expect or None)
    else:
        call(svid, bundle, int(port), expect or None)


if __name__ == "__main__":
    main(*sys.argv[1:])
