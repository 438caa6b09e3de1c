"""`python -m dialtone_kit.mock`: the service as a process, in the foreground, on loopback."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import uvicorn
from uvicorn.supervisors import Multiprocess

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, read_regular, shown, trouble
from dialtone_kit.base.reason import sentence
from dialtone_kit.mock.core import read_settings, settings
from dialtone_kit.mock.core.ending import remove_what_the_owner_left
from dialtone_kit.mock.core.settings import BadSettings, Settings
from dialtone_kit.mock.web.bad_requests import JsonErrors
from dialtone_kit.mock.web.handshakes import Handshakes
from dialtone_kit.mock.web.logs import log_to_stderr

if TYPE_CHECKING:
    from dialtone_kit.mock.web.gate import Gate

HOST = "127.0.0.1"


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped. The exit code is 1, after one line that says why, if it can't start."""
    asked = _parser().parse_args(arguments)
    # Any file made from here on, such as a log or a journal, is private to its user.
    os.umask(0o077)
    log_to_stderr(asked.state_dir)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)  # the server shuts down in order, then raises the signal again
    try:
        chosen = read_settings.load(
            asked.state_dir,
            asked.port,
            asked.base_url,
            asked.workers,
            asked.database,
            asked.seats,
        )
        protocol = _protocol(asked, chosen)
        chosen.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        listener = _listen(asked.host, chosen.port)
        with _pid_file(chosen.state_dir / "mock.pid", chosen.database_name):
            _serve(chosen, listener, protocol)
    except (BadSettings, DialtoneError) as problem:
        return _refuse(str(problem))
    except OSError as problem:
        at_fault = problem.filename2 or problem.filename or asked.state_dir
        return _refuse(trouble(Path(os.fsdecode(at_fault)), problem))
    finally:
        remove_what_the_owner_left()
    return 0


def _refuse(why: str) -> int:
    print(f"dialtone: {why}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dialtone_kit.mock", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="the folder for its state")
    parser.add_argument("--port", type=_port, help="default: the one in service.json, or 8787")
    parser.add_argument("--base-url", help="the public URL; default: the one in service.json")
    parser.add_argument("--workers", type=_workers, default=1, help="number of worker processes")
    parser.add_argument(
        "--database", help="the URL of a PostgreSQL database; default: a SQLite file"
    )
    parser.add_argument("--host", default=HOST, help="the address to listen on")
    parser.add_argument("--certificate", type=Path, help="PEM, with its chain: serve https")
    parser.add_argument("--key", type=Path, help="the certificate's private key, PEM")
    parser.add_argument("--seats", type=Path, help="the seats of a class: see core/seats.py")
    return parser


def _protocol(asked: argparse.Namespace, chosen: Settings) -> Callable[..., asyncio.Protocol]:
    """What serves a connection, over TLS but on loopback. Raises BadSettings without it."""
    if asked.certificate and asked.key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(asked.certificate, asked.key)
        except OSError as problem:  # SSLError is one
            text = f"{shown(asked.certificate)} can't be served with its key: {problem}"
            raise BadSettings(sentence(text)) from None
        return Handshakes(JsonErrors, str(asked.certificate), str(asked.key))
    if asked.host not in settings.LOOPBACK:
        raise BadSettings(f"{asked.host} can be reached by others: give --certificate and --key.")
    if chosen.seats and not chosen.base_url.startswith("http://"):
        raise BadSettings(f"{chosen.base_url} needs --certificate and --key.")
    return JsonErrors


def _serve(
    chosen: Settings, listener: socket.socket, protocol: Callable[..., asyncio.Protocol]
) -> None:
    """Hand the socket to the server; returns when it has ended."""
    options = {
        "http": protocol,
        "loop": platform.LOOP,
        "ws": "none",
        "log_config": None,  # ours; and no access log: a query string may hold an enrollment
        "access_log": False,
        "proxy_headers": False,  # a caller's X-Forwarded-For says nothing
        "server_header": False,
        "date_header": False,  # a realm's answers use its own clock, see web/dates.py
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": 3,
        "timeout_worker_healthcheck": 60,  # a worker that starts on a busy machine is not dead
    }
    app = _application(chosen)
    _note_setup(chosen)
    if chosen.workers == 1:
        config = uvicorn.Config(app, **options)  # type: ignore[arg-type]
        uvicorn.Server(config).run(sockets=[listener])
        return
    app.close()  # its tables are there now, before the workers could race for them
    read_settings.to_environment(chosen)
    config = uvicorn.Config(
        "dialtone_kit.mock.app:from_environment",
        factory=True,
        workers=chosen.workers,
        **options,  # type: ignore[arg-type]
    )
    Multiprocess(config, sockets=[listener]).run()


def _application(chosen: Settings) -> Gate:
    """The service put together. Raises BadSettings when its database can't be used."""
    # imported here: it takes half a second, and a wrong option is reported without that wait
    from dialtone_kit.mock.app import create_app
    from dialtone_kit.mock.store.store import StoreUnavailable
    from dialtone_kit.mock.store.upgrade import TooNew

    try:
        return create_app(chosen)
    except (StoreUnavailable, TooNew) as problem:
        name = chosen.database_name if chosen.database_url else shown(Path(chosen.database))
        raise BadSettings(sentence(f"{name} can't be used: {problem}")) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as problem:
        raise BadSettings(
            f"port {port} is not available ({problem.strerror}). Stop whatever uses it, or choose "
            f"another with --port."
        ) from None
    listener.set_inheritable(True)
    return listener


@contextlib.contextmanager
def _pid_file(path: Path, database: str) -> Iterator[None]:
    """DIR/mock.pid for as long as we run. Its birth time tells us from others."""
    born = psutil.Process().create_time()
    note = {
        "pid": os.getpid(),
        "create_time": born,
        "start": platform.process_start(os.getpid()),
        "database": database,
    }
    PrivateFolder(path.parent, forbidden=0o022).write(path.name, json.dumps(note))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            if json.loads(read_regular(path)) == note:
                path.unlink()


def _note_setup(chosen: Settings) -> None:
    """DIR/setup.json: how we run, for the next start. It holds no password."""
    url = chosen.database_url
    parts = urlsplit(url or "")
    whole = parts.password is None and not parts.query
    note = {
        "workers": chosen.workers,
        "database": chosen.database_name if url else "SQLite",
        "url": url if whole else None,
    }
    PrivateFolder(chosen.state_dir, forbidden=0o022).write("setup.json", json.dumps(note))


def _end(_signal: int, _frame: object) -> None:
    """Exit in order, running every `finally`, with exit code 0."""
    raise SystemExit(0)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= platform.MOST_WORKERS:
        most = f"1 to {platform.MOST_WORKERS}" if platform.MOST_WORKERS > 1 else "1 on Windows"
        raise argparse.ArgumentTypeError(f"{text} is not a number of workers ({most})")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
