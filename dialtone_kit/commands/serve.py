"""`dialtone serve`: the local service in the foreground."""

from __future__ import annotations

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.commands.options import PORT, WORKERS
from dialtone_kit.commands.signals import end_in_order
from dialtone_kit.local import service


@click.command
@click.option("--port", type=PORT, help="Move the service to this port; its issuer changes too.")
@click.option("--workers", type=WORKERS, default=1, show_default=True)
@click.option(
    "--database",
    metavar="URL",
    envvar="DIALTONE_DATABASE_URL",
    help=(
        "A PostgreSQL database, postgresql://USER@HOST:PORT/DATABASE, instead of a file. Keep a "
        "password in ~/.pgpass, or the whole URL in DIALTONE_DATABASE_URL. `sqlite` switches back "
        "to the file. By default, the database used last time."
    ),
)
def command(port: int | None, workers: int, database: str | None) -> int:
    """Run the local service in the foreground.

    It uses the same state as the lessons, and they find it. Its port, and so its issuer, stays the
    same across restarts. /openapi.json describes every endpoint.

    \b
    Example: dialtone serve --port 8790
             dialtone serve --workers 4 --database postgresql://me@localhost:5432/dialtone
    """
    end_in_order()
    try:
        return service.serve(port, workers, database=database, say=click.echo)
    except KeyboardInterrupt:
        return 0  # the usual way to end it
    except DialtoneError as failed:
        if port is None:
            raise
        raise click.UsageError(str(failed)) from None
