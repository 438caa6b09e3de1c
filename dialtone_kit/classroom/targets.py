"""The machines that a pack is for: pip's names for them, and what they answer to markers."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone_kit.base.errors import DialtoneError

if TYPE_CHECKING:
    from packaging.tags import Tag

_PYTHON = re.compile(r"3\.(1[1-9]|[2-9][0-9])(\.[0-9]{1,2})?")
_PLATFORM = re.compile(r"(manylinux|macosx)_([0-9]{1,2})_([0-9]{1,2})_(x86_64|aarch64|arm64)")
_SYSTEMS = {"manylinux": ("Linux", "linux"), "macosx": ("Darwin", "darwin")}
OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # by their glibc 2.N


class BadTarget(DialtoneError):
    """A kind of machine that no pack can be made for."""


@dataclass(frozen=True)
class Target:
    """A Python and a platform as wheels name it; "" is the platform of this machine.

    "3.12" is every Python 3.12, from 3.12.0; "3.12.4" is that one and what follows it.
    """

    python: str
    platform: str = ""

    @property
    def system(self) -> str:
        """As `platform.system()` says it there."""
        return _SYSTEMS[self._parts()[0]][0] if self.platform else platform.system()

    @property
    def machine(self) -> str:
        """As `platform.machine()` says it there."""
        return self._parts()[3] if self.platform else platform.machine()

    @property
    def oldest_python(self) -> str:
        """The first version that it stands for, in full: this is what wheels have to allow."""
        return self.python if self.python.count(".") > 1 else f"{self.python}.0"

    def options(self) -> list[str]:
        """pip's options that select wheels for this target.

        The version is always named: this Python may be newer than those of the learners.
        """
        platforms = [f"--platform={name}" for name in self.platforms()]
        return ["--implementation=cp", f"--python-version={self.oldest_python}", *platforms]

    def platforms(self) -> list[str]:
        """All platforms whose wheels run there, the best first. pip wants each of them named."""
        from packaging import tags

        if not self.platform:
            return list(tags.platform_tags())
        kind, major, minor, machine = self._parts()
        if kind == "macosx":
            return list(tags.mac_platforms((int(major), int(minor)), machine))
        names = []
        for glibc in range(int(minor), min(OLD_NAMES) - 1, -1):
            names.append(f"manylinux_2_{glibc}_{machine}")
            names += [f"{OLD_NAMES[glibc]}_{machine}"] if glibc in OLD_NAMES else []
        return names

    def tags(self) -> Iterable[Tag]:
        """The tags of wheels that run there."""
        from packaging import tags

        version = tuple(int(part) for part in self.python.split(".")[:2])
        yield from tags.cpython_tags(version, platforms=self.platforms())
        interpreter = f"cp{version[0]}{version[1]}"
        yield from tags.compatible_tags(version, interpreter, self.platforms())

    def markers(self) -> Mapping[str, str]:
        """What a requirement's marker sees there; pip itself would answer for this machine."""
        full = self.oldest_python
        changed = {"python_version": full.rpartition(".")[0], "python_full_version": full}
        if not self.platform:
            return changed
        sys_platform = _SYSTEMS[self._parts()[0]][1]
        systems = {"sys_platform": sys_platform, "platform_system": self.system}
        return {**changed, **systems, "os_name": "posix", "platform_machine": self.machine}

    def _parts(self) -> tuple[str, str, str, str]:
        match = _PLATFORM.fullmatch(self.platform)
        assert match is not None, self.platform  # noqa: S101 (targets_of has checked it)
        return match[1], match[2], match[3], match[4]


def this_python() -> str:
    """The Python that runs this, as "3.11"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def targets_of(pythons: Iterable[str], platforms: Iterable[str]) -> list[Target]:
    """Each Python on each platform; this machine where none is named. Raises BadTarget."""
    every = [
        Target(python, name)
        for name in (list(dict.fromkeys(platforms)) or [""])
        for python in (list(dict.fromkeys(pythons)) or [this_python()])
    ]
    for one in every:
        if not _PYTHON.fullmatch(one.python):
            raise BadTarget(f"Python {one.python} can't run the kit. Name one such as 3.12.")
        if one.platform.startswith("win"):
            raise BadTarget("On Windows a pack is for WSL. Name manylinux_2_28_x86_64 instead.")
        if one.platform and not _PLATFORM.fullmatch(one.platform):
            raise BadTarget(
                f"{one.platform} isn't a platform to pack for. Name one such as "
                "manylinux_2_28_x86_64 or macosx_12_0_arm64."
            )
    return every
