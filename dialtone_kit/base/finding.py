"""One line of what `dialtone doctor` and `dialtone class ready` report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the report: ok, or what to do."""

    ok: bool
    what: str
    text: str
