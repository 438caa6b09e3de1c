"""The token explorer: header and claims with their meanings, and the time until it expires.

It gets only the decoded parts. The token itself, which a thief would want, never comes here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.masking import masked
from dialtone_kit.base.times import is_numeric_date
from dialtone_kit.widgets.panel import Panel, State


class TokenExplorer(Panel):
    """Show a token's `header` and `claims`; `meanings` explains members, by name.

    A nested member is named by its path: `cnf.jkt`. With `thumbprint`, that of the reader's own
    key, the view shows whether the token is bound to it.
    """

    script = "token_explorer.js"
    name = "Token explorer"

    def __init__(
        self,
        header: Mapping[str, Any],
        claims: Mapping[str, Any],
        meanings: Mapping[str, str],
        interactive: bool = True,
        *,
        thumbprint: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(interactive=interactive)
        self._header, self._claims = dict(header), dict(claims)
        self._meanings, self._thumbprint, self._now = dict(meanings), thumbprint, now
        self._problem: State = {}

    def state(self) -> State:
        expiry, issued = self._claims.get("exp"), self._claims.get("iat")
        return {
            "header": _rows(self._header, self._meanings),
            "claims": _rows(self._claims, self._meanings),
            "seconds_left": expiry - self._now() if is_numeric_date(expiry) else None,
            "lifetime": _difference(expiry, issued),
            "binding": self._binding(),
            "problem": self._problem,
        }

    def act(self, kind: str, message: Mapping[str, Any]) -> None:
        """Nothing to do: this widget is only read."""

    def failed(self, problem: State) -> None:
        self._problem = problem

    def outcome(self) -> str:
        return f"Token explorer: claims {', '.join(sorted(self._claims))}; {self._binding()}."

    def _binding(self) -> str:
        confirmation = self._claims.get("cnf")
        bound_to = confirmation.get("jkt") if isinstance(confirmation, dict) else None
        if bound_to is None:
            return "bound to no key: a bearer token"
        if not self._thumbprint:
            return "bound to a key"
        return "bound to your key" if bound_to == self._thumbprint else "bound to another key"


def _difference(expiry: object, issued: object) -> float | None:
    return expiry - issued if is_numeric_date(expiry) and is_numeric_date(issued) else None


def _rows(members: Mapping[str, Any], meanings: Mapping[str, str], path: str = "") -> list[State]:
    rows: list[State] = []
    for name, value in members.items():
        full = f"{path}{name}"
        if isinstance(value, dict) and value:
            rows += _rows(value, meanings, f"{full}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            rows.append(
                {
                    "name": full,
                    "value": masked(text),
                    "meaning": meanings.get(full, ""),
                    "moment": value if name in ("exp", "iat", "nbf") else None,
                }
            )
    return rows
