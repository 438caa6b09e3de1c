"""The kit's pictures: one visual language, drawn as inline SVG that follows the page's theme.

An agent is a rounded box in blue, a service a box with a double top line in green, a token a
ticket in teal, a proof a sealed paper in orange, a key amber, and a refusal red. Each picture has
a title, its whole content in words for those who can't see it, and the same words to unfold.
"""

from __future__ import annotations

import secrets
import textwrap

from dialtone_kit.base.display import WIDTH
from dialtone_kit.base.masking import escaped

LIGHT = {
    "agent": "#0969da",
    "service": "#1a7f37",
    "sponsor": "#8250df",
    "key": "#9a6700",
    "token": "#0a7b83",
    "proof": "#bc4c00",
    "refused": "#cf222e",
    "ink": "var(--jp-content-font-color1, #1f2328)",
    "faint": "var(--jp-ui-font-color2, #59636e)",
    "paper": "var(--jp-layout-color0, #ffffff)",
    "line": "var(--jp-border-color1, #c8c8c8)",
}
DARK = {
    "agent": "#58a6ff",
    "service": "#3fb950",
    "sponsor": "#bc8cff",
    "key": "#d29922",
    "token": "#39c5cf",
    "proof": "#f0883e",
    "refused": "#ff7b72",
    "ink": "var(--jp-content-font-color1, #f0f6fc)",
    "faint": "var(--jp-ui-font-color2, #9198a1)",
    "paper": "var(--jp-layout-color0, #0d1117)",
    "line": "var(--jp-border-color1, #616161)",
}
# The system's own colours, where it forces them: the browser forces them on HTML, not on shapes.
_FORCED = dict.fromkeys(LIGHT, "CanvasText !important") | {"paper": "Canvas !important"}
MONO, SANS, STRONG, HALO = "dk-mono", "dk-sans", "dk-mono dk-strong", "dk-mono dk-halo"
CHARACTER = 7.3  # pixels: the width of a character of 12 px in the fonts of JupyterLab
LINE = 16  # pixels from one line of text to the next


def figure(title: str, words: str, shapes: str, width: float, height: float) -> str:
    """The picture `shapes` (SVG) in its frame, with `words` that say all that is in it."""
    name = f"dk-{secrets.token_hex(4)}"
    return (
        f'<div class="dk-picture"><style>{_STYLE}</style>'
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" xmlns="http://www.w3.org/2000/svg" '
        f'role="img" aria-labelledby="{name}-t" aria-describedby="{name}-d" '
        f'style="max-width: {width:.0f}px; min-width: {_least(width):.0f}px">'
        f'<title id="{name}-t">{escaped(title)}</title>'
        f'<desc id="{name}-d">{escaped(words)}</desc>{shapes}</svg>'
        f"<details><summary>The same in words</summary><pre>{escaped(words)}</pre></details></div>"
    )


def _least(width: float) -> float:
    """The width below which a picture scrolls: smaller, its text could not be read."""
    return min(width, max(560, width * 0.8))


def paint(role: str) -> str:
    """The colour of `role`, such as "agent", as CSS."""
    return f"var(--dk-{role})"


def text(
    x: float, y: float, content: str, role: str = "ink", *, style: str = MONO, anchor: str = "start"
) -> str:
    """One line of text with its baseline at `y`; `style` names classes of the style sheet."""
    return (
        f'<text class="{style}" text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}" '
        f'style="fill: {paint(role)}">{escaped(content)}</text>'
    )


def lines(x: float, y: float, content: list[str], role: str = "ink", *, style: str = MONO) -> str:
    """Lines of text, one below the other; the first has its baseline at `y`."""
    return "".join(text(x, y + LINE * n, one, role, style=style) for n, one in enumerate(content))


def wrapped(content: str, width: float) -> list[str]:
    """`content` in lines that fit into `width` pixels. Mask it first: half of one isn't recognised.

    Paths are broken behind a slash, so that they can be read.
    """
    limit = max(12, int(width / CHARACTER))
    spaced = content.replace("/", "/\u200b")  # where a line may end
    broken: list[str] = []
    for word in spaced.split(" "):
        broken += _pieces(word, limit)
        broken[-1] += " "
    return _filled(broken, limit)


def _pieces(word: str, limit: int) -> list[str]:
    parts = word.split("\u200b")
    return [piece for part in parts for piece in (textwrap.wrap(part, limit) or [part])]


def _filled(pieces: list[str], limit: int) -> list[str]:
    filled = [""]
    for piece in pieces:
        if filled[-1] and len(filled[-1] + piece.rstrip()) > limit:
            filled.append("")
        filled[-1] += piece
    return [line.rstrip() for line in filled]


