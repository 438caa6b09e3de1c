"""`dialtone inbox`: the emails that the local service sent."""

from __future__ import annotations

import click

from dialtone_kit.base.masking import visible
from dialtone_kit.commands.options import running_controls
from dialtone_kit.local.controls import Mail


@click.command
@click.option("--email", help="Only emails to this address.")
@click.option("--realm", help="Only emails from this realm.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
def command(email: str | None, realm: str | None, limit: int) -> None:
    """Show the emails that the local service sent, newest first.

    \b
    Example: dialtone inbox --email you@example.com
    """
    mails = running_controls().inbox(email, realm, limit=limit)
    if not mails:
        click.echo("No emails" + (f" to {visible(email)}." if email else "."))
    for mail in mails:
        _show(mail)


def _show(mail: Mail) -> None:
    head = {"To": mail.to, "Subject": mail.subject, "Sent": mail.sent_at, "Realm": mail.realm}
    click.echo("─" * 72)
    for name, value in head.items():
        click.echo(f"{name + ':':<9}{visible(value)}")
    click.echo(f"\n{visible(mail.text).rstrip()}\n")
