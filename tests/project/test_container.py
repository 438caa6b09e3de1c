"""The containers agree with the command line, with Binder's pins and with the README."""

import json
import re
import runpy
import subprocess
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.specifiers import SpecifierSet

from dialtone_kit.commands.cli import commands
from dialtone_kit.commands.group import Commands
from dialtone_kit.lesson.loopback import Answered, Asked, Loopback
from tests.support.running_mock import free_port

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README_LINE = re.compile(r"^(python3 -m venv .* -e \.) && \.venv/bin/dialtone lab$", re.MULTILINE)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def understood(words: list[str]) -> click.Context:
    """What the command line makes of `words`, without running it. UsageError if it can't."""
    command: click.Command | None = commands
    while isinstance(command, Commands):
        name, *words = words
        command = command.get_command(click.Context(command), name)
    if command is None:
        raise click.UsageError(f"There is no {name}.")
    return command.make_context(name, words)


def healthy() -> dict[str, Any]:
    """The names of the health check, which isn't part of the package."""
    return runpy.run_path(str(ROOT / "container/healthy.py"))


def default_command() -> list[str]:
    """What the Dockerfile's CMD gives to its ENTRYPOINT."""
    assert 'ENTRYPOINT ["dialtone"]' in read("Dockerfile").splitlines()
    (found,) = re.findall(r"^CMD (\[.*\])$", read("Dockerfile"), re.MULTILINE)
    return list(json.loads(found))


def documented_commands() -> list[list[str]]:
    """What the comment of the Dockerfile says to run."""
    runs = re.findall(r"^#   docker run .* dialtone-kit(.*)$", read("Dockerfile"), re.MULTILINE)
    return [line.split() for line in runs if line]


@pytest.mark.parametrize("words", [default_command(), *documented_commands()], ids=" ".join)
def test_a_command_of_the_container_is_one_of_ours(words: list[str]) -> None:
    assert understood(words).info_name == words[0]


@pytest.mark.parametrize("words", [["server"], ["serve", "--prot", "8787"]], ids=" ".join)
def test_a_command_that_is_none_of_ours_is_noticed(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        understood(words)


def test_compose_serves_a_class_on_the_port_that_it_publishes_and_checks() -> None:
    service = yaml.safe_load(read("compose.yaml"))["services"]["service"]
    words = [re.sub(r"\$\{.*\}", "class.example.org", word) for word in service["command"]]
    served = understood(words)
    port = served.params["port"]
    assert served.params["everyone"]
    assert service["ports"] == [f"{port}:{port}"]
    assert service["healthcheck"]["test"][-1].startswith(f"https://127.0.0.1:{port}/")
    assert service["entrypoint"][-1] == "dialtone"


def test_compose_has_no_password_and_no_port_of_the_database() -> None:
    compose = yaml.safe_load(read("compose.yaml"))
    database = compose["services"]["database"]
    assert "ports" not in database
    assert [name for name in database["environment"] if "PASSWORD" in name] == [
        "POSTGRES_PASSWORD_FILE"
    ]
    (secret,) = compose["secrets"].values()
    for kept_out in (secret["file"], ".env"):
        command = ["git", "check-ignore", "--quiet", kept_out]
        assert subprocess.run(command, cwd=ROOT).returncode == 0


def test_the_port_that_the_container_exposes_is_the_one_that_it_uses_and_checks() -> None:
    (exposed,) = re.findall(r"^EXPOSE (\d+)$", read("Dockerfile"), re.MULTILINE)
    assert understood(default_command()).params["port"] == int(exposed)
    assert healthy()["LAB"] == f"http://127.0.0.1:{exposed}/api"


def test_every_stage_has_a_python_that_the_package_supports() -> None:
    images = re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)
    images.append(json.loads(read(".devcontainer/devcontainer.json"))["image"])
    versions = [re.search(r"3\.\d+(?=-)", image) for image in images]
    assert len(versions) == 3
    supported = SpecifierSet(PROJECT["requires-python"])
    for version in versions:
        assert version is not None
        assert version[0] in supported
        assert f"Programming Language :: Python :: {version[0]}" in PROJECT["classifiers"]


def test_every_package_in_the_image_is_pinned_by_binder() -> None:
    installs = re.findall(r"pip install (.*)$", read("Dockerfile"), re.MULTILINE)
    assert installs == [
        "--require-hashes --requirement /build/requirements.txt",
        "--no-index --no-deps --no-build-isolation /build",
    ]
    assert "COPY binder/requirements.txt /build/" in read("Dockerfile").splitlines()
    assert re.search(r"^psycopg==", read("binder/requirements.txt"), re.MULTILINE)


def test_the_image_does_not_run_as_root() -> None:
    last_stage = read("Dockerfile").rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last_stage, re.MULTILINE) == ["1000"]


def test_what_the_dockerfile_copies_passes_the_dockerignore() -> None:
    copies = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.*) \S+$", read("Dockerfile"), re.MULTILINE)
    copied = " ".join(copies).split()
    passed = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    assert sorted(copied) == sorted(passed)
    assert [path for path in copied if not (ROOT / path).exists()] == []


def test_a_dev_container_is_set_up_as_the_readme_says() -> None:
    (line,) = README_LINE.findall(read("README.md"))
    assert json.loads(read(".devcontainer/devcontainer.json"))["postCreateCommand"] == line


@pytest.mark.parametrize(("status", "well"), [(200, True), (404, True), (500, False)])
def test_a_container_is_healthy_while_what_runs_in_it_answers(status: int, well: bool) -> None:
    def answered(asked: Asked) -> Answered:
        return Answered(status if asked.path == "/api" else 500)

    answers = healthy()["answers"]
    with closing(Loopback(answered, "container")) as server:
        assert answers(f"{server.origin}/api") is well
        assert answers(f"{server.origin.replace('http', 'https')}/api") is False  # no TLS there
    assert answers(f"http://127.0.0.1:{free_port()}/api") is False
