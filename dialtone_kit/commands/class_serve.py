"""`dialtone class serve`: the local service for a room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from dialtone_kit.base.private_files import shown
from dialtone_kit.base.urls import LOOPBACK
from dialtone_kit.classroom import address, last_time, seats, serving
from dialtone_kit.classroom.session import Session, open_session
from dialtone_kit.commands.options import CLASS, PORT, WORKERS
from dialtone_kit.commands.signals import end_in_order

FILE = click.Path(path_type=Path)


@click.command
@CLASS
@click.option("--everyone", is_flag=True, help="Let other machines in: https on all interfaces.")
@click.option("--host", help="Listen on this address only. Beyond this machine, with https.")
@click.option("--port", type=PORT, help=f"The port; default: as last time, or {address.PORT}.")
@click.option("--name", help="How learners' machines call this one; by default its address.")
@click.option("--certificate", type=FILE, help="Your own certificate with its chain, PEM.")
@click.option("--key", type=FILE, help="Its private key, PEM.")
@click.option("--ca", type=FILE, help="The CA behind it, PEM, if machines don't know it.")
@click.option("--workers", type=WORKERS, default=1, show_default=True)
@click.option(
    "--database",
    metavar="URL",
    envvar="DIALTONE_DATABASE_URL",
    help="A PostgreSQL database, as for `dialtone serve`. `sqlite` switches back to a file.",
)
@click.option("--renew", type=int, metavar="SEAT", help="Give a seat a new token, and end.")
def command(
    folder: Path,
    everyone: bool,
    host: str | None,
    port: int | None,
    name: str | None,
    certificate: Path | None,
    key: Path | None,
    ca: Path | None,
    workers: int,
    database: str | None,
    renew: int | None,
) -> int:
    """Serve a class: the local service for a room, with a seat for each learner.

    The first time, only this machine reaches it, as on a JupyterHub, unless you say otherwise.
    After that it's served as it was last time, unless you give --everyone, --host or --certificate.

    Learners need the session file from their own folder. It has the service's address in it.
    Without a certificate of yours, one is made, and the session file makes learners' kits trust
    it. Someone who lost their file gets a new one with --renew.

    \b
    Example: dialtone class serve --everyone
             dialtone class serve --everyone --certificate cert.pem --key key.pem
             dialtone class serve --renew 12
    """
    session = open_session(folder)
    if renew is not None:
        return _renew(session, renew)
    if everyone and host:
        raise click.UsageError("Give --everyone or --host, not both.")
    if (certificate is None) != (key is None) or (ca and not certificate):
        raise click.UsageError("A certificate of your own takes --certificate and --key together.")
    host = address.EVERYONE if everyone else host
    wanted = _as_last_time(session) if host is None and certificate is None else None
    wanted = wanted or address.Wanted(host or "127.0.0.1", certificate=certificate, key=key, ca=ca)
    wanted = replace(wanted, port=port, name=name, workers=workers, database=database)
    end_in_order()
    try:
        return serving.serve(session, wanted, click.echo)
    except KeyboardInterrupt:
        return 0  # the usual way to end it


def _as_last_time(session: Session) -> address.Wanted | None:
    before = last_time.read(session)
    if before is not None and before.host not in LOOPBACK:
        where = "everyone" if before.anywhere else before.host
        click.echo(f"As last time, for {where}. To keep it to this machine: --host 127.0.0.1")
    return before


def _renew(session: Session, seat: int) -> int:
    path = seats.renew(session, address.trainer_of(session), seat)
    click.echo(
        f"Seat {seat} has a new session file, and the old one stopped working: {shown(path)}"
    )
    return 0
