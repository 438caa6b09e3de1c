"""What `dialtone doctor` looks at first: Python, packages, lessons, the kernel."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from dialtone_kit.base.code import PACKAGE
from dialtone_kit.base.finding import Finding
from dialtone_kit.base.private_files import shown
from dialtone_kit.commands.lab import notebooks_dir
from dialtone_kit.commands.lab_folder import usual_folder
from dialtone_kit.commands.options import NO_HOME
from dialtone_kit.lesson.copying import has_news


def python() -> Iterator[Finding]:
    """The version of Python that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding(good, "Python", version if good else f"{version}; 3.11 or later is needed.")


def packages() -> Iterator[Finding]:
    """The packages that the installed dialtone-kit asks for."""
    try:
        wrong = [p for p in map(_problem_with, metadata.requires("dialtone-kit") or []) if p]
    except metadata.PackageNotFoundError:
        wrong = ["dialtone-kit itself is not installed"]
    ours = "-e ." if (PACKAGE.parent / "pyproject.toml").is_file() else "dialtone-kit"
    todo = f"{'; '.join(wrong)}. Run: {Path(sys.executable).name} -m pip install {ours}"
    yield Finding(not wrong, "Packages", todo if wrong else "all installed, in compatible versions")


def lessons() -> Iterator[Finding]:
    """Where the lessons are, and whether the kit has newer ones than your copy."""
    source = notebooks_dir()
    folder = usual_folder(source)
    where = f"in {shown(folder)}" if folder else "in the package: `dialtone lab` copies them"
    if folder and folder != source and has_news(source, folder):
        where += "; there are new ones: dialtone lab --update"
    yield Finding(True, "Lessons", where)


def kernel() -> Iterator[Finding]:
    """Whether the kernel `python3` of a notebook belongs to this environment."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        with warnings.catch_warnings(action="ignore"):  # of a home that can't be written to
            first = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    except RuntimeError:
        yield Finding(False, "Kernel", NO_HOME)
        return
    except NoSuchKernel:
        yield Finding(False, "Kernel", "no kernel python3. Run: python -m pip install ipykernel")
        return
    # A bare name is replaced by the Python that starts the kernel, which is this one.
    own = not first.is_absolute() or first.parent == Path(sys.executable).parent
    other = (
        f"python3 is {shown(first)}, from another environment. `dialtone lab` uses the right one."
    )
    yield Finding(own, "Kernel", "python3, from this environment" if own else other)


def _problem_with(requirement: str) -> str:
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return ""
    try:
        have = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(have, prereleases=True)
    return "" if fits else f"{wanted.name} is {have}, but {wanted.specifier} is needed"
