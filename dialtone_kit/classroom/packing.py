"""`dialtone class pack`: wheels, lessons and an install script in one archive, whole or not at all.

The archive is the same for the same files: its order, times and modes are fixed.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib import resources
from pathlib import Path

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.building import folder_next_to
from dialtone_kit.classroom.machine import code_hash
from dialtone_kit.classroom.pack_lessons import copy_lessons
from dialtone_kit.classroom.targets import Target
from dialtone_kit.classroom.wheels import Pip, download, oldest_glibc

ROOT, ABOUT, SUMS = "dialtone-pack", "pack.json", "SHA256SUMS"
FILES = ("README.md", "check.py", "install.ps1", "install.sh")
_TIME = (1980, 1, 1, 0, 0, 0)


def pack(
    notebooks: Path,
    output: Path,
    targets: Sequence[Target],
    *,
    solutions: bool,
    pip: Pip,
    build: Callable[[Path, Path], Path],
) -> int:
    """Make the archive `output`; returns its size in bytes. Raises DialtoneError."""
    source = notebooks.parent
    if not (source / "pyproject.toml").is_file():
        raise DialtoneError(
            "A pack is made in a clone of the repository, which has pyproject.toml. "
            f"{shown(source)} isn't one."
        )
    if output.exists() and not output.is_file():
        raise DialtoneError(f"{shown(output)} exists and isn't a file. Name another with --output.")
    with folder_next_to(output) as building:
        root = building / ROOT
        (root / "wheels").mkdir(parents=True)
        copy_lessons(notebooks, root / "notebooks", solutions=solutions)
        kit = build(source, root / "wheels")
        download(root / "wheels", kit, targets, pip)
        _add_the_rest(root, kit, targets)
        archive = building / "pack.zip"
        _archive(root, archive)
        archive.replace(output)
    return output.stat().st_size


def _add_the_rest(root: Path, kit: Path, targets: Sequence[Target]) -> None:
    folder = resources.files("dialtone_kit.classroom") / "pack_files"
    for name in FILES:
        (root / name).write_bytes((folder / name).read_bytes())
    glibc = oldest_glibc(root / "wheels")
    about = {
        "version": kit.name.split("-")[1],
        "code": code_hash(),
        "targets": [
            {"python": one.python, "system": one.system, "machine": one.machine, "glibc": glibc}
            for one in targets
        ],
    }
    (root / ABOUT).write_text(f"{json.dumps(about, indent=1)}\n", encoding="utf-8")
    sums = [f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in _files(root)]
    (root / SUMS).write_text("".join(sums), encoding="utf-8")


def _archive(root: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as file:
        for name, path in _files(root):
            entry = zipfile.ZipInfo(f"{ROOT}/{name}", _TIME)
            entry.external_attr = (0o100755 if name == "install.sh" else 0o100644) << 16
            packed = path.suffix == ".whl"  # a wheel is an archive already
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            file.writestr(entry, path.read_bytes())


def _files(root: Path) -> list[tuple[str, Path]]:
    """All files below `root` by their names in the pack, in one order everywhere."""
    paths = (path for path in root.rglob("*") if path.is_file())
    return sorted((path.relative_to(root).as_posix(), path) for path in paths)
