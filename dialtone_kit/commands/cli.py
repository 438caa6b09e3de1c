"""The commands: `dialtone lab | run | serve | inbox | audit | rotate-keys | stop | doctor`.

Each is a few lines: what it does stands in the module of its name. A mistake gets one line.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dialtone_kit.base.errors import DialtoneError

PORT = click.IntRange(1, 65535)
REFUSED = 2  # the exit code for an option, a parameter or a port that can't be used
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dialtone-kit", message="dialtone-kit %(version)s")
def commands() -> None:
    """Agent identity and DPoP, learned by doing, on a real local service.

    \b
    Example: dialtone lab      opens the first lesson
    """


@commands.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--port", type=PORT, help="Port of JupyterLab; else the first free one from 8888.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.argument("jupyter_options", nargs=-1, type=click.UNPROCESSED)
def lab(port: int | None, no_browser: bool, jupyter_options: tuple[str, ...]) -> None:
    """Open JupyterLab at lesson 00. Options that are not listed go to JupyterLab.

    \b
    Example: dialtone lab --no-browser --port 9000
    """
    from dialtone_kit.commands.lab import open_lab
    from dialtone_kit.local.record import free_port

    if port is not None and free_port(port) != port:
        raise click.BadParameter(f"{port} can't be used: taken, or not ours.", param_hint="--port")
    open_lab(port=port, browser=not no_browser, extra=jupyter_options)


@commands.command()
@click.option("--lesson", "lessons", multiple=True, metavar="NN", help="Only this one; repeatable.")
@click.option("--solutions", is_flag=True, help="Run the solution notebooks.")
@click.option("--base-url", default="mock", show_default=True, help="The service to talk to.")
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="A parameter.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dialtone-run"),
    show_default=True,
    help="Folder for the executed copies.",
)
def run(
    lessons: Sequence[str],
    solutions: bool,
    base_url: str,
    pairs: Sequence[tuple[str, str]],
    output: Path,
) -> int:
    """Run the lessons without a person. Exit code 1 when one did not pass.

    \b
    Example: dialtone run --lesson 03 --solutions -p client_name courier
    """
    from dialtone_kit.commands.lab import notebooks_dir
    from dialtone_kit.commands.run import select
    from dialtone_kit.commands.run_parameters import BadParameters, Parameters
    from dialtone_kit.commands.run_table import run_and_show

    folder = notebooks_dir() / "solutions" if solutions else notebooks_dir()
    parameters = Parameters(base_url, dict(pairs))
    try:
        chosen = select(folder, lessons)
        parameters.check(chosen)
    except BadParameters as refused:
        raise click.UsageError(str(refused)) from None
    return run_and_show(chosen, output / "solutions" if solutions else output, parameters)


@commands.command()
@click.option("--port", type=PORT, help="Move the service here; its issuer changes with it.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True)
@click.option(
    "--database",
    metavar="URL",
    envvar="DIALTONE_DATABASE_URL",
    help="A PostgreSQL, postgresql://USER@HOST:PORT/DATABASE, instead of a file. A password is "
    "safest in ~/.pgpass, or in the whole URL as DIALTONE_DATABASE_URL.",
)
def serve(port: int | None, workers: int, database: str | None) -> int:
    """Run the local service in the foreground.

    It has the state that the lessons use, and they find it. Its port and so its issuer stay the
    same from one start to the next. /openapi.json describes every endpoint.

    \b
    Example: dialtone serve --port 8790
             dialtone serve --workers 4 --database postgresql://me@localhost:5432/dialtone
    """
    from dialtone_kit.local import service

    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends it in order, too
        signal.signal(ending, signal.default_int_handler)
    try:
        return service.serve(port, workers, database=database, say=click.echo)
    except KeyboardInterrupt:
        return 0  # how one ends it
    except DialtoneError as failed:
        if port is None:
            raise
        raise click.UsageError(str(failed)) from None


@commands.command()
@click.option("--email", help="Only mails to this address.")
@click.option("--realm", help="Only mails from this realm.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
def inbox(email: str | None, realm: str | None, limit: int) -> int:
    """Show the mails that the local service sent, the newest first.

    \b
    Example: dialtone inbox --email you@example.com
    """
    from dialtone_kit.base.masking import visible
    from dialtone_kit.local import service
    from dialtone_kit.local.controls import Controls

    if service.find() is None:
        raise DialtoneError("No local service runs. Start it with `dialtone serve`, or a lesson.")
    mails = Controls(service.ensure).inbox(email, realm, limit=limit)
    if not mails:
        click.echo("No mails" + (f" to {visible(email)}." if email else "."))
    for mail in mails:
        head = {"To": mail.to, "Subject": mail.subject, "Sent": mail.sent_at, "Realm": mail.realm}
        click.echo("─" * 72)
        for name, value in head.items():
            click.echo(f"{name + ':':<9}{visible(value)}")
        click.echo(f"\n{visible(mail.text).rstrip()}\n")
    return 0


@commands.command("rotate-keys")
def rotate_keys() -> int:
    """Give the local service a new signing key and SPIFFE root. No live token or SVID breaks.

    The new ones are published at once and sign when everybody has had time to see them; the old
    ones stay published until the last token or SVID that they signed has expired.

    \b
    Example: dialtone rotate-keys
    """
    from dialtone_kit.local import service
    from dialtone_kit.local.controls import Controls

    if service.find() is None:
        raise DialtoneError("No local service runs. Start it with `dialtone serve`, or a lesson.")
    new = Controls(service.ensure).rotate_keys()
    click.echo(f"New key {new.kid}: published now, signs from {new.signs_from:%H:%M:%S} UTC.")
    click.echo(f"Older keys verify until {new.old_until:%H:%M:%S} UTC, when their tokens are over.")
    click.echo(
        f"New SPIFFE root: in trust bundle {new.spiffe_sequence} beside the old one, signs from "
        f"{new.root_signs_from:%H:%M:%S} UTC."
    )
    click.echo(f"Older SVIDs stay good; their root leaves at {new.old_root_until:%H:%M:%S} UTC.")
    return 0


@commands.command()
@click.option("--realm", help="Only events of this realm.")
@click.option("--client", metavar="CLIENT_ID", help="Only events of this client.")
@click.option("--follow", is_flag=True, help="Go on with what is still to come, until Ctrl-C.")
def audit(realm: str | None, client: str | None, follow: bool) -> int:
    """Print the local service's audit trail, the oldest event first, one JSON object a line.

    Tokens issued, decisions of policies, registrations and revocations: who, for whom, with which
    scopes and key, and which policy decided.

    \b
    Example: dialtone audit --realm acme --follow
    """
    from dialtone_kit.commands import audit as audit_lines

    try:
        for line in audit_lines.events(realm, client, follow=follow):
            click.echo(line)
    except KeyboardInterrupt:
        if not follow:
            raise
    except BrokenPipeError:  # `dialtone audit | head`: whoever read has seen enough
        audit_lines.close_output()
    return 0


@commands.command()
def stop() -> int:
    """End the local service, also one that hangs. Credentials and progress stay.

    \b
    Example: dialtone stop
    """
    from dialtone_kit.local import service

    ended = service.stop()
    click.echo("The local service has ended." if ended else "No local service was running.")
    return 0


@commands.command()
@click.option("--base-url", default="mock", show_default=True, help="The service to look at.")
def doctor(base_url: str) -> int:
    """Check this machine; each line says ok or what to do. Exit code 1 when something is wrong.

    \b
    Example: dialtone doctor --base-url https://id.strongdm.ai
    """
    from dialtone_kit.commands.doctor import examine

    wrong = 0
    for finding in examine(base_url):
        wrong += not finding.ok
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("look", fg="red")
        click.echo(f"{mark} {finding.what}: {finding.text}")
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: runs a command, and turns every expected failure into one line."""
    args = None if arguments is None else list(arguments)
    try:
        code = commands.main(args, prog_name="dialtone", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.ctx.get_help() if asked.ctx else "")
        code = 0
    except click.ClickException as wrong:
        code = _complain(" ".join(wrong.format_message().split()), wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except DialtoneError as failed:
        code = _complain(str(failed), 1)
    sys.exit(code or 0)


def _complain(line: str, code: int) -> int:
    click.echo(f"dialtone: {line}", err=True)
    return code
