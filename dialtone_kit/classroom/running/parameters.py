"""What a run hands to the lessons. Papermill copies it into the notebook: no secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_text
from dialtone_kit.classroom.running.child import Answer

_SECRET_NAME = re.compile(r"secret|passw|token|private|api_?key|credential", re.I)


class BadParameters(DialtoneError):
    """The parameters can't be used; nothing was run."""


@dataclass(frozen=True)
class Parameters:
    """`base_url`, and the values given by `-p`, as they were typed."""

    base_url: str = "mock"
    given: Mapping[str, str] = field(default_factory=dict)

    def refuse_secrets(self) -> None:
        """Refuse, before anything runs, what must not be in a notebook."""
        for name, value in {"base_url": self.base_url, **self.given}.items():
            refuse_secret(name, value)

    def check(self, notebooks: Sequence[Path]) -> None:
        """Refuse, before anything runs, a secret and a name that no lesson has."""
        self.refuse_secrets()
        known = {name for notebook in notebooks for name in defaults(notebook)}
        unknown = sorted(set(self.given) - known)
        if unknown:
            names = ", ".join(sorted(known))
            raise BadParameters(f"No lesson has the parameter {unknown[0]!r}; available: {names}.")

    def for_notebook(self, notebook: Path) -> dict[str, Any]:
        """Those that this notebook has, in the type of their defaults there."""
        texts = {"base_url": self.base_url, **self.given}
        own = defaults(notebook)
        return {name: _as(text, own[name]) for name, text in texts.items() if name in own}


def check(answer: Answer, parameters: Parameters, notebooks: Sequence[Path]) -> None:
    """The same in a process that has papermill already, see child.py."""
    parameters.check(notebooks)
    answer(None)


def defaults(notebook: Path) -> dict[str, str]:
    """The parameters of a notebook and their defaults, as its parameters cell writes them."""
    import papermill

    inspected = papermill.inspect_notebook(str(notebook))
    return {name: str(one["default"]) for name, one in inspected.items()}


def _as(text: str, default: str) -> Any:
    """`text` itself if the default is a string: a code such as 000123 must not become a number."""
    try:
        if isinstance(ast.literal_eval(default), str):
            return text
        return ast.literal_eval(text.capitalize() if text in {"true", "false", "none"} else text)
    except (ValueError, SyntaxError):
        return text


def refuse_secret(name: str, value: str) -> None:
    """Raise BadParameters for a parameter that looks like one: notebooks are shared."""
    parts = urlsplit(value) if "://" in value else None
    if parts is not None and (parts.username or parts.password):
        raise BadParameters(f"{name}: a URL with a user or password in it is not passed on.")
    if _SECRET_NAME.search(name) or mask_text(value) != value:
        raise BadParameters(
            f"{name} looks like a secret. Parameters are written into the executed notebook, so "
            "it was refused and nothing ran; lessons take credentials from the stored file."
        )
