"""Is it ours? The service proves it by a challenge before anything that matters is sent.

On a shared machine anyone can sit on a port, so an open port and a friendly answer mean nothing.
`http.client` and not httpx: no proxy from the environment, no redirect, and a third of the time.
"""

from __future__ import annotations

import hmac
import http.client
import io
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import httpcore

from dialtone_kit.base.errors import ServiceUnreachable
from dialtone_kit.base.jws import strict_json
from dialtone_kit.client.tls_problems import tls_problem
from dialtone_kit.local.record import Record

Kind = Literal["ours", "stranger", "silent", "nothing"]
MAX_REPLY = 4096  # bytes of an answer to the challenge
MAX_BYTES = 16 * 1024 * 1024  # of a control's reply: an inbox of many emails, not more


@dataclass(frozen=True)
class Occupant:
    """Who is on the port: ours, a stranger, one that accepts but stays silent, or nobody."""

    kind: Kind
    pid: int | None = None
    version: str = ""
    code: str = ""
    why: str = ""  # what is wrong with it, if that is known better than by its kind


def ask(record: Record, *, timeout: float = 2.0) -> Occupant:
    """Challenge whoever is on the record's port.

    `timeout` is in seconds: for the connection, and for the whole reply.
    """
    connection = _connection(record, timeout)
    try:
        return _challenge(connection, record)
    finally:
        connection.close()


@contextmanager
def proven(record: Record, *, timeout: float = 10.0) -> Iterator[http.client.HTTPConnection]:
    """A connection whose other end has just proved itself: it may get the token.

    It does so by the challenge or, over TLS, by its certificate. Raises ServiceUnreachable, with
    nothing else sent, when it is not our service.
    """
    connection = _connection(record, timeout)
    try:
        occupant = _opened(connection) or _proof(connection, record)
        if occupant.kind != "ours":
            raise ServiceUnreachable(why_not(record, occupant))
        # http.client would silently reconnect, to whoever is listening by then.
        connection.auto_open = 0
        yield connection
    finally:
        connection.close()


def ask_on(stream: httpcore.NetworkStream, record: Record, timeout: float | None) -> Occupant:
    """Challenge whoever is at the other end of a connection that is already open."""
    connection = _connection(record, timeout or 10.0)
    connection.auto_open = 0
    return _reply(connection, record, stream)


def ask_through(connected: socket.socket, record: Record, *, timeout: float = 2.0) -> Occupant:
    """Challenge whoever is at the other end of a socket, wherever it leads."""
    connection = _connection(record, timeout)
    connection.auto_open = 0
    return _reply(connection, record, _Stream(connected))


def control_token(record: Record) -> str:
    """What the teaching controls ask for. Send it on a `proven` connection only."""
    if record.seat is not None:
        return record.secret.reveal()
    return _digest(record, "control")


def explain(kind: Kind, port: int, *, own_pid: int | None = None) -> str:
    """One line on why there is no service of ours on `port`, and the way out.

    `own_pid` is the process of our own service, when that is known to live all the same.
    """
    if kind == "nothing" and own_pid is None:
        return f"No local service on port {port}. Start it: `dialtone serve`, or run start() again."
    if own_pid is not None:
        return (
            f"The local service (process {own_pid}) runs but does not answer on port {port}. "
            "Run `dialtone stop`, then start it again."
        )
    holder = "another program, not by your local service"
    if kind == "silent":
        holder = "something that accepts connections but does not answer"
    return (
        f"Port {port} is in use by {holder}. Stop that program, or move your service to port N: "
        "`dialtone serve --port N` (you register again there)."
    )


def why_not(record: Record, occupant: Occupant) -> str:
    """One line on why the service of `record` can't be used, and the way on."""
    if not record.class_name:
        return explain(occupant.kind, record.port)
    where = f"The class's service at {record.base_url}"
    if occupant.why:
        return f"{where} {occupant.why}"
    if occupant.kind in ("nothing", "silent"):
        return (
            f"{where} doesn't answer. Check your network, and ask your trainer. To go on with a "
            "local service of your own: `dialtone class leave`."
        )
    return (
        f"{where} didn't prove that it knows you: your session file is from another class, or was "
        "renewed. Ask your trainer for the current one."
    )


