"""Wheels of a few bytes, and a pip that takes them from a shelf instead of an index."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


def tiny_wheel(
    folder: Path,
    name: str,
    *requires: str,
    version: str = "1.0",
    tag: str = "py3-none-any",
    python: str = "",
) -> Path:
    """A wheel with nothing in it but its metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    file, about = folder / f"{name}-{version}-{tag}.whl", f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Python: {python}\n" if python else ""
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    wheel = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    with zipfile.ZipFile(file, "w") as archive:
        for member, text in (("METADATA", metadata), ("WHEEL", wheel), ("RECORD", "")):
            archive.writestr(zipfile.ZipInfo(f"{about}/{member}"), text)
    return file


@dataclass
class Shelf:
    """A pip that brings `usual` each time, and whatever else it's asked for if `folder` has it."""

    folder: Path
    usual: Sequence[str] = ()
    asked: list[list[str]] = field(default_factory=list)

    def __call__(self, arguments: Sequence[str]) -> None:
        self.asked.append(list(arguments))
        [target] = [Path(one[7:]) for one in arguments if one.startswith("--dest=")]
        wanted = [one for one in arguments[1:] if not one.startswith("-") and "/" not in one]
        for name in (*self.usual, *wanted):
            for file in self.folder.glob(f"{name}-*.whl"):
                shutil.copy(file, target)
