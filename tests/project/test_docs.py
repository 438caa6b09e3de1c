"""The pages are true: what they name is there, and the packages are those of the contracts."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/threat-model.md",
    "docs/where-to-run.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "notebooks/README.md",
    "notebooks/TRAINERS.md",
]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
CITED = re.compile(r"\[`[\w/]+\.py:(\w+)`\]\(([^)]+)\)")
PATH = re.compile(r"`((?:dialtone_kit|tests|notebooks|benchmarks|binder|docs)/[\w./-]+)`")
ROW = re.compile(r"^\| `(\w+)` \|.*\| (.+) \|$", re.MULTILINE)
MOVED = re.compile(r"^\| `(dialtone_kit[\w.]*)` \| `(dialtone_kit[\w.]*)`", re.MULTILINE)
MOVED_NAMES = re.compile(r"((?:`\w+`(?:, )?)+) (?:is|are) in `(dialtone_kit[\w.]*)`")
VARIABLE = re.compile(r"`((?:DIALTONE|CI)_[A-Z_]+)`")
USED = re.compile(r"""(["'])(DIALTONE_[A-Z_]+)\1""")
USED_BY_TESTS = re.compile(r"""environ\.get\(["']((?:DIALTONE|CI)_[A-Z_]+)["']""")
REQUIRED = re.compile(r"CI_REQUIRE_[A-Z]+")
TABLES = {"kit": "## The packages of the kit", "mock": "## The packages of the mock"}


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_somewhere(page: str) -> None:
    here = (ROOT / page).parent
    assert [link for link in LINK.findall(read(page)) if not (here / link).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CHANGELOG.md"])
def test_a_path_that_a_page_names_is_there(page: str) -> None:
    named = [path for path in PATH.findall(read(page)) if "NN" not in path]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_function_that_a_page_names_is_in_that_file() -> None:
    missing = []
    for name, link in CITED.findall(read("docs/architecture.md")):
        defined = re.compile(rf"^\s*(?:(?:async )?def |class )?{name}\b\s*[(:=\[]", re.MULTILINE)
        if not defined.search((ROOT / "docs" / link).read_text(encoding="utf-8")):
            missing.append(f"{link}:{name}")
    assert missing == []


@pytest.mark.parametrize("contract", TABLES)
def test_the_packages_are_those_of_the_import_contract(contract: str) -> None:
    _, _, after = read("docs/architecture.md").partition(TABLES[contract])
    rows = ROW.findall(after.partition("\n## ")[0])
    assert dict(by_the_table(rows)) == dict(by_the_contract(contract))


def by_the_table(rows: list[tuple[str, str]]) -> Iterator[tuple[str, set[str]]]:
    """Each package, and those that it may import: `all below` are the rows further down."""
    packages = [package for package, _ in rows]
    for at, (package, may) in enumerate(rows):
        below = set() if may == "nothing" else set(packages[at + 1 :])
        _, _, without = may.partition(" but ")
        _, _, extra = may.partition(" and ")
        below -= set(re.findall(r"`(\w+)`", without))
        yield package, below | set(re.findall(r"`(\w+)`", extra))


def by_the_contract(wanted: str) -> Iterator[tuple[str, set[str]]]:
    """The same from pyproject.toml."""
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["id"] == wanted]
    split = [re.split(r" [|:] ", layer) for layer in layers]
    for at, layer in enumerate(split):
        below = {package for lower in split[at + 1 :] for package in lower}
        for package in layer:
            peers = set(layer) - {package} if ":" in layers[at] else set()
            yield package, below | peers


def test_every_environment_variable_is_in_the_table() -> None:
    _, _, after = read("CONTRIBUTING.md").partition("## Environment variables\n")
    listed = VARIABLE.findall(after.partition("\n## ")[0])
    package, tests = (
        "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / folder).rglob("*.py"))
        for folder in ("dialtone_kit", "tests")
    )
    used = {name for _, name in USED.findall(package)} | {*USED_BY_TESTS.findall(tests)}
    assert sorted(listed) == sorted(used | {*REQUIRED.findall(read(".ci/run"))})


def test_what_the_changelog_says_has_moved_is_where_it_says() -> None:
    changelog = read("CHANGELOG.md")
    moved = MOVED.findall(changelog)
    assert len(moved) > 40
    for _, new in moved:
        import_module(new)
    for names, new in MOVED_NAMES.findall(changelog):
        module = import_module(new)
        assert [name for name in re.findall(r"\w+", names) if not hasattr(module, name)] == [], new


def test_each_way_to_run_it_says_whether_it_was_tried() -> None:
    page = read("docs/where-to-run.md")
    rows = re.findall(r"^\| \[([^\]]+)\]\(#[\w-]+\) \| \S.* \|$", page, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [row.casefold() for row in rows] == [heading.casefold() for heading in headings]


def test_the_values_for_kubernetes_are_yaml_and_use_the_image_beside_them() -> None:
    page = read("docs/where-to-run.md")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    singleuser = yaml.safe_load(block)["singleuser"]
    (built,) = re.findall(r"```dockerfile\n(.*?)```", page, re.DOTALL)
    assert json.loads(re.findall(r"^CMD (.*)$", built, re.MULTILINE)[0]) == [singleuser["cmd"]]
    command = " ".join(singleuser["lifecycleHooks"]["postStart"]["exec"]["command"])
    folder = Path(singleuser["defaultUrl"].removeprefix("/lab/tree/")).parent
    assert f"dialtone lab {folder} --update" in command
    assert (ROOT / singleuser["defaultUrl"].removeprefix("/lab/tree/")).is_file()
