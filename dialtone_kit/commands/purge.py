"""`dialtone purge`: everything that the kit keeps on this machine, listed and taken away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import click

from dialtone_kit.base import platform
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause
from dialtone_kit.commands.options import YES, require_a_terminal
from dialtone_kit.local import kept, leftovers, service
from dialtone_kit.local.kept import Kept


@click.command
@YES
def command(yes: bool) -> int:
    """Remove everything that the kit keeps on this machine, after showing it and asking.

    The local service ends first. Its database, log, keys and policies go, with your progress and
    the credentials that it issued, and so do your seat in a class and the credentials of the
    class's service. Credentials of other services and files of your own stay.

    \b
    Example: dialtone purge --yes
    """
    if not yes:
        require_a_terminal("purge")
    service.refuse_if_someone_serves()
    going = kept.going()
    _show("Goes", going)
    _show("Stays", kept.staying())
    database = kept.database_elsewhere()
    if database:
        _say(f"  {visible(database)}: the local service's database; drop it yourself")
    if not going:
        _say("There is nothing to remove.")
        return 0
    if not yes and not click.confirm("Remove what goes?"):
        _say("Nothing was removed.")
        return 0
    return _remove()


def _remove() -> int:
    """End the service and remove what is there by now. Exit code 1 when something is left."""
    with service.ended() as was_running:
        if was_running:
            _say("The local service has ended.")
        going = kept.going()
        held = [] if platform.OPEN_FILES_MOVE else [o for o in going if o.path.name == service.LOCK]
        left = _remove_each(one for one in going if one not in held)
        kept.remove_empty_folders()
    left |= _remove_each(held)
    for folder in leftovers.remove_all():
        _say(f"Gone: {visible(str(folder))}")
    return int(left)


def _remove_each(going: Iterable[Kept]) -> bool:
    """Whether something is left."""
    left = False
    for one in going:
        try:
            kept.remove(one)
            _say(f"Gone: {_path(one)}")
        except (OSError, DialtoneError) as problem:
            _say(f"Still there: {_path(one)} ({cause(problem)})")
            left = True
    return left


def _say(line: str) -> None:
    """One line. A reader that is gone, as in `| head`, must not end the job half-way."""
    try:
        click.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show(title: str, things: Sequence[Kept]) -> None:
    if things:
        _say(f"{title}:")
    for one in things:
        _say(f"  {_path(one)}  {_readable(one.size)}  {visible(one.what)}")


def _path(one: Kept) -> str:
    return visible(shown(one.path), keep="")


def _readable(size: int) -> str:
    if size >= 1000:
        return f"{size / 1000:.0f} kB"
    return "1 byte" if size == 1 else f"{size} bytes"
