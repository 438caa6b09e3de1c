"""The attacks of lesson 11 as a list for a security team: what stops each, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from dialtone_kit.attacks.beyond import BEYOND
from dialtone_kit.attacks.catalogue import ATTACKS, Attack
from dialtone_kit.base.display import CODE, WIDTH, Shown
from dialtone_kit.base.masking import escaped

NOTHING = "nothing"
_CELL = 'style="text-align: left; overflow-wrap: anywhere"'  # so that it fits a narrow screen
# What no rule stops, wherever it's on. These have no room.
LEFT_OPEN = (
    Attack(
        21,
        "A changed body",
        NOTHING,
        "RFC 9449 §11.7",
        ("ASI07",),
        "A proof says nothing about the body: TLS has to protect it.",
        "M22",
        (),
    ),
    Attack(
        22,
        "A phished approval",
        NOTHING,
        "RFC 8628 §5.4",
        ("ASI03", "ASI09"),
        "A person said yes to a code that someone else had started: only that person can look.",
        "M28",
        (),
    ),
    Attack(
        23,
        "A stolen client secret",
        NOTHING,
        "RFC 6749 §10.1",
        ("ASI03", "MCP01"),
        "The secret gets new tokens, bound to the thief's key: keep it safe, or have none.",
        "",
        (),
    ),
)


def all_attacks() -> tuple[Attack, ...]:
    """Those on a verifier, those on the doors where tokens are issued, and what nothing stops."""
    return tuple(sorted((*ATTACKS, *BEYOND, *LEFT_OPEN), key=attrgetter("number")))


def attack_list() -> Shown:
    """The list as a table, to copy into a document."""
    rows = [
        (str(one.number), one.name, one.rule, one.section, ", ".join(one.owasp))
        for one in all_attacks()
    ]
    head = ("no.", "attack", "stopped by", "source", "OWASP")
    text = "\n".join(_line(row) for row in (head, *rows))
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    names = "".join(f'<th scope="col" {_CELL}>{escaped(name)}</th>' for name in head)
    html = (
        f'<div style="{WIDTH}"><table aria-label="Attacks" style="margin: 0">'
        f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Shown(html, text)


def _cells(row: Iterable[str]) -> str:
    number, name, rule, *others = row
    stopped = (
        f"<b>{rule}</b>" if rule == NOTHING else f'<span style="{CODE}">{escaped(rule)}</span>'
    )
    cells = (escaped(number), escaped(name), stopped, *map(escaped, others))
    return "".join(f"<td {_CELL}>{cell}</td>" for cell in cells)


def _line(row: tuple[str, ...]) -> str:
    number, name, rule, section, owasp = row
    return f"{number:>3}  {name:<47}  {rule:<20}  {section:<24}  {owasp}".rstrip()
