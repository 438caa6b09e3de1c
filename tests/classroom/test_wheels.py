"""What a target needs is worked out for that target, not for the machine that makes the pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialtone_kit.classroom.targets import BadTarget, Target, targets_of, this_python
from dialtone_kit.classroom.wheels import NotWhole, download, missing_for, oldest_glibc
from tests.support.tiny_wheels import Shelf, tiny_wheel

MAC, LINUX = Target("3.12", "macosx_12_0_arm64"), Target("3.12", "manylinux_2_28_x86_64")
HERE = Target(this_python())


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def kit(wheels: Path, *requires: str) -> Path:
    return tiny_wheel(wheels, "dialtone_kit", *requires)


def test_what_is_missing_is_found_through_what_is_there(wheels: Path) -> None:
    needs = kit(wheels, "one>=1", 'extra-only; extra == "test"')
    tiny_wheel(wheels, "one", "two[more]", "Three_3<2")
    tiny_wheel(wheels, "two", 'four; extra == "more"', 'five; extra == "less"')
    tiny_wheel(wheels, "three_3", version="2.0")
    assert sorted(missing_for(HERE, wheels, needs)) == ["Three_3<2", "four"]
    tiny_wheel(wheels, "three_3", version="1.9")
    tiny_wheel(wheels, "four")
    assert missing_for(HERE, wheels, needs) == []


@pytest.mark.parametrize(
    ("python", "requires", "fits"),
    [
        ("3.11", ">=3.11.5", False),
        ("3.11", ">=3.11", True),
        ("3.11", "", True),
        ("3.11", ">=3.6.*", True),  # pip ignores what can't be read
        ("3.11.5", ">=3.11.5", True),
        ("3.11.4", ">=3.11.5", False),
        ("3.12", ">=3.11.5", True),
    ],
)
def test_a_wheel_has_to_allow_the_oldest_python_of_the_target(
    wheels: Path, python: str, requires: str, fits: bool
) -> None:
    needs = kit(wheels, "one")
    tiny_wheel(wheels, "one", python=requires)
    assert missing_for(Target(python), wheels, needs) == ([] if fits else ["one"])


def test_markers_are_answered_for_the_target(wheels: Path) -> None:
    lines = (
        'mac; sys_platform == "darwin"',
        'old; python_version < "3.12"',
        'arm; "arm" in platform_machine',
    )
    needs = kit(wheels, *lines)
    assert sorted(missing_for(MAC, wheels, needs)) == ["arm", "mac"]
    assert missing_for(LINUX, wheels, needs) == []
    assert missing_for(Target("3.11", LINUX.platform), wheels, needs) == ["old"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("cp312-cp312-manylinux2014_x86_64", True),
        ("cp39-abi3-manylinux_2_28_x86_64", True),
        ("py3-none-any", True),
        ("cp312-cp312-manylinux_2_34_x86_64", False),
        ("cp311-cp311-manylinux_2_17_x86_64", False),
        ("cp312-cp312-manylinux_2_17_aarch64", False),
        ("cp312-cp312-macosx_11_0_arm64", False),
    ],
)
def test_only_a_wheel_that_runs_there_counts(wheels: Path, tag: str, fits: bool) -> None:
    needs = kit(wheels, "one")
    tiny_wheel(wheels, "one", tag=tag)
    assert missing_for(LINUX, wheels, needs) == ([] if fits else ["one"])


def test_pip_is_asked_again_for_what_it_left_out(wheels: Path, tmp_path: Path) -> None:
    needs = kit(wheels, "one", 'mac; sys_platform == "darwin"')
    for name in ("one", "mac"):
        tiny_wheel(tmp_path / "shelf", name)
    pip = Shelf(tmp_path / "shelf", ["one"])
    download(wheels, needs, [MAC], pip)
    assert [call[-1] for call in pip.asked] == [str(needs), "mac"]
    assert "--platform=macosx_12_0_arm64" in pip.asked[0]
    assert "--python-version=3.12.0" in pip.asked[0]
    assert (wheels / "mac-1.0-py3-none-any.whl").is_file()


def test_a_target_without_wheels_is_named_after_a_few_tries(wheels: Path, tmp_path: Path) -> None:
    pip = Shelf(tmp_path)
    with pytest.raises(NotWhole, match=r"3\.12 on Darwin arm64: one"):
        download(wheels, kit(wheels, "one"), [MAC], pip)
    assert len(pip.asked) == 5


def test_the_oldest_c_library_is_that_of_the_most_demanding_wheel(wheels: Path) -> None:
    tiny_wheel(wheels, "one", tag="cp312-cp312-manylinux_2_28_x86_64.manylinux_2_17_x86_64")
    assert oldest_glibc(wheels) == "2.17"
    tiny_wheel(wheels, "two", tag="cp312-cp312-manylinux_2_26_x86_64.manylinux_2_28_x86_64")
    tiny_wheel(wheels, "three", tag="cp312-cp312-manylinux2014_x86_64")
    assert oldest_glibc(wheels) == "2.26"


def test_targets_are_each_python_on_each_platform_and_this_one_without_any() -> None:
    assert targets_of([], []) == [HERE]
    assert HERE.options()[1] == f"--python-version={this_python()}.0"  # whatever runs this
    named = targets_of(["3.12", "3.13"], [MAC.platform, LINUX.platform])
    assert [(one.python, one.system, one.machine) for one in named] == [
        ("3.12", "Darwin", "arm64"),
        ("3.13", "Darwin", "arm64"),
        ("3.12", "Linux", "x86_64"),
        ("3.13", "Linux", "x86_64"),
    ]
    assert "--python-version=3.99.4" in Target("3.99.4").options()


@pytest.mark.parametrize(
    ("python", "platform", "why"),
    [
        ("3.10", "", "Python 3.10 can't"),
        ("2", "", "Python 2 can't"),
        ("3.12", "win_amd64", "WSL"),
        ("3.12", "linux", "isn't a platform"),
        ("3.12", "macosx_12_0_universal2", "isn't a platform"),
    ],
)
def test_a_target_that_can_not_be_packed_for_is_refused(
    python: str, platform: str, why: str
) -> None:
    with pytest.raises(BadTarget, match=why):
        targets_of([python], [platform] if platform else [])
