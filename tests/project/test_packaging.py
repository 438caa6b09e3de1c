"""What a clone holds and what its wheel carries: commands, package data, licence, no host names."""

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from packaging.requirements import Requirement

import dialtone_kit

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What the kit starts, or uvicorn loads by name.
USED_WITHOUT_AN_IMPORT = {
    "jupyterlab",
    "ipywidgets",
    "jupyter-server-proxy",
    "uvloop",
}

LEARN = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/dialtone lab"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"

LESSONS = "dialtone_kit/notebooks/"  # in the wheel

# Where packages come from is the reader's own choice: a host in a file breaks behind a mirror,
# and a lock that names one is a lock on that host. (Written so that they don't find themselves.)
PACKAGE_HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted|np[m]js\.|yarn[p]kg\.|anaconda[.]org|conda[-]forge/"
    r"|https?://\S+/simpl[e]\b|index[-_]ur[l]|--find[-]links|deb\.debia[n]",
    re.IGNORECASE,
)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def files_of_the_repository(*under: str) -> list[str]:
    """What git keeps or would keep: tracked and new files, not the ignored ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *under]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


def build(tree: Path, folder: Path) -> zipfile.ZipFile:
    line = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(line, cwd=tree, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return zipfile.ZipFile(made)


def test_the_wheel_carries_every_file_of_the_package_and_of_the_lessons(
    wheel: zipfile.ZipFile,
) -> None:
    kept = {*files_of_the_repository("dialtone_kit")}
    kept |= {f"dialtone_kit/{name}" for name in files_of_the_repository("notebooks")}
    carried = {name for name in wheel.namelist() if name.startswith("dialtone_kit/")}
    assert carried == kept


def test_the_lessons_in_the_wheel_are_whole(wheel: zipfile.ZipFile) -> None:
    names = {name.removeprefix(LESSONS) for name in wheel.namelist() if name.startswith(LESSONS)}
    lessons = sorted(name for name in names if re.fullmatch(r"\d\d-[\w-]+\.ipynb", name))
    assert [lesson[:2] for lesson in lessons] == [f"{number:02d}" for number in range(14)]
    others = {"README.md", "TRAINERS.md", "glossary.md", "misconceptions.md"}
    assert names >= {f"solutions/{lesson}" for lesson in lessons} | others


def test_the_lessons_in_the_wheel_have_no_outputs(wheel: zipfile.ZipFile) -> None:
    books = [name for name in wheel.namelist() if name.endswith(".ipynb")]
    cells = [cell for name in books for cell in json.loads(wheel.read(name))["cells"]]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("kind", [".ipynb", ".md"])
def test_a_link_in_the_lessons_leads_to_something_in_the_wheel(
    wheel: zipfile.ZipFile, kind: str
) -> None:
    names, links = set(wheel.namelist()), set[str]()
    for name in (name for name in names if name.startswith(LESSONS) and name.endswith(kind)):
        found = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", wheel.read(name).decode())
        links |= {posixpath.normpath(posixpath.join(name, "..", link)) for link in found}
    assert len(links) > 15
    assert {link for link in links if not any(n.startswith(link) for n in names)} == set()


def test_what_an_editor_left_next_to_the_lessons_stays_out(tmp_path: Path) -> None:
    """JupyterLab's checkpoints, say: notebooks with outputs."""
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "dialtone_kit").mkdir()
    (tmp_path / "dialtone_kit/__init__.py").touch()
    (tmp_path / "notebooks/.ipynb_checkpoints").mkdir(parents=True)
    for name in ("00-start-here.ipynb", ".ipynb_checkpoints/00-start-here-checkpoint.ipynb"):
        (tmp_path / "notebooks" / name).touch()
    built = build(tmp_path, tmp_path / "dist").namelist()
    assert [name for name in built if "notebooks" in name] == [f"{LESSONS}00-start-here.ipynb"]


def test_the_wheel_carries_what_is_not_python(wheel: zipfile.ZipFile) -> None:
    kinds = {Path(name).suffix for name in wheel.namelist() if name.startswith("dialtone_kit/")}
    assert kinds >= {".py", ".pyi", ".toml", ".html", ".js"}
    assert "dialtone_kit/py.typed" in wheel.namelist()


