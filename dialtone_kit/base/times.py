"""Times in claims: Unix seconds as JWTs write them, and how far two honest clocks may differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeGuard

from dialtone_kit.base.errors import ProofRefused

CLOCK_SKEW = 5  # seconds that two honest clocks may differ


def is_numeric_date(value: object) -> TypeGuard[int | float]:
    """Whether `value` is Unix seconds as a number, with or without a fraction (RFC 7519 §2).

    A boolean or a string is not. The bound also keeps out 1e400, which JSON reads as infinity.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53


def is_in_milliseconds(value: float, now: float) -> bool:
    """Whether `value` would be a likely time only in milliseconds; `now` is in Unix seconds."""
    return 500 * now < value < 2000 * now  # compared undivided: an int may be too large for a float


def time_in_proof(claims: Mapping[str, Any], name: str, now: float) -> float:
    """The time in the claim `name`, in Unix seconds. Raises ProofRefused if it isn't a time."""
    value = claims.get(name)
    if not is_numeric_date(value):
        raise ProofRefused(
            expected=f"{name} in Unix seconds, as a number",
            got=None if value is None else json.dumps(value, ensure_ascii=False),
        )
    if is_in_milliseconds(value, now):
        raise ProofRefused(
            expected=f"{name} in Unix seconds",
            got=value,
            hint="That is milliseconds; NumericDate is seconds.",
        )
    return value
