"""What a run looks like in a terminal: a progress bar, then a table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dialtone_kit.base.masking import visible
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.running.parameters import Parameters
from dialtone_kit.commands.run_lessons import Result, run

_COLORS = {"passed": "green", "failed": "red", "stopped": "yellow"}


def run_and_show(notebooks: Sequence[Path], output: Path, parameters: Parameters) -> int:
    """Run, show, and return the exit code: 1 when a lesson did not pass."""
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=console)
    task = bar.add_task("lessons", total=len(notebooks))
    with ExitStack() as showing:
        results = run(
            notebooks,
            output,
            parameters,
            on_result=lambda _: bar.advance(task),
            on_start=lambda: showing.enter_context(bar),
        )
    console.print(table(results))
    for result in results:
        if result.reason:
            console.print(f"{result.lesson}: {escape(visible(result.reason))}", soft_wrap=True)
    console.print(f"Executed copies: {escape(shown(output.absolute()))}", soft_wrap=True)
    return 0 if all(result.outcome == "passed" for result in results) else 1


def table(results: Sequence[Result]) -> Table:
    """Lesson, result, seconds, exercises."""
    rows = Table("Lesson", "Result")
    rows.add_column("Seconds", justify="right")
    rows.add_column("Exercises")
    for result in results:
        color = _COLORS[result.outcome]
        outcome = f"[{color}]{result.outcome}[/{color}]"
        rows.add_row(result.lesson, outcome, f"{result.seconds:.1f}", result.exercises)
    return rows
