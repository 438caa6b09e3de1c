"""The wheels of a pack: the kit's own, and all that it needs on each target machine.

pip asks this machine about a requirement's marker, whatever platform it downloads for. So what a
target needs is worked out here, from the wheels themselves, and pip is asked for the rest.
"""

from __future__ import annotations

import email.parser
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.classroom.targets import OLD_NAMES, Target

if TYPE_CHECKING:
    from packaging.requirements import Requirement

Pip = Callable[[Sequence[str]], None]
_ROUNDS = 5  # each finds what the one before has brought in
_GLIBC = re.compile(r"manylinux_2_([0-9]+)_")


class NotWhole(DialtoneError):
    """A wheel is missing for a target."""


def download(wheels: Path, kit: Path, targets: Iterable[Target], pip: Pip) -> None:
    """Bring what `kit` needs on every target into `wheels`. Raises NotWhole."""
    for target in targets:
        wanted: list[str] = []
        for _ in range(_ROUNDS):
            options = ["--only-binary=:all:", f"--dest={wheels}", *target.options()]
            pip(["download", *options, str(kit), *wanted])
            missing = missing_for(target, wheels, kit)
            if not missing:
                break
            wanted = sorted({*wanted, *missing})
        else:
            raise NotWhole(
                f"No wheels for {target.python} on {target.system} {target.machine}: "
                f"{', '.join(missing)}. Leave that target out."
            )


def missing_for(target: Target, wheels: Path, kit: Path) -> list[str]:
    """What `kit` needs on the target, directly or not, and no file in `wheels` provides."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    fitting = _fitting(target, wheels)
    todo, seen, missing = [Requirement("dialtone-kit")], set[str](), []
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        key = f"{name}{sorted(wanted.extras)}{wanted.specifier}"
        if key in seen:
            continue
        seen.add(key)
        files = [kit] if name == "dialtone-kit" else fitting.get(name, [])
        file = next((one for one in files if _version_fits(wanted, one)), None)
        if file is None:
            extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
            missing.append(f"{wanted.name}{extras}{wanted.specifier}")
        else:
            todo += _requirements(file, wanted.extras, target)
    return missing


def oldest_glibc(wheels: Path) -> str:
    """The oldest C library on Linux with which all wheels run: "2.17"."""
    needed = [min(OLD_NAMES)]
    for file in wheels.glob("*.whl"):
        tag = file.stem.rpartition("-")[2]
        for minor, old in OLD_NAMES.items():
            tag = tag.replace(f"{old}_", f"manylinux_2_{minor}_")
        needed += [min(map(int, found)) for found in [_GLIBC.findall(tag)] if found]
    return f"2.{max(needed)}"


def _fitting(target: Target, wheels: Path) -> dict[str, list[Path]]:
    """The files that run on the target by the names of their packages, the newest first."""
    from packaging.utils import parse_wheel_filename

    tags, found = frozenset(target.tags()), dict[str, list[Path]]()
    for file in wheels.glob("*.whl"):
        name, _, _, provided = parse_wheel_filename(file.name)
        if tags & provided and _allows(file, target.oldest_python):
            found.setdefault(name, []).append(file)
    for files in found.values():
        files.sort(key=lambda one: parse_wheel_filename(one.name)[1], reverse=True)
    return found


def _allows(file: Path, python: str) -> bool:
    """Whether a wheel's Requires-Python lets it be installed; as for pip, nonsense there does."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(_metadata(file).get("Requires-Python", "")).contains(python)
    except InvalidSpecifier:
        return True


def _version_fits(wanted: Requirement, file: Path) -> bool:
    from packaging.utils import parse_wheel_filename

    return wanted.specifier.contains(parse_wheel_filename(file.name)[1], prereleases=True)


def _requirements(file: Path, extras: Iterable[str], target: Target) -> list[Requirement]:
    """What the package in a wheel asks for on the target, with these extras."""
    from packaging.requirements import Requirement

    asked = [Requirement(line) for line in _metadata(file).get_all("Requires-Dist", [])]
    environments = [{**target.markers(), "extra": extra} for extra in ("", *extras)]
    return [
        one for one in asked if one.marker is None or any(map(one.marker.evaluate, environments))
    ]


def _metadata(file: Path) -> Message:
    """What a wheel says about its package."""
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(names[0]).decode("utf-8")
    return email.parser.HeaderParser().parsestr(text)
