"""Finds the operation for a path, in a tree of path segments built from ROUTES in app.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.web.describe import Operation


@dataclass
class Place:
    """A place in the tree: what is served here, by method, and what is below it."""

    operations: dict[str, Operation] = field(default_factory=dict)
    below: dict[str, Place] = field(default_factory=dict)
    variable: tuple[str, Place] | None = None  # where any other segment leads, and its name
    empty: str = "There is nothing at this path."  # what to say where nothing is served

    @property
    def page(self) -> bool:
        """A page for people is served here."""
        return any(one.description.page for one in self.operations.values())

    def operation(self, method: str) -> Operation:
        """What answers `method` here. 404 if nothing is, 405 if only other methods are."""
        if method in self.operations:
            return self.operations[method]
        if not self.operations:
            raise Refusal(404, "not_found", self.empty)
        methods = ", ".join(sorted(self.operations))
        raise Refusal(
            405,
            "method_not_allowed",
            f"{method} is not allowed here. Use {methods}.",
            (("Allow", methods),),
        )

    def step(self, segment: str) -> Place:
        """The place below at a segment of a described path, made if it is new."""
        if not segment.startswith("{"):
            return self.below.setdefault(segment, Place())
        if self.variable is None:
            self.variable = (segment[1:-1], Place())
        return self.variable[1]


class Routes:
    """Which operation a path and a method lead to.

    `moved`: what to say at paths that other texts name but that serve nothing here.
    """

    def __init__(
        self, operations: Iterable[Operation], moved: Mapping[str, str] | None = None
    ) -> None:
        self._root = Place()
        for one in operations:
            self._place(one.path).operations |= dict.fromkeys(one.methods, one)
        for path, advice in (moved or {}).items():
            self._place(path).empty = advice

    def _place(self, path: str) -> Place:
        """The place of a described path, made if it is new."""
        place = self._root
        for segment in path.split("/")[1:]:
            place = place.step(segment)
        return place

    def find(self, path: str) -> tuple[Place, dict[str, str]]:
        """The place at a path, one that serves nothing if there is none; and the path's variables.

        A variable is one segment, and not an empty one.
        """
        place, values = self._root, {}
        for segment in path.split("/")[1:]:
            below = place.below.get(segment)
            if below is None:
                if place.variable is None or not segment:
                    return Place(), {}
                name, below = place.variable
                values[name] = segment
            place = below
        return place, values
