"""The attacks of lesson 11 as a list for a security team: what stops each, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dialtone_kit.attacks.catalogue import ATTACKS
from dialtone_kit.base.display import CODE, WIDTH, Shown
from dialtone_kit.base.masking import escaped

NOTHING = "nothing"


@dataclass(frozen=True)
class Entry:
    """One attack: the rule that stops it, where that is said, and its risks in OWASP's lists."""

    number: int
    name: str
    rule: str
    section: str
    owasp: tuple[str, ...]


# Those that no verifier of proofs can be asked about: rooms of the lab, and what no rule stops.
BEYOND = (
    Entry(
        15,
        "Another client's token exchanged without leave",
        "foreign_needs_leave",
        "RFC 8693 §4.4",
        ("ASI03", "MCP07"),
    ),
    Entry(16, "A wider scope by exchange", "scope_narrows", "RFC 9700 §2.3", ("ASI03", "MCP02")),
    Entry(
        17, "A used refresh token again", "refresh_is_new", "RFC 9700 §4.14.2", ("ASI03", "MCP01")
    ),
    Entry(18, "A code found by guessing", "codes_lock", "RFC 6749 §10.10", ("ASI03", "MCP07")),
    Entry(19, "A challenge used again", "challenge_is_new", "RFC 9334 §10", ("ASI03", "ASI07")),
    Entry(20, "A discovery document that lies", "issuer_is_asked", "RFC 8414 §3.3", ("ASI07",)),
    Entry(21, "A changed body", NOTHING, "RFC 9449 §11.7", ("ASI07",)),
    Entry(22, "A phished approval", NOTHING, "RFC 8628 §5.4", ("ASI03", "ASI09")),
    Entry(23, "A stolen client secret", NOTHING, "RFC 6749 §10.1", ("ASI03", "MCP01")),
)


def entries() -> tuple[Entry, ...]:
    """The attacks that `dialtone probe` makes, then those beyond a verifier's reach."""
    probed = (Entry(a.number, a.name, a.rule, a.section, a.owasp) for a in ATTACKS)
    return (*probed, *BEYOND)


def attack_list() -> Shown:
    """The list as a table, to copy into a document."""
    rows = [
        (str(one.number), one.name, one.rule, one.section, ", ".join(one.owasp))
        for one in entries()
    ]
    head = ("no.", "attack", "stopped by", "source", "OWASP")
    text = "\n".join(_line(row) for row in (head, *rows))
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    names = "".join(
        f'<th scope="col" style="text-align: left">{escaped(name)}</th>' for name in head
    )
    html = (
        f'<div style="{WIDTH}; overflow-x: auto"><table aria-label="Attacks" style="margin: 0">'
        f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Shown(html, text)


def _cells(row: Iterable[str]) -> str:
    number, name, rule, *others = row
    stopped = (
        f"<b>{rule}</b>" if rule == NOTHING else f'<span style="{CODE}">{escaped(rule)}</span>'
    )
    cells = (escaped(number), escaped(name), stopped, *map(escaped, others))
    return "".join(f'<td style="text-align: left">{cell}</td>' for cell in cells)


def _line(row: tuple[str, ...]) -> str:
    number, name, rule, section, owasp = row
    return f"{number:>3}  {name:<47}  {rule:<20}  {section:<24}  {owasp}".rstrip()
