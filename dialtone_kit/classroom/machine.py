"""A learner's machine in one line, which `dialtone class ready --here` prints for the trainer.

The line holds versions and nothing else: no name, no address, no path.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from dialtone_kit.base.code import PACKAGE
from dialtone_kit.base.finding import Finding

MARK = "dialtone-ready/1"
PACKAGES = ("jupyterlab", "ipykernel", "ipywidgets", "cryptography", "httpx")
MISSING = "none"
_FACT = r"[a-z]{1,20}=[\w.+,-]{1,100}"
# Email wraps long lines, and quotes them.
_LINE = re.compile(rf"{re.escape(MARK)}((?:\s{{1,4}}(?:> ?){{0,4}}{_FACT}){{1,20}})(?!\S)")


@dataclass(frozen=True)
class Machine:
    """What one machine has. `wrong` names the checks that failed there."""

    facts: Mapping[str, str]
    wrong: tuple[str, ...] = ()
    seat: int | None = None
    source: str = field(default="", compare=False)

    def __str__(self) -> str:
        wrong = ",".join(self.wrong) or MISSING
        facts = {**({"seat": self.seat} if self.seat else {}), "wrong": wrong}
        return " ".join(
            [MARK, *(f"{key}={value}" for key, value in {**facts, **self.facts}.items())]
        )

    @property
    def name(self) -> str:
        """How a report calls this machine."""
        return f"seat {self.seat}" if self.seat else self.source


def this_machine(findings: Sequence[Finding], seat: int | None = None) -> Machine:
    """This machine, after `findings` were made on it."""
    facts = {
        "python": platform.python_version(),
        "kit": _version("dialtone-kit"),
        "code": code_hash(),
        **{name: _version(name) for name in PACKAGES},
        "system": f"{platform.system()}-{platform.machine()}",
    }
    wrong = (re.sub(r"[^\w.-]", "-", one.what) for one in findings if not one.ok)
    return Machine(facts, tuple(wrong), seat)


def read_machines(text: str, source: str) -> Iterator[Machine]:
    """The machines whose lines are in `text`, which may be an email around them."""
    for match in _LINE.finditer(text):
        facts = dict(fact.split("=", 1) for fact in match[1].split() if "=" in fact)
        seat, wrong = facts.pop("seat", ""), facts.pop("wrong", MISSING)
        yield Machine(
            facts,
            () if wrong == MISSING else tuple(wrong.split(",")),
            int(seat) if re.fullmatch("[0-9]{1,6}", seat, re.ASCII) else None,
            f"{source}, line {text.count(chr(10), 0, match.start()) + 1}",
        )


@cache
def code_hash(package: Path = PACKAGE) -> str:
    """Which code this is, whatever its version says: the same for a clone and its wheel."""
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:8]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return MISSING
