"""`python -m dialtone_kit.mock`: the service as a process, in the foreground, on loopback."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import uvicorn
from uvicorn.supervisors import Multiprocess

from dialtone_kit.masking import mask_text
from dialtone_kit.mock import settings
from dialtone_kit.mock.settings import BadSettings, Settings

HOST = "127.0.0.1"


class Masked(logging.Formatter):
    """Whatever a log line or a traceback holds, it holds no secret."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(super().format(record))


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped. The exit code is 1, after one line that says why, if it can't start."""
    asked = _parser().parse_args(arguments)
    os.umask(0o077)  # whatever is made from here on, a log or a journal, is its user's alone
    _log_to_stderr()
    try:
        chosen = settings.load(asked.state_dir, asked.port, asked.base_url, asked.workers)
        chosen.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        listener = _listen(chosen.port)
        with _pid_file(chosen.state_dir / "mock.pid"):
            _serve(chosen, listener)
    except (BadSettings, OSError) as problem:
        print(f"dialtone: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dialtone_kit.mock", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="where its state lives")
    parser.add_argument("--port", type=_port, help="default: the one in service.json, or 8787")
    parser.add_argument("--base-url", help="the public URL; default: the one in service.json")
    parser.add_argument("--workers", type=_workers, default=1, help="processes that answer")
    return parser


def _serve(chosen: Settings, listener: socket.socket) -> None:
    """Hand the socket to the server; returns when it has ended."""
    options = {
        "ws": "none",
        "log_config": None,  # ours; and no access log: a query string may hold an enrollment
        "access_log": False,
        "proxy_headers": False,  # a caller's X-Forwarded-For says nothing
        "server_header": False,
        "timeout_keep_alive": 30,
        "timeout_graceful_shutdown": 3,
    }
    if chosen.workers == 1:
        from dialtone_kit.mock.app import create_app

        config = uvicorn.Config(create_app(chosen), **options)  # type: ignore[arg-type]
        uvicorn.Server(config).run(sockets=[listener])
        return
    chosen.to_environment()
    config = uvicorn.Config(
        "dialtone_kit.mock.app:from_environment",
        factory=True,
        workers=chosen.workers,
        **options,  # type: ignore[arg-type]
    )
    Multiprocess(config, sockets=[listener]).run()


def _listen(port: int) -> socket.socket:
    try:
        listener = socket.create_server((HOST, port), backlog=2048)
    except OSError as problem:
        raise BadSettings(
            f"port {port} can't be had ({problem.strerror}). Stop what uses it, or name another "
            f"with --port."
        ) from None
    listener.set_inheritable(True)
    return listener


@contextlib.contextmanager
def _pid_file(path: Path) -> Iterator[None]:
    """DIR/mock.pid for as long as we run. With the birth time nobody else is taken for us."""
    note = {"pid": os.getpid(), "create_time": psutil.Process().create_time()}
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(note), encoding="utf-8")
    fresh.replace(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            if json.loads(path.read_text(encoding="utf-8")) == note:
                path.unlink()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not a number of workers (1 to 64)")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