def stroke(
    path: str, role: str, *, width: float = 1.4, dashed: bool = False, fill: str = ""
) -> str:
    """A path with an outline in the colour of `role`; `fill` is a role too."""
    dash = "; stroke-dasharray: 6 4" if dashed else ""
    inside = paint(fill) if fill else "none"
    return (
        f'<path d="{path}" style="stroke: {paint(role)}; stroke-width: {width}; '
        f'fill: {inside}{dash}"/>'
    )


def arrow(start: float, end: float, y: float, role: str, *, dashed: bool = False) -> str:
    """An arrow from x `start` to x `end` at height `y`."""
    back = -9 if end > start else 9
    head = f'<path d="M{end:.1f} {y} l{back} -5 v10 z" style="fill: {paint(role)}"/>'
    return stroke(f"M{start:.1f} {y} H{end + back / 2:.1f}", role, width=1.6, dashed=dashed) + head


def agent_box(x: float, y: float, width: float, height: float) -> str:
    """The agent: a rounded box, centred at `x`."""
    shape = f'x="{x - width / 2:.1f}" y="{y}" width="{width}" height="{height}" rx="12"'
    return (
        f'<rect {shape} style="fill: {paint("paper")}; stroke: {paint("agent")}" class="dk-box"/>'
    )


def service_box(x: float, y: float, width: float, height: float) -> str:
    """A service: a box with a flat double top line, centred at `x`."""
    left = x - width / 2
    shape = f'x="{left:.1f}" y="{y}" width="{width}" height="{height}"'
    box = (
        f'<rect {shape} style="fill: {paint("paper")}; stroke: {paint("service")}" class="dk-box"/>'
    )
    return box + stroke(f"M{left:.1f} {y + 5} h{width}", "service", width=1.8)


def token_glyph(x: float, y: float) -> str:
    """A ticket with notched sides, 16 by 11 pixels, its top left at `x`, `y`."""
    notches = "h16 v3 a2.5 2.5 0 0 0 0 5 v3 h-16 v-3 a2.5 2.5 0 0 0 0 -5 z"
    return stroke(f"M{x:.1f} {y} {notches}", "token", fill="paper") + stroke(
        f"M{x + 6:.1f} {y + 2} v7", "token", width=1, dashed=False
    )


def proof_glyph(x: float, y: float) -> str:
    """A paper with a seal, 11 by 13 pixels, its top left at `x`, `y`."""
    paper = stroke(f"M{x:.1f} {y - 1} h7 l4 4 v9 h-11 z", "proof", fill="paper")
    seal = f'<circle cx="{x + 7.5:.1f}" cy="{y + 8}" r="2.6" style="fill: {paint("proof")}"/>'
    return paper + seal


def _rules(selector: str, colours: dict[str, str]) -> str:
    values = "; ".join(f"--dk-{name}: {colour}" for name, colour in colours.items())
    return f"{selector} {{ {values} }}"


_THEMES = " ".join(
    (
        _rules(".dk-picture", LIGHT),
        f"@media (prefers-color-scheme: dark) {{ {_rules('.dk-picture', DARK)} }}",
        _rules(':is([data-jp-theme-light="true"], .vscode-light) .dk-picture', LIGHT),
        _rules(':is([data-jp-theme-light="false"], .vscode-dark) .dk-picture', DARK),
        f"@media (forced-colors: active) {{ {_rules('.dk-picture', _FORCED)} }}",
    )
)
_STYLE = (
    f"{_THEMES} "
    f".dk-picture {{ {WIDTH}; "
    "overflow-x: auto; margin: 4px 0 8px; padding: 8px 12px; "
    "border: 1px solid var(--dk-line); border-radius: 8px; background: var(--dk-paper); "
    "color: var(--dk-ink) } "
    ".dk-picture svg { display: block; width: 100%; height: auto } "
    ".dk-picture .dk-mono { font: 12px var(--jp-code-font-family, monospace) } "
    ".dk-picture .dk-sans { font: 12.5px var(--jp-ui-font-family, sans-serif) } "
    ".dk-picture .dk-strong { font-weight: 700 } "
    ".dk-picture .dk-box { stroke-width: 1.8 } "
    ".dk-picture .dk-halo { paint-order: stroke; stroke: var(--dk-paper); stroke-width: 4px; "
    "stroke-linejoin: round } "
    ".dk-picture details { margin: 6px 0 0; font-size: 13px } "
    ".dk-picture summary { cursor: pointer; color: var(--dk-faint) } "
    ".dk-picture pre { margin: 4px 0 0; padding: 0; background: none; color: inherit; "
    "white-space: pre-wrap; overflow-wrap: anywhere; "
    "font: 12px/1.5 var(--jp-code-font-family, monospace) }"
)
