"""`dialtone doctor`: what a lesson needs, checked one by one. Nothing is started or changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.finding import Finding
from dialtone_kit.commands.doctor_environment import kernel, lessons, packages, python
from dialtone_kit.commands.doctor_reach import reach
from dialtone_kit.commands.doctor_service import (
    configuration,
    policies,
    policies_of_class,
    port,
    runs,
    seat,
    state,
)

CHECKS = (
    python,
    packages,
    lessons,
    kernel,
    state,
    configuration,
    port,
    seat,
    policies_of_class,
    runs,
    policies,
)


@click.command
@click.option("--base-url", default="mock", show_default=True, help="The service to look at.")
def command(base_url: str) -> int:
    """Check this machine; each line says ok or what to do. Exit code 1 when something is wrong.

    \b
    Example: dialtone doctor --base-url https://id.strongdm.ai
    """
    return 1 if show(examine(base_url)) else 0


def show(findings: Iterable[Finding]) -> list[Finding]:
    """Print each finding as it comes; returns those that are wrong."""
    wrong = []
    for finding in findings:
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("look", fg="red")
        click.echo(f"{mark} {finding.what}: {finding.text}")
        wrong += [] if finding.ok else [finding]
    return wrong


def examine(base_url: str = "mock") -> Iterator[Finding]:
    """All findings, one by one. A check that fails is a finding too."""
    for check in CHECKS:
        yield from _guarded(check)
    yield from _guarded(lambda: reach(base_url))


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    name = getattr(check, "__name__", "").strip("<>").replace("lambda", "reachability")
    try:
        yield from check()
    except (DialtoneError, OSError, RuntimeError) as failed:  # the last: Jupyter, without a home
        yield Finding(False, name.capitalize(), str(failed))
