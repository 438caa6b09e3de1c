"""What axe does not find on a page: motion, edges, focus that is not seen, what must be scrolled.

Each returns a line for everything that is wrong inside the CSS selector `within`.
"""

from __future__ import annotations

from typing import Any

from tests.support.lab import COLOURS

# The innermost name for an element that a reader of the report will recognise.
_NAME = """(node) => `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""} ` +
  `"${(node.getAttribute("aria-label") ?? node.textContent ?? "").trim().slice(0, 40)}"`"""
_ALL = """[...document.querySelectorAll(within)]
  .flatMap((one) => [one, ...one.querySelectorAll("*")])"""


def _look(page: Any, within: str, script: str) -> list[str]:
    assert page.locator(within).count(), f"nothing to look at: {within}"
    body = f"(within) => {{ const name = {_NAME}; const all = {_ALL}; {script} }}"
    lines: list[str] = page.evaluate(body, within)
    return lines


def moving(page: Any, within: str) -> list[str]:
    """What moves: animations under way, and transitions that would take time."""
    return _look(
        page,
        within,
        """
        const seconds = (list) => Math.max(...list.split(",").map(parseFloat));
        return all.filter((node) => {
          const style = getComputedStyle(node);
          return node.getAnimations().length || seconds(style.transitionDuration) > 0
            || (style.animationName !== "none" && seconds(style.animationDuration) > 0);
        }).map(name);
        """,
    )


def edgeless(page: Any, within: str) -> list[str]:
    """Controls without a border: forced colours take the ground away that showed where they are."""
    return _look(
        page,
        within,
        """
        const controls = "button, select, input:not([type=radio], [type=checkbox], [type=hidden])";
        return all.filter((node) => {
          const style = getComputedStyle(node);
          return node.matches(controls) && node.checkVisibility()
            && !style.textDecorationLine.includes("underline")
            && (style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) < 1);
        }).map(name);
        """,
    )


def faint_placeholders(page: Any, within: str) -> list[str]:
    """Placeholders with a contrast under 4.5 to their field, which axe does not look at."""
    script = (
        f"const colours = {COLOURS};"
        """
        return all.filter((node) => node.placeholder && node.checkVisibility()).map((node) => {
          const style = getComputedStyle(node, "::placeholder");
          const [r, g, b, a] = colours.rgba(style.color);
          const below = colours.ground(node);
          const ink = colours.over([r, g, b, a * style.opacity], below);
          return [colours.contrast(ink, below), `${node.placeholder}`];
        }).filter(([contrast]) => contrast < 4.5)
          .map(([contrast, text]) => `${contrast.toFixed(2)} ${text}`);
    """
    )
    return _look(page, within, script)


def sideways(page: Any, within: str) -> list[str]:
    """What sticks out of `within` to the right, or has to be moved sideways.

    Pictures and blocks of code may scroll in themselves, and only they.
    """
    return _look(
        page,
        within,
        """
        const scrolls = ".dk-picture, pre, .dk-wire";
        const roots = [...document.querySelectorAll(within)];
        return roots.flatMap((root) => {
          const edge = root.getBoundingClientRect().right + 1;
          const out = [...root.querySelectorAll("*")].filter((node) =>
            node.checkVisibility() && !node.parentElement.closest(scrolls)
            && getComputedStyle(node).clipPath === "none"
            && node.getBoundingClientRect().right > edge);
          return [...(root.scrollWidth > root.clientWidth + 1 ? [root] : []), ...out].map(name);
        });
        """,
    )


_TABBABLE = """
  const controls = "a[href], button, input, select, summary, [tabindex='0']";
  const group = (node) => node.type === "radio" && node.name;
  const first = (node) => {
    const peers = [...document.querySelectorAll(`input[name="${node.name}"]`)];
    return node === (peers.find((one) => one.checked) ?? peers.find((one) => !one.disabled));
  };
  const wanted = all.filter((node) => node.matches(controls) && node.tabIndex >= 0
    && node.type !== "hidden" && !node.disabled && node.checkVisibility()
    && (!group(node) || first(node)));
"""
_FOCUSED = f"""(within) => {{
  const name = {_NAME};
  const node = document.activeElement;
  if (!node || node === document.body || !node.closest(within)) return "";
  const style = getComputedStyle(node);
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  node.dataset.reached = "yes";
  return seen ? "" : `focus not seen: ${{name(node)}}`;
}}"""


def focus_first(page: Any, within: str) -> int:
    """Put the focus on the first control inside `within`, as the Tab key does; how many it has."""
    first = "document.activeElement?.blur(); wanted[0]?.focus(); return wanted.map(name);"
    return len(_look(page, within, _TABBABLE + first))


def unreachable(page: Any, within: str) -> list[str]:
    """Controls that the Tab key does not get to, and those that don't show that they have focus."""
    unseen = []
    for _ in range(focus_first(page, within) + 3):  # and what scrolls can have the focus too
        unseen += [line for line in [page.evaluate(_FOCUSED, within)] if line]
        page.keyboard.press("Tab")
    left = _TABBABLE + "return wanted.filter((node) => !node.dataset.reached).map(name);"
    return unseen + [f"no way by Tab: {one}" for one in _look(page, within, left)]


def nameless(page: Any, within: str) -> list[str]:
    """Groups, tables and pictures that a screen reader would announce without a name."""
    return _look(
        page,
        within,
        """
        const named = "section, table, fieldset, svg, [role=group], [role=img], [role=radiogroup]";
        return all.filter((node) => {
          const by = document.getElementById(node.getAttribute("aria-labelledby"));
          const own = by ?? node.querySelector(":scope > legend, :scope > title");
          return node.matches(named) && node.checkVisibility() && !node.closest("[aria-hidden]")
            && !(own?.textContent ?? node.getAttribute("aria-label") ?? "").trim();
        }).map(name);
        """,
    )
