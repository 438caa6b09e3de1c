"""Two workloads, each sure of the other: TLS 1.3 with an SVID on both sides.

TLS checks that the peer's chain leads to a root of the bundle and that the peer holds the key.
The SPIFFE ID in the certificate is checked here; host names play no part.
"""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dialtone_kit.base.errors import SvidRefused
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.client.quiet import hiding
from dialtone_kit.spiffe.spiffe_id import SpiffeId
from dialtone_kit.spiffe.svids import X509Svid
from dialtone_kit.spiffe.trust_bundle import TrustBundle, peer_id


def connect(
    address: tuple[str, int],
    svid: X509Svid,
    bundle: TrustBundle,
    *,
    expect: SpiffeId | str | None = None,
    timeout: float = 10.0,
) -> ssl.SSLSocket:
    """A connection to the workload at `address`, which must be `expect` (None: any in the bundle).

    `timeout` is in seconds. In TLS 1.3 a server that refuses *us* says so only at the first read.
    Raises SvidRefused for the wrong peer, ssl.SSLError for one that the bundle does not cover.
    """
    raw = socket.create_connection(address, timeout)
    return _shake_hands(raw, tls_context(svid, bundle, server_side=False), bundle, expect)


def accept(
    raw: socket.socket, svid: X509Svid, bundle: TrustBundle, *, expect: SpiffeId | str | None = None
) -> ssl.SSLSocket:
    """The server's side, on a socket from `accept()`; it is closed if the peer is refused."""
    return _shake_hands(raw, tls_context(svid, bundle, server_side=True), bundle, expect)


@hiding  # a password and a key in its frame
def tls_context(svid: X509Svid, bundle: TrustBundle, *, server_side: bool) -> ssl.SSLContext:
    """For libraries that take a context. Once connected, ask `peer_of` who the peer is."""
    protocol = ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(protocol)  # trusts no authority but those added below
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # an SVID names no host
    context.verify_mode = ssl.CERT_REQUIRED
    roots = "".join(root.public_bytes(Encoding.PEM).decode() for root in bundle.roots)
    if not roots:
        raise SvidRefused("chain", "the trust bundle has no X.509 authority.")
    context.load_verify_locations(cadata=roots)
    password = secrets.token_urlsafe(32)
    with _file(svid.pem.encode() + svid.key.sealed_pem(password.encode())) as path:
        context.load_cert_chain(path, password=password)
    return context


def peer_of(connection: ssl.SSLSocket, bundle: TrustBundle) -> SpiffeId:
    """Who is at the other end. TLS has verified the chain; the rules for the leaf are left."""
    der = connection.getpeercert(binary_form=True)
    if der is None:
        raise SvidRefused("chain", "the peer showed no certificate.")
    return peer_id(x509.load_der_x509_certificate(der), bundle.trust_domain)


def _shake_hands(
    raw: socket.socket, context: ssl.SSLContext, bundle: TrustBundle, expect: SpiffeId | str | None
) -> ssl.SSLSocket:
    server_side = context.protocol is ssl.PROTOCOL_TLS_SERVER
    try:
        connection = context.wrap_socket(raw, server_side=server_side)
    except BaseException:
        raw.close()
        raise
    try:
        peer = peer_of(connection, bundle)
        if expect is not None and str(peer) != str(expect):
            raise SvidRefused("spiffe_id", f"the peer is {peer}, expected {expect}.")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _file(content: bytes) -> Iterator[Path]:
    """A file for a library that takes nothing else, kept in memory where the system can.

    Its content is encrypted, only we can read it, and it is gone when this block ends.
    """
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        handle = os.memfd_create("svid", os.MFD_CLOEXEC)
        try:
            os.write(handle, content)
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with tempfile.TemporaryDirectory(prefix="svid-") as folder:  # 0700
        path = Path(folder) / "svid.pem"
        PrivateFolder(path.parent).write(path.name, content)
        yield path
