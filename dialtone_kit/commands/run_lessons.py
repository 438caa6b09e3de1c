"""Runs lessons in order with papermill, with their own service and state."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_text
from dialtone_kit.base.reason import sentence
from dialtone_kit.client.config_folder import VARIABLE
from dialtone_kit.commands.run_parameters import BadParameters, Parameters
from dialtone_kit.commands.signals import undisturbed
from dialtone_kit.local import service
from dialtone_kit.local.leftovers import run_folder
from dialtone_kit.local.owner import TEMPORARY, this_process
from dialtone_kit.local.record import free_port
from dialtone_kit.local.state_folder import progress_file

Outcome = Literal["passed", "failed", "stopped"]
CELL_TIMEOUT = 300  # seconds


@dataclass(frozen=True)
class Result:
    """How one lesson went; `reason` is one line when it did not pass."""

    lesson: str
    outcome: Outcome
    seconds: float
    exercises: str = ""
    reason: str = ""


def select(folder: Path, lessons: Sequence[str]) -> list[Path]:
    """The notebooks in `folder`, in order: all of them, or those numbered in `lessons`."""
    notebooks = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    wanted = {lesson.zfill(2) for lesson in lessons}
    missing = wanted - {path.name[:2] for path in notebooks}
    if missing or not notebooks:
        known = ", ".join(path.name[:2] for path in notebooks) or "none"
        raise BadParameters(
            f"No lesson {', '.join(sorted(missing)) or 'at all'}; available: {known}."
        )
    return [path for path in notebooks if not wanted or path.name[:2] in wanted]


def run(
    notebooks: Sequence[Path],
    output: Path,
    parameters: Parameters,
    on_result: Callable[[Result], None],
    on_start: Callable[[Path], None],
) -> list[Result]:
    """Run `notebooks` one after the other; executed copies go to `output`."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as failed:
        raise DialtoneError(
            sentence(f"The output folder can't be created: {failed.strerror}")
        ) from None
    results = []
    with _apart(parameters.base_url == "mock"):
        for notebook in notebooks:
            on_start(notebook)
            results.append(_run_one(notebook, output / notebook.name, parameters))
            on_result(results[-1])
    return results


@contextmanager
def _apart(own_service: bool) -> Iterator[None]:
    """Give the run its own state and, with the mock, its own service and credentials.

    At the real service it uses the person's credentials: a run can't register by itself.
    """
    ends = ExitStack()
    try:
        folder = ends.enter_context(run_folder())
        ends.enter_context(_environment(_changes(folder, own_service)))
        ends.callback(service.stop)
        if own_service:  # not 8787: that one is for the service that stays
            service.ensure(free_port(0))
        yield
    finally:
        with undisturbed():
            ends.close()


def _changes(folder: Path, own_service: bool) -> dict[str, str]:
    changes = {
        **this_process(),
        TEMPORARY: str(folder),
        "DIALTONE_STATE_DIR": str(folder / "state"),
        "DIALTONE_INTERACTIVE": "0",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    if own_service:
        changes[VARIABLE] = str(folder / "config")
    return changes


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _run_one(notebook: Path, copy: Path, parameters: Parameters) -> Result:
    began = time.monotonic()
    outcome, reason = _execute(notebook, copy, parameters.for_notebook(notebook))
    if copy.exists():
        _tidy(copy)
    number = notebook.name[:2]
    return Result(
        notebook.stem, outcome, time.monotonic() - began, exercises_of(number), mask_text(reason)
    )


def _execute(notebook: Path, copy: Path, parameters: Mapping[str, Any]) -> tuple[Outcome, str]:
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        papermill.execute_notebook(
            str(notebook),
            str(copy.absolute()),
            dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            cwd=str(notebook.parent),
            execution_timeout=CELL_TIMEOUT,
            store_widget_state=False,  # it would keep what was typed
            extra_arguments=["--IPKernelApp.log_level=50"],  # its log would run into the bar
        )
    except papermill.PapermillExecutionError as failed:
        outcome: Outcome = "stopped" if failed.ename == "LessonStop" else "failed"
        first = str(failed.evalue).strip().splitlines() or [""]
        return outcome, f"cell {failed.exec_count}: {failed.ename}: {first[0]}"
    except CellTimeoutError:
        return "failed", f"a cell took longer than {CELL_TIMEOUT} s"
    except (DeadKernelError, NoSuchKernel) as failed:
        return "failed", f"the kernel: {failed}; see `dialtone doctor`"
    return "passed", ""


def _tidy(copy: Path) -> None:
    """Shorten the paths that papermill noted to names: the copy is made to be shared."""
    notebook = json.loads(copy.read_text(encoding="utf-8"))
    notebook["metadata"].pop("widgets", None)
    noted = notebook["metadata"].get("papermill", {})
    for member in ("input_path", "output_path"):
        if noted.get(member):
            noted[member] = Path(noted[member]).name
    copy.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def exercises_of(number: str) -> str:
    """The outcomes of a lesson's exercises, counted."""
    from dialtone_kit.lesson import catalog
    from dialtone_kit.lesson.exercises.verdict import WORDS
    from dialtone_kit.lesson.progress import Progress

    progress = Progress(progress_file())
    outcomes = [progress.exercise(entry.id).outcome for entry in catalog.exercises(number)]
    counted = [(word, outcomes.count(name)) for name, word in WORDS.items()]
    return ", ".join(f"{count} {word}" for word, count in counted if count) or "–"
