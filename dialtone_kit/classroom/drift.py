"""Which machines of a class differ: lines that learners sent back, compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.reason import cause, sentence
from dialtone_kit.classroom.listed import named, seats
from dialtone_kit.classroom.machine import MARK, Machine, read_machines

_MAY_DIFFER = frozenset({"system"})  # Linux and macOS sit side by side in a class
_MOST_BYTES = 8_000_000
UNREAD = "can't be read"  # email has broken the line there


def collected(files: Sequence[Path]) -> list[Machine]:
    """The machines whose lines are in `files`; of two with one seat, the later. DialtoneError."""
    found: dict[object, Machine] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError as problem:
            raise DialtoneError(
                sentence(f"{shown(path)} can't be read: {cause(problem)}")
            ) from None
        for machine in read_machines(text, path.name):
            found[machine.seat or machine.source] = machine
    if not found:
        raise DialtoneError(
            f"No line in these files begins with {MARK}. Collect what --here prints."
        )
    return list(found.values())


def compared(machines: Sequence[Machine], expected: Iterable[int] = ()) -> Iterator[Finding]:
    """What all machines have in common and where some differ; which of `expected` are missing."""
    for machine in machines:
        if machine.wrong:
            yield Finding(False, machine.name.capitalize(), f"look at {', '.join(machine.wrong)}")
    for fact in dict.fromkeys(fact for machine in machines for fact in machine.facts):
        yield _about(fact, machines)
    silent = sorted(set(expected) - {machine.seat for machine in machines})
    if silent:
        yield Finding(False, "Missing", f"nothing came from {seats(silent)}.")


def _about(fact: str, machines: Sequence[Machine]) -> Finding:
    """One line on a fact: what most have, and who has something else."""
    groups = defaultdict[str, list[Machine]](list)
    for machine in machines:
        groups[machine.facts.get(fact, UNREAD)].append(machine)
    (most, usual), *others = sorted(groups.items(), key=lambda group: -len(group[1]))
    if not others:
        return Finding(True, fact, f"{most} on all {len(machines)}")
    parts = [f"{value} on {named([one.name for one in group])}" for value, group in others]
    text = f"{most} on {len(usual)}; {'; '.join(parts)}"
    return Finding(fact in _MAY_DIFFER, fact, text)
