"""`dialtone class report`: what a class did, as one page and as tables for a spreadsheet."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.report_files import write_report
from dialtone_kit.classroom.reporting import make_report, report_on_runs
from dialtone_kit.classroom.session import open_session
from dialtone_kit.commands.options import CLASS
from dialtone_kit.commands.signals import end_in_order


@click.command
@CLASS
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it; default: `report`, or `report-of-runs`, in the folder of the class.",
)
@click.option("--names", is_flag=True, help="Put names next to the seats.")
@click.option("--runs", is_flag=True, help="Report what `dialtone class run` did instead.")
def command(folder: Path, output: Path | None, names: bool, runs: bool) -> None:
    """Write what a class did: one HTML page to read and print, and CSV for a spreadsheet.

    It's made from what learners shared or handed in: lessons, tries, time, misconceptions, and the
    quiz before and after. Grades of `dialtone class grade` are shown, too. Unattended runs
    are apart: --runs reports those.

    \b
    Example: dialtone class report
             dialtone class report spring --names --output results
    """
    end_in_order()
    make, place = (report_on_runs, "report-of-runs") if runs else (make_report, "report")
    report = make(open_session(folder), time.time())
    for line in report.remarks:
        click.echo(line, err=True)
    for path in write_report(report, output or folder / place, names=names):
        click.echo(shown(path))
