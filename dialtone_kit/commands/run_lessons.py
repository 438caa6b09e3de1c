"""Runs lessons side by side, with services and state of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.classroom.running.jobs import Done, Job, Outcome, in_turns
from dialtone_kit.classroom.running.parameters import BadParameters, Parameters, check
from dialtone_kit.classroom.running.pool import Pool
from dialtone_kit.commands.signals import undisturbed


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
    on_result: Callable[[Result], object],
    on_start: Callable[[], object] = lambda: None,
) -> list[Result]:
    """Run `notebooks` and return their results in that order; executed copies go to `output`.

    `on_start` is called before the first begins, `on_result` gets each when it is there. Raises
    BadParameters, before anything runs.
    """
    parameters.refuse_secrets()
    with ended_in_order(Pool(own_service=parameters.base_url == "mock")) as pool:
        pool.prepare(len(notebooks))
        pool.call(check, parameters, list(notebooks))
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as failed:
            raise DialtoneError(
                sentence(f"The output folder can't be created: {cause(failed)}")
            ) from None
        on_start()
        results: dict[Path, Result] = {}
        events = ""
        for turn in in_turns(notebooks):
            futures = {pool.submit(_job(one, parameters, events)): one for one in turn}
            for future in as_completed(futures):
                notebook = futures[future]
                results[notebook] = _kept(future, notebook, output)
                on_result(results[notebook])
            events += "".join(future.result().events for future in futures)
    return [results[notebook] for notebook in notebooks]


@contextmanager
def ended_in_order(pool: Pool) -> Iterator[Pool]:
    """A pool that leaves nothing behind, whatever ends the command."""
    try:
        yield pool
    finally:
        with undisturbed():
            pool.close()


def _job(notebook: Path, parameters: Parameters, events: str) -> Job:
    text = notebook.read_text(encoding="utf-8")
    return Job(notebook.name, text, str(notebook.parent.absolute()), parameters, events)


def _kept(future: Future[Done], notebook: Path, output: Path) -> Result:
    """The result of a lesson whose executed copy was stored."""
    done = future.result()
    outcome, reason = done.outcome, done.reason
    try:
        if done.notebook:
            (output / notebook.name).write_text(done.notebook, encoding="utf-8")
    except OSError as failed:
        outcome, reason = "failed", f"the executed copy can't be written: {cause(failed)}"
    return Result(notebook.stem, outcome, done.seconds, done.exercises, reason)
