"""`dialtone class board`: one page that shows how the class is doing, and updates by itself."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn

from dialtone_kit.base.masking import Secret
from dialtone_kit.base.notebook import link
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.classroom.board_app import Desk, board_app
from dialtone_kit.classroom.collecting import Collector
from dialtone_kit.classroom.in_use import using
from dialtone_kit.classroom.session import open_session
from dialtone_kit.commands.options import CLASS, PORT
from dialtone_kit.commands.signals import end_in_order

DEFAULT_PORT = 8790
OPENER = "board.html"  # leads the browser to the link: in its arguments, all users could read it
_OPENER = (
    '<!doctype html><meta charset="utf-8"><title>Board</title>'
    '<meta http-equiv="refresh" content="0; url={url}">'
)


@click.command
@CLASS
@click.option("--names", is_flag=True, help="Show names instead of seats.")
@click.option("--runs", is_flag=True, help="Show what `dialtone class run` did instead.")
@click.option("--port", type=PORT, help=f"The page's port; default: {DEFAULT_PORT}, or a free one.")
@click.option("--no-browser", is_flag=True, help="Print the link and open no browser.")
def command(folder: Path, names: bool, runs: bool, port: int | None, no_browser: bool) -> int:
    """Show who is where, what fails most now, and who may be stuck, until Ctrl-C.

    The page is on this machine, and only its link opens it. It collects what learners share with
    the class service. Unattended runs are apart: --runs shows those.

    \b
    Example: dialtone class board
             dialtone class board spring --names --port 9000
    """
    end_in_order()
    open_session(folder)
    with using(folder, "board"), _listening(port) as listener:
        token = Secret(secrets.token_urlsafe(32))
        _announce(folder, listener.getsockname()[1], token, browser=not no_browser)
        collector = Collector(folder)
        collector.start()
        try:
            desk = Desk(folder, names=names, runs=runs, trouble=lambda: collector.trouble)
            _serve(desk, token, listener)
        except KeyboardInterrupt:
            pass  # the usual way to end it
        finally:
            collector.close()
            PrivateFolder(folder).remove(OPENER)
    return 0


def _announce(folder: Path, port: int, token: Secret, *, browser: bool) -> None:
    page = f"http://127.0.0.1:{port}/"
    url = f"{page}#{token.reveal()}"
    click.echo(f"The board is at {url}")
    if link(page) != page:
        click.echo(f"Through your hub: {link(page)}#{token.reveal()} behind the hub's address")
    click.echo("End it with Ctrl-C.")
    if browser:
        opener = PrivateFolder(folder).write(OPENER, _OPENER.format(url=url))
        webbrowser.open(opener.resolve().as_uri())


@contextmanager
def _listening(port: int | None) -> Iterator[socket.socket]:
    """A socket on `port`, or on any free one if nobody asked for one."""
    for candidate in (port,) if port else (DEFAULT_PORT, 0):
        try:
            listener = socket.create_server(("127.0.0.1", candidate))
        except OSError:
            continue
        with listener:
            yield listener
        return
    raise click.UsageError(f"--port {port} can't be used: taken, or not ours. Choose another.")


def _serve(desk: Desk, token: Secret, listener: socket.socket) -> None:
    config = uvicorn.Config(
        board_app(desk, token),
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])
