"""The `dialtone` command: each of its commands is in the module of its name.

A module is imported when its command is used. A mistake gets one line, not a traceback.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.commands.group import Commands

COMMANDS = (
    "lab",
    "run",
    "class",
    "serve",
    "inbox",
    "audit",
    "probe",
    "rotate-keys",
    "stop",
    "doctor",
    "purge",
)
INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


@click.group(cls=Commands, names=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dialtone-kit", message="dialtone-kit %(version)s")
def commands() -> None:
    """Agent identity and DPoP, learned by doing, on a real local service.

    \b
    Example: dialtone lab      opens the first lesson
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: runs a command, and turns every expected failure into one line."""
    _replace_what_the_terminal_lacks()
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


def _replace_what_the_terminal_lacks() -> None:
    """A character that the terminal's encoding lacks becomes `?` instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _complain(line: str, code: int) -> int:
    click.echo(f"dialtone: {line}", err=True)
    return code
