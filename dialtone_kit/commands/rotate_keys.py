"""`dialtone rotate-keys`: a new signing key and SPIFFE root for the local service."""

from __future__ import annotations

import click

from dialtone_kit.commands.options import running_controls


@click.command
def command() -> None:
    """Give the local service a new signing key and SPIFFE root. No live token or SVID breaks.

    The new ones are published at once and sign once everyone has had time to see them; the old
    ones stay published until the last token or SVID that they signed has expired.

    \b
    Example: dialtone rotate-keys
    """
    new = running_controls().rotate_keys()
    click.echo(f"New key {new.kid}: published now, signs from {new.signs_from:%H:%M:%S} UTC.")
    click.echo(
        f"Older keys verify until {new.old_until:%H:%M:%S} UTC, when their tokens have expired."
    )
    click.echo(
        f"New SPIFFE root: in trust bundle {new.spiffe_sequence} with the old one, signs from "
        f"{new.root_signs_from:%H:%M:%S} UTC."
    )
    click.echo(
        f"Older SVIDs stay valid; their root is removed at {new.old_root_until:%H:%M:%S} UTC."
    )
