"""Is this machine ready? Each line says ok or what to do; the last one is for your trainer.

Runs with Python 3.7 or newer and nothing installed. Once the kit is in .venv, it takes over.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SPACE = 1000000000  # bytes: what the installed kit takes, and room to work


def main(arguments: list[str]) -> int:
    """Print all lines. Returns the exit code: 1 if something has to be done first."""
    installed = FOLDER / ".venv" / "bin" / "dialtone"
    before = "--before-install" in arguments
    if installed.exists() and not before:
        return hand_over([str(installed), "class", "ready", "--here", *arguments])
    wrong = []
    for what, problem in checks():
        if problem or not before:
            print("{} {}{}".format("look" if problem else "ok  ", what, problem and ": " + problem))
        wrong += [what] if problem else []
    if not before:
        print("" if wrong else "Next: sh install.sh")
        print("Send this line to your trainer:\n" + line_for_the_trainer(wrong, arguments))
    return 1 if wrong else 0


def hand_over(line: list[str]) -> int:
    """Become the installed kit. Returns only if it can't be started."""
    try:
        os.execv(line[0], line)  # noqa: S606 (no shell is wanted)
    except OSError:
        print("look Kit: it can't be started; was this folder moved? Run: sh install.sh")
    return 1


def checks() -> Iterator[tuple[str, str]]:
    """What is looked at, and what to do about it: "" when it's fine."""
    try:
        targets = json.loads((FOLDER / "pack.json").read_text(encoding="utf-8"))["targets"]
    except (OSError, ValueError, KeyError):
        yield "Files", "pack.json is damaged or missing. Unpack the pack again."
        return
    yield "Python", wrong_python(targets)
    yield "System", wrong_system(targets)
    missing = importlib.util.find_spec("ensurepip") is None
    yield "venv", "Run: sudo apt install python3-venv" if missing else ""
    free = shutil.disk_usage(str(FOLDER)).free
    yield "Disk", "" if free >= SPACE else "Less than 1 GB is free. Free some space."
    yield "Files", damaged()


def wrong_python(targets: list[dict[str, str]]) -> str:
    """What to do about the version of Python."""
    wanted = sorted({target["python"] for target in targets}, key=numbers)
    have = list(sys.version_info[:3])
    near = [one for one in wanted if numbers(one)[:2] == have[:2]]
    if any(numbers(one) <= have for one in near):
        return ""
    names = " and ".join(one + " or newer" if one in near else one for one in wanted)
    problem = "This is {}; the pack is for {}.".format(".".join(map(str, have)), names)
    if near:
        return problem + " Upgrade this Python, or ask for a pack for the one you have."
    minor = ".".join(map(str, numbers(wanted[-1])[:2]))
    return f"{problem} Run: PYTHON=python{minor} sh install.sh"


def wrong_system(targets: list[dict[str, str]]) -> str:
    """What to do about the operating system and its C library."""
    here = (platform.system(), platform.machine())
    fitting = [one for one in targets if (one["system"], one["machine"]) == here]
    if not fitting:
        systems = sorted({"{system} {machine}".format(**one) for one in targets})
        return "This is {} {}; the pack is for {}. Ask for another pack.".format(
            *here, " and ".join(systems)
        )
    library, version = platform.libc_ver()
    needed = min((one["glibc"] for one in fitting), key=numbers)
    if library == "glibc" and numbers(version) < numbers(needed):
        return f"glibc {version} is here; {needed} is needed. Ask for another pack."
    return ""


def numbers(version: str) -> list[int]:
    """A version as numbers, to be compared."""
    return [int(part) for part in version.split(".") if part.isdigit()]


def damaged() -> str:
    """What to do about a file that isn't as it was packed."""
    sums = FOLDER / "SHA256SUMS"
    if not sums.is_file():
        return "SHA256SUMS is missing. Unpack the pack again."
    for line in sums.read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        try:
            found = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        except OSError:
            found = ""
        if found != expected and not name.startswith("notebooks/"):  # these are yours to edit
            return f"{name} is damaged or missing. Unpack the pack again."
    return ""


def line_for_the_trainer(wrong: list[str], arguments: list[str]) -> str:
    """Versions, what is wrong, and nothing else."""
    seat = arguments[arguments.index("--seat") + 1 :][:1] if "--seat" in arguments else []
    facts = ["seat=" + seat[0]] if seat and seat[0].isdigit() else []
    facts += ["wrong=" + (",".join(wrong) or "none"), "python=" + platform.python_version()]
    facts += ["kit=none", f"system={platform.system()}-{platform.machine()}"]
    return " ".join(["dialtone-ready/1", *facts])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
