"""The public names: each is in one list, can be imported, costs nothing before, has a typed use."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import dialtone_kit
import dialtone_kit.mcp
import dialtone_kit.spiffe

ROOT = Path(__file__).parents[2]
USES = ROOT / "tests/typing/public_names.py"
ROOMS = [dialtone_kit, dialtone_kit.mcp, dialtone_kit.spiffe]
ONCE_AT_THE_TOP = [
    "BadSpiffeId",
    "JwtSvid",
    "SpiffeId",
    "SvidRefused",
    "TrustBundle",
    "Workload",
    "WorkloadKey",
    "X509Svid",
    "jwt_svid_for",
    "verify_jwt_svid",
    "verify_x509_svid",
]


def imports(path: Path) -> list[tuple[str, str]]:
    """Module and name of each `from … import …` in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def listed(room: object) -> list[tuple[str, str]]:
    return imports(Path(room.__file__).with_suffix(".pyi"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_the_stub_is_the_one_list(room: object) -> None:
    names = sorted(name for _, name in listed(room))
    assert names == sorted(set(names)) == sorted(room.__all__) == sorted(dir(room))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("room", "module", "name"),
    [
        pytest.param(room, module, name, id=f"{room.__name__}.{name}")
        for room in ROOMS
        for module, name in listed(room)
    ],
)
def test_each_name_is_what_its_module_defines(room: object, module: str, name: str) -> None:
    home = importlib.import_module(f"{room.__name__}.{module}")  # type: ignore[attr-defined]
    assert getattr(room, name) is getattr(home, name)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_each_name_has_a_typed_use(room: object) -> None:
    tree = ast.parse(USES.read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert {name for _, name in listed(room)} - used == set()


@pytest.mark.parametrize("name", ONCE_AT_THE_TOP)
def test_a_spiffe_name_from_the_top_still_serves_with_a_warning(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"Import {name} from dialtone_kit.spiffe"):
        old = getattr(dialtone_kit, name)
    assert old is getattr(dialtone_kit.spiffe, name)


@pytest.mark.parametrize("name", ["no_such_name", "_private", "__wrapped__"])
def test_another_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(dialtone_kit, name)


HEAVY = {"httpx", "httpx2", "mcp", "cryptography", "orjson", "ipywidgets", "dialtone_kit.keys"}
RUNNING = {"asyncio", "filelock", "psutil", "platformdirs", "rich", "dialtone_kit.lesson.lesson"}
# What some lessons use, and not in their first line.
SELDOM = {
    "cryptography.x509",
    "httpx2",
    "ipywidgets",
    "mcp",
    "multiprocessing",
    "pydantic",
    "starlette",
    "uvicorn",
    "dialtone_kit.attacks.catalogue",
    "dialtone_kit.lesson.attack_rooms",
    "dialtone_kit.lesson.lab_realm",
    "dialtone_kit.lesson.report",
    "dialtone_kit.spiffe.workload",
    "dialtone_kit.widgets.token_explorer",
    "dialtone_kit.wire.diagram",
}


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        pytest.param("import dialtone_kit", HEAVY, id="the kit"),
        pytest.param("import dialtone_kit.mcp", HEAVY, id="its room for MCP"),
        pytest.param("from dialtone_kit import *", {"httpx2", "mcp"}, id="all its public names"),
        pytest.param("from dialtone_kit import start", HEAVY | RUNNING, id="a lesson's first line"),
        pytest.param("import dialtone_kit.lesson.lesson", SELDOM, id="what start() needs"),
    ],
)
def test_the_import_alone_loads_nothing_heavy(script: str, heavy: set[str]) -> None:
    script = f"import sys; {script}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & heavy
