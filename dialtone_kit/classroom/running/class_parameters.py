"""The parameters of each learner's notebooks: `parameters.yaml` in their folder of the class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.private_files import PrivateFolder, shown
from dialtone_kit.base.reason import sentence
from dialtone_kit.classroom.learner_files import PARAMETERS
from dialtone_kit.classroom.running.parameters import defaults, refuse_secret
from dialtone_kit.classroom.session import Learner, Session


class BadLearner(DialtoneError):
    """What a learner's notebooks are to be given can't be used; nothing was run."""


@dataclass(frozen=True)
class Given:
    """Values with their types. A run of a class always takes the worker's own service."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def for_notebook(self, notebook: Path) -> dict[str, Any]:
        """Those that this notebook has."""
        own = defaults(notebook)
        values = {**self.values, "base_url": "mock"}
        return {name: value for name, value in values.items() if name in own}


def parameters_of(session: Session, learner: Learner) -> Given:
    """What `class new` wrote for this learner, or the same made from the roster.

    Raises BadLearner for what isn't a list of names and values, or looks like a secret.
    """
    folder = session.folder_of(learner)
    try:
        values = yaml.safe_load(PrivateFolder(folder, error=BadLearner).read(PARAMETERS))
    except FileNotFoundError:
        return Given({"email": learner.email, "seat": learner.seat})
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        text = f"{shown(folder / PARAMETERS)} can't be read: {_first_line(wrong)}"
        raise BadLearner(sentence(text)) from None
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise BadLearner(
            f"{shown(folder / PARAMETERS)} must have a line `name: value` for each value."
        )
    for name, value in values.items():
        refuse_secret(name, str(value))
    return Given({"seat": learner.seat, **values})


def _first_line(wrong: Exception) -> str:
    mark = getattr(wrong, "problem_mark", None)
    return f"line {mark.line + 1} isn't YAML" if mark is not None else "it isn't YAML in UTF-8"