def test_the_wheel_brings_the_commands_and_the_licence(wheel: zipfile.ZipFile) -> None:
    about = f"dialtone_kit-{PROJECT['version']}.dist-info"
    scripts = wheel.read(f"{about}/entry_points.txt").decode().splitlines()
    for name in ("dialtone", PROJECT["name"]):  # the second one is for `uvx dialtone-kit`
        assert f"{name} = dialtone_kit.commands.cli:main" in scripts
    assert "License-Expression: Apache-2.0" in wheel.read(f"{about}/METADATA").decode()
    assert wheel.read(f"{about}/licenses/LICENSE").decode() == read("LICENSE")


def test_the_urls_are_those_that_the_citation_names() -> None:
    repository = yaml.safe_load(read("CITATION.cff"))["repository-code"]
    assert PROJECT["urls"]["Source"] == repository
    assert all(url.startswith(repository) for url in PROJECT["urls"].values())


def test_the_readme_sets_up_in_one_line_for_each_purpose() -> None:
    lines = read("README.md").splitlines()
    assert LEARN in lines
    assert TEST in lines


def test_ci_runs_the_readme_line_and_nothing_after_it() -> None:
    assert read(".ci/run").rstrip().splitlines()[-1] == TEST


def test_the_binder_badge_opens_the_first_lesson() -> None:
    assert "urlpath=lab/tree/notebooks/00-start-here.ipynb)" in unquote(read("README.md"))
    assert (ROOT / "notebooks/00-start-here.ipynb").is_file()


@pytest.mark.parametrize(
    "script", [".ci/run", ".ci/full", "binder/postBuild", "binder/refresh-pins"]
)
def test_a_script_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert read(script).startswith("#!/usr/bin/env bash\n")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_page_links_only_to_what_is_here(page: str) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", read(page))
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_no_file_names_a_package_host() -> None:
    named = []
    for name in files_of_the_repository():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        named += [f"{name}: {found.group(0)}" for found in PACKAGE_HOSTS.finditer(text)]
    assert named == []


def test_pre_commit_fetches_nothing() -> None:
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert {repo["repo"] for repo in repos} == {"local"}
    assert {hook["language"] for repo in repos for hook in repo["hooks"]} == {"system"}


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert PROJECT["license"] == "Apache-2.0"
    assert all(f"\n   {section}. " in text for section in range(1, 10))
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_version_is_the_newest_of_the_changelog_and_a_dev_one_until_it_is_released() -> None:
    newest, unreleased = re.findall(r"(?m)^## (\S+)( \(unreleased\))?", read("CHANGELOG.md"))[0]
    assert PROJECT["version"] == newest + (".dev0" if unreleased else "")
    assert dialtone_kit.__version__ == PROJECT["version"]


def test_each_dependency_is_listed_with_what_it_is_for() -> None:
    _, _, section = read("CONTRIBUTING.md").partition("## What each dependency is for\n")
    rows = re.findall(r"^\| ([\w-]+) \| \S.* \|$", section.partition("\n## ")[0], re.MULTILINE)
    extras = PROJECT["optional-dependencies"]
    wanted = map(Requirement, chain(PROJECT["dependencies"], *extras.values()))
    assert rows[1:] == [one.name for one in wanted if one.name != PROJECT["name"]]


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_each_dependency_is_used(line: str) -> None:
    """By an import in the kit, or by something that the kit starts."""
    name = Requirement(line).name
    module = {"pyjwt": "jwt", "pyyaml": "yaml"}.get(name, name.replace("-", "_"))
    importing = re.compile(rf"^\s*(?:from|import) {module}\b", re.MULTILINE)
    kit = map(read, files_of_the_repository("dialtone_kit/*.py"))
    assert any(map(importing.search, kit)) != (name in USED_WITHOUT_AN_IMPORT)


def test_no_extra_is_empty() -> None:
    assert all(PROJECT["optional-dependencies"].values())
