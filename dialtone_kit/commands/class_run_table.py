"""What the run of a class looks like in a terminal: a bar with counts, then what did not pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dialtone_kit.base.masking import visible
from dialtone_kit.classroom.running.class_run import ClassRun, Submit, Task
from dialtone_kit.classroom.running.jobs import Done

SHOWN = 20  # lines on lessons that did not pass


@dataclass
class Tally:
    """How many learners and lessons are done, failed and left."""

    left_of: Counter[int]
    passed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def learners(self) -> int:
        """The learners of whom nothing is left to run."""
        return sum(1 for left in self.left_of.values() if not left)

    def count(self, task: Task, done: Done) -> None:
        """One lesson more is over."""
        seat = task.learner.seat
        self.left_of[seat] -= 1
        if done.outcome == "passed":
            self.passed += 1
        else:
            self.failures.append(f"seat {seat}, {task.notebook.stem}: {done.reason}")

    def __str__(self) -> str:
        left = sum(self.left_of.values())
        return (
            f"learners done {self.learners} of {len(self.left_of)}; "
            f"lessons passed {self.passed}, not passed {len(self.failures)}, left {left}"
        )


def run_and_show(run: ClassRun, tasks: Sequence[Task], submit: Submit, at_a_time: int) -> int:
    """Run what is left of `tasks`, show how it goes, and return the exit code."""
    left = run.left(tasks)
    tally = Tally(Counter({task.learner.seat: 0 for task in tasks}), len(tasks) - len(left))
    tally.left_of.update(task.learner.seat for task in left)
    console = Console()
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
    )
    with bar:
        row = bar.add_task(str(tally), total=len(tasks), completed=tally.passed)

        def on_done(task: Task, done: Done) -> None:
            tally.count(task, done)
            bar.update(row, advance=1, description=str(tally))

        run.run(left, submit, on_done, at_a_time=at_a_time)
    _show(console, tally)
    return 1 if tally.failures else 0


def _show(console: Console, tally: Tally) -> None:
    for line in tally.failures[:SHOWN]:
        console.print(escape(visible(line)), soft_wrap=True)
    if len(tally.failures) > SHOWN:
        console.print(f"… and {len(tally.failures) - SHOWN} more")
    console.print(f"{str(tally).capitalize()}.", soft_wrap=True)
    if tally.failures:
        console.print("Run the same command again: it repeats only what has not passed.")
