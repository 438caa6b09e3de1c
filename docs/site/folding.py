"""What gives a prediction away is folded below it, closed until a reader asks for it.

Below a prediction stands the next cell's code, as in the notebook, then the fold: the outcome, the
output of that cell, and everything down to the next heading, prediction or exercise.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dialtone_kit.base.display import prose
from docs.site.cells import begins_section, is_exercise, markdown, prediction_of
from tests.support.books import Cell

Outcome = Callable[[str], str]


@dataclass
class Fold:
    """Goes through the cells of a page and says where a fold opens and closes."""

    outcome: Outcome
    asked: str = ""  # the prediction whose code comes next
    is_open: bool = False
    made: list[Cell] = field(default_factory=list)

    def take(self, cell: Cell) -> None:
        prediction = prediction_of(cell)
        if self.is_open and (prediction or is_exercise(cell) or begins_section(cell)):
            self.close()
        if prediction:
            self.asked = prediction
            self.made.append(cell)
        elif self.asked and cell["cell_type"] == "code":
            self._open(cell)
        else:
            self.made.append(cell)

    def close(self) -> None:
        if self.is_open:
            self.made.append(markdown("</details>", f"{self.made[-1]['id']}-end"))
            self.is_open = False

    def _open(self, cell: Cell) -> None:
        start = opening(self.asked, self.outcome(self.asked))
        self.made += [{**cell, "outputs": []}, markdown(start, f"{cell['id']}-fold")]
        if cell["outputs"]:
            own = {**cell["metadata"], "tags": ["remove-input"]}
            self.made.append({**cell, "id": f"{cell['id']}-ran", "metadata": own})
        self.asked, self.is_open = "", True


def folded(cells: Iterable[Cell], outcome: Outcome) -> Iterator[Cell]:
    """`cells` with their folds; `outcome` says what came of a prediction."""
    fold = Fold(outcome)
    for cell in cells:
        fold.take(cell)
    fold.close()
    yield from fold.made


def opening(prediction: str, outcome: str) -> str:
    """The start of a fold: HTML without a blank line, so that Markdown keeps it whole."""
    return (
        f'<details class="fold" data-for="{html.escape(prediction)}">'
        f"<summary>Show what happens</summary>\n<p>{prose(outcome)}</p>"
    )
