"""Two tokens side by side: which members were added, removed or changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dialtone_kit.claims import HEADER_MEANINGS, MEANINGS, flat_members, meaning_of, text_of_value
from dialtone_kit.widgets.token_cover import without_secrets
from dialtone_kit.widgets.token_reading import MOST_ROWS, name_of, shown

Difference = Literal["same", "added", "removed", "changed"]
_LISTS = ("scope", "aud")  # compared word by word


@dataclass(frozen=True)
class Compared:
    """One member in two tokens. `detail` says more about a changed list."""

    name: str
    meaning: str
    first: str
    second: str
    difference: Difference
    detail: str = ""


def compared(
    first: Mapping[str, Any], second: Mapping[str, Any], *, header: bool = False
) -> list[Compared]:
    """Each member of two tokens' claims, or headers: in the order of the first, then new ones.

    *Added* and *removed* refer to the second. Masked values are compared by their real content.
    """
    one, two = dict(flat_members(first)), dict(flat_members(second))
    clean_one = dict(flat_members(without_secrets(dict(first))))
    clean_two = dict(flat_members(without_secrets(dict(second))))
    meanings = HEADER_MEANINGS if header else MEANINGS
    rows = []
    for name in list(dict.fromkeys([*one, *two]))[:MOST_ROWS]:
        left = shown(clean_one.get(name, "…")) if name in one else ""
        right = shown(clean_two.get(name, "…")) if name in two else ""
        difference = _difference(name, one, two)
        detail = _detail(one[name], two[name]) if _is_list(name, difference) else ""
        meaning = meaning_of(name, meanings)
        rows.append(Compared(name_of(name), meaning, left, right, difference, detail))
    return rows


def _difference(name: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Difference:
    if name not in two:
        return "removed"
    if name not in one:
        return "added"
    return "same" if _exact(one[name]) == _exact(two[name]) else "changed"


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True)  # Python treats True, 1 and 1.0 as equal


def _is_list(name: str, difference: Difference) -> bool:
    return difference == "changed" and name in _LISTS


def _detail(one: Any, two: Any) -> str:
    """What a list of words lost and gained: of scopes (a string) or audiences."""
    before, after = _words(one), _words(two)
    lost, gained = [w for w in before if w not in after], [w for w in after if w not in before]
    parts = [f"without {', '.join(lost)}"] if lost else []
    parts += [f"with {', '.join(gained)}"] if gained else []
    return shown("; ".join(parts) or "in another order")


def _words(value: Any) -> list[str]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [text_of_value(word) for word in words]
