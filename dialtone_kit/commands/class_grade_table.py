"""What grading looks like in a terminal: a progress bar, a table, and what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dialtone_kit.base.masking import masked
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.grading.report import keep, table, to_look_at
from dialtone_kit.classroom.grading.run import Grading


def grade_and_show(grading: Grading, handed_in: Sequence[Path]) -> int:
    """Grade, show, keep; returns the exit code."""
    console = Console()
    columns = TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        graded = grading.grade(
            handed_in, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if graded.grades:
        console.print(table(graded.grades))
    for heading, lines in to_look_at(graded).items():
        console.print(f"\n{heading}:", style="bold")
        for line in lines:
            console.print(f"  {escape(masked(line))}", soft_wrap=True)
    if not graded.grades:
        console.print("Nothing was graded.")
        return 1
    files = [escape(shown(path.absolute())) for path in keep(graded, grading.session.folder)]
    console.print(f"Grades: {' and '.join(files)}", soft_wrap=True)
    return 1 if graded.refused else 0
