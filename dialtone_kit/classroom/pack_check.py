"""Whether a pack is whole, and has the code that is here."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from pathlib import Path

from dialtone_kit.base.finding import Finding
from dialtone_kit.base.private_files import shown
from dialtone_kit.classroom.machine import code_hash
from dialtone_kit.classroom.packing import ABOUT, ROOT, SUMS

_AGAIN = "Make it again with `dialtone class pack`."


def wheelhouse(pack: Path) -> Finding:
    """The pack against its own sums and against this code."""
    try:
        with zipfile.ZipFile(pack) as archive:
            damaged = _damaged(archive)
            about = json.loads(archive.read(f"{ROOT}/{ABOUT}"))
            code = about["code"]
            targets = [_named(one) for one in about["targets"]]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it isn't a whole pack"
        return Finding(False, "Pack", f"{shown(pack)} can't be used: {why}. {_AGAIN}")
    if damaged:
        return Finding(False, "Pack", f"{damaged} in {shown(pack)} is damaged. {_AGAIN}")
    if code != code_hash():
        return Finding(False, "Pack", f"{shown(pack)} has other code than this kit. {_AGAIN}")
    return Finding(True, "Pack", f"{shown(pack)}, for Python {', '.join(targets)}")


def _named(target: dict[str, str]) -> str:
    return f"{target['python']} on {target['system']} {target['machine']}"


def _damaged(archive: zipfile.ZipFile) -> str:
    """The first file that isn't as its sum says, "" if there is none."""
    sums = archive.read(f"{ROOT}/{SUMS}").decode("utf-8")
    listed = {line[66:]: line[:64] for line in sums.splitlines()}
    names = {name.removeprefix(f"{ROOT}/") for name in archive.namelist()}
    odd = sorted(names.symmetric_difference({*listed, SUMS}))
    if odd:
        return odd[0]
    for name, expected in listed.items():
        if sha256(archive.read(f"{ROOT}/{name}")).hexdigest() != expected:
            return name
    return ""