def _connection(record: Record, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(record.base_url)
    if parts.scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", record.port, timeout=timeout)
    # imported here: it loads httpx, which the own service on loopback does without
    from dialtone_kit.client.trust import only, trust

    trusted = only(record.authority) if record.authority else trust()
    host = parts.hostname or ""
    return http.client.HTTPSConnection(host, record.port, timeout=timeout, context=trusted)


def _opened(connection: http.client.HTTPConnection) -> Occupant | None:
    """Connect. Returns who is there if that already shows that it isn't our service."""
    try:
        connection.connect()
    except TimeoutError:
        return Occupant("silent")
    except ssl.SSLError as problem:
        return Occupant("stranger", why=tls_problem(str(problem), "").strip())
    except OSError:
        return Occupant("nothing")
    return None


def _proof(connection: http.client.HTTPConnection, record: Record) -> Occupant:
    """Over TLS the certificate has been the proof; otherwise the answer to a challenge is."""
    tls = isinstance(connection, http.client.HTTPSConnection)
    return Occupant("ours") if tls else _answered(connection, record)


def _challenge(connection: http.client.HTTPConnection, record: Record) -> Occupant:
    return _opened(connection) or _answered(connection, record)


def _answered(connection: http.client.HTTPConnection, record: Record) -> Occupant:
    plain = connection.sock
    try:
        return _reply(connection, record, _Stream(plain))
    finally:
        if connection.sock is not None:
            plain.settimeout(connection.timeout)
            connection.sock = plain


def _reply(connection: http.client.HTTPConnection, record: Record, stream: _Line) -> Occupant:
    nonce = secrets.token_urlsafe(24)
    connection.sock = _Socket(stream, connection.timeout or 10.0)
    try:
        seat = "" if record.seat is None else f"&seat={record.seat}"
        path = f"/mock/hello?nonce={nonce}{seat}"
        connection.request("GET", path, headers=_headers(record))
        body = strict_json(connection.getresponse().read(MAX_REPLY))
    except (TimeoutError, httpcore.TimeoutException):
        return Occupant("silent")
    except (
        OSError,
        httpcore.NetworkError,
        http.client.HTTPException,
        ValueError,
    ):
        return Occupant("stranger")
    return _judge(body, nonce, record)


def _judge(body: Any, nonce: str, record: Record) -> Occupant:
    proof = body.get("answer") if isinstance(body, dict) else None
    expected = _digest(record, f"hello|{nonce}|{record.base_url}")
    if not isinstance(proof, str) or not hmac.compare_digest(proof.encode(), expected.encode()):
        return Occupant("stranger")
    pid, version, code = body.get("pid"), body.get("version", ""), body.get("code", "")
    return Occupant("ours", pid if isinstance(pid, int) else None, str(version), str(code))


def _headers(record: Record) -> dict[str, str]:
    return {"Host": urlsplit(record.base_url).netloc, "Accept": "application/json"}


def _digest(record: Record, message: str) -> str:
    """Keyed by the secret; in a class by its hash, which is all that the service knows of it."""
    key = record.secret.reveal().encode()
    if record.seat is not None:
        key = sha256(key).hexdigest().encode()
    return hmac.new(key, message.encode(), "sha256").hexdigest()


class _Line(Protocol):
    """As much of a stream of httpx's as a challenge needs; times are in seconds."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...
    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...
    def close(self) -> None: ...


class _Stream:
    """A plain socket as such a stream."""

    def __init__(self, plain: socket.socket) -> None:
        self._socket, self.close = plain, plain.close

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(timeout)
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(timeout)
        self._socket.sendall(buffer)


class _Socket:
    """As much of a socket as `http.client` uses, with one deadline for all that is read."""

    def __init__(self, stream: _Line, timeout: float) -> None:
        self._stream, self._timeout = stream, timeout
        self._deadline = time.monotonic() + timeout

    def sendall(self, data: bytes) -> None:
        self._stream.write(data, self._timeout)

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        return io.BufferedReader(_Reading(self._stream, self._deadline))

    def close(self) -> None:
        self._stream.close()


class _Reading(io.RawIOBase):
    def __init__(self, stream: _Line, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError  # a stranger who sends a byte at a time could hold us forever
        data = self._stream.read(len(buffer), left)
        buffer[: len(data)] = data
        return len(data)
