"""What the pages at a lesson's end are made of: a frame, sections, tables, chips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialtone_kit.base.display import BORDER, FAINT, INK, PAPER, WIDTH

FRAME = (
    f"{WIDTH}; padding: 4px 20px 16px; border: {BORDER}; border-radius: 8px; "
    f"color: {INK}; background: {PAPER}"
)
_HEADING = "margin: 18px 0 6px; font-size: 15px; font-weight: 600"
_CELL = (
    f"padding: 10px 16px 10px 0; border: 0; border-top: {BORDER}; text-align: left; "
    "vertical-align: top; font-weight: 400; white-space: normal"
)
_CHIP = (
    "display: inline-block; padding: 0 9px; border-radius: 999px; font-size: 12px; "
    "line-height: 20px; white-space: nowrap; border: 1px solid "
)


def section(heading: str, content: str) -> str:
    """`content`, HTML, under a heading."""
    return f'<h4 style="{_HEADING}">{heading}</h4>{content}'


def chip(text: str, tone: str) -> str:
    """A few words in a frame of the colour `tone`."""
    return f'<span style="{_CHIP}{tone}">{text}</span>'


def table(
    label: str, names: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]
) -> str:
    """A table of HTML cells, the first of each row a heading. `widths` are in percent."""
    cell = f'<th scope="col" style="{_CELL}; border: 0; padding-bottom: 4px; color: {FAINT}">'
    head = "".join(f"{cell}{name}</th>" for name in names)
    columns = "".join(f'<col style="width: {width}%">' for width in widths)
    return (
        f'<table aria-label="{label}" style="width: 100%; margin: 0; '
        f'border-collapse: collapse"><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(map(_row, rows))}</tbody></table>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    rest = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in others)
    return (
        '<tr style="background: none; break-inside: avoid">'
        f'<th scope="row" style="{_CELL}">{first}</th>{rest}</tr>'
    )
