"""Seats and names as a message lists them: the first few, and how many more."""

from __future__ import annotations

from collections.abc import Sequence

FEW = 10


def seats(numbers: Sequence[int]) -> str:
    """`seat 4`, or `seats 4, 9`."""
    return f"seat{'s' if len(numbers) > 1 else ''} {named([str(one) for one in numbers])}"


def named(names: Sequence[str]) -> str:
    """The first few of `names`, and the number of the others."""
    rest = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + rest


def learners(count: int) -> str:
    """`1 learner`, or `30 learners`."""
    return "1 learner" if count == 1 else f"{count:,} learners"
