"""Binder: repo2docker reads the configuration, and the pins install as they stand."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
from hatchling.build import get_requires_for_build_editable
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dialtone_kit.commands.lab import OVERRIDES

ROOT = Path(__file__).parents[2]
PINS_FILE = ROOT / "binder" / "requirements.txt"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pin_lines() -> list[str]:
    """One line for each pin, its hashes behind it, without comments."""
    text = re.sub(r"^\s*#.*\n", "", PINS_FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", "").splitlines() if line.strip()]


def pins() -> dict[str, list[Requirement]]:
    """By name; a package may have several, each for a marker of its own."""
    found: dict[str, list[Requirement]] = {}
    for line in pin_lines():
        pin = Requirement(line.partition("--hash")[0].strip())
        found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def is_met(wanted: Requirement, candidates: list[Requirement]) -> bool:
    for pin in candidates:
        (exact,) = pin.specifier
        applies = pin.marker is None or pin.marker.evaluate()
        if applies and wanted.specifier.contains(exact.version) and wanted.extras <= pin.extras:
            return True
    return False


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """What repo2docker makes of binder/; it needs no Docker for that."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Building conda environment for python=3.11" in done.stderr
    return done.stdout


def test_repo2docker_installs_the_pins_and_runs_post_build(dockerfile: str) -> None:
    install = 'pip install --no-cache-dir -r "binder/requirements.txt"\n'
    assert install in dockerfile
    assert "RUN ./binder/postBuild\n" in dockerfile
    assert dockerfile.index(install) < dockerfile.index("RUN ./binder/postBuild")


def test_every_pin_is_exact_and_hashed() -> None:
    for line in pin_lines():
        pin, *hashes = re.split(r"\s+--hash=", line.strip())
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.!+]+( ; .+)?", pin), pin
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in hashes)


def test_the_pins_satisfy_pyproject(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kit runs on and what it is built with: postBuild may fetch nothing."""
    monkeypatch.chdir(ROOT)
    wanted = [
        *PYPROJECT["project"]["dependencies"],
        *PYPROJECT["build-system"]["requires"],
        *get_requires_for_build_editable(),
    ]
    have = pins()
    unmet = [
        line
        for line in wanted
        if not is_met(need := Requirement(line), have.get(canonicalize_name(need.name), []))
    ]
    assert unmet == [], "run binder/refresh-pins"


def test_the_proxy_for_the_approve_page_is_pinned() -> None:
    assert "jupyter-server-proxy" in pins()


@pytest.mark.full  # it downloads and installs every pin: minutes
@pytest.mark.index
def test_the_hashed_pins_install(tmp_path: Path) -> None:
    """pip resolves the file in hash-checking mode as if nothing were installed: a pin missing,
    a hash wrong or two pins in conflict end it."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--require-hashes", "--report", str(report), "-r", str(PINS_FILE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
    names = {canonicalize_name(item["metadata"]["name"]) for item in chosen}
    assert names == {
        name for name, found in pins().items() if any(is_met(pin, [pin]) for pin in found)
    }


def test_post_build_installs_the_kit_and_sets_jupyterlab_up(tmp_path: Path) -> None:
    """The script itself, in an environment that sees this one's packages, on a copy of the tree."""
    tree = tmp_path / "tree"
    for name in ("dialtone_kit", "binder"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    python = environment_that_sees_ours(tmp_path / "env")
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [tree / "binder" / "postBuild"],
        cwd=tree,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (python.parent / "dialtone").is_file()
    where = [python, "-c", "import dialtone_kit; print(dialtone_kit.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(tree)
    settings = tmp_path / "env/share/jupyter/lab/settings/overrides.json"
    assert json.loads(settings.read_text(encoding="utf-8")) == OVERRIDES


def environment_that_sees_ours(folder: Path) -> Path:
    """A new environment with this one's packages behind its own; returns its interpreter."""
    venv.create(folder, symlinks=True)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (theirs,) = folder.glob("lib/python*/site-packages")
    (theirs / "zz-ours.pth").write_text("\n".join(ours), encoding="utf-8")
    return folder / "bin" / "python"
