"""The chain of vouching, drawn: who signed what for whom, and what a thief would need there."""

from __future__ import annotations

from dataclasses import dataclass

from dialtone_kit.base.display import Shown
from dialtone_kit.wire.picture import figure, lines, paint, service_box, stroke, text, wrapped

WIDTH, BOX, HIGH, GAP, LEFT = 760, 210, 46, 84, 14  # pixels


@dataclass(frozen=True)
class Link:
    """From one box to the next: what is signed, and what a thief there would need."""

    signed: str
    thief: str


@dataclass(frozen=True)
class Chain:
    """`boxes` from top to bottom, each a title and a line; between two of them a link."""

    boxes: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]


def chain_of(account: str, spiffe_id: str, sequence: int, peer: str) -> Chain:
    """The chain of one workload: platform, service, workload, peer."""
    return Chain(
        (
            ("Platform", "Kubernetes, with its own key"),
            ("Service", f"trust bundle number {sequence}"),
            ("Workload", spiffe_id),
            ("Peer", peer),
        ),
        (
            Link(
                f"evidence: this pod is {account}; for one challenge and one key",
                "to run as this service account, or the platform's key",
            ),
            Link(
                "an X.509-SVID: the holder of this key has this name, for an hour",
                "the workload's key, out of its memory",
            ),
            Link(
                "the TLS handshake, by the workload's key",
                "the same key: a copied certificate signs nothing",
            ),
        ),
    )


def vouching_picture(chain: Chain) -> Shown:
    """The chain from top to bottom."""
    words = "\n".join(_words(chain))
    shapes = "".join(_box(n, *box) for n, box in enumerate(chain.boxes))
    shapes += "".join(_link(n, link) for n, link in enumerate(chain.links))
    height = len(chain.boxes) * HIGH + len(chain.links) * GAP + 16
    return Shown(figure("The chain of vouching", words, shapes, WIDTH, height), words)


def _top(number: int) -> int:
    return 8 + number * (HIGH + GAP)


def _box(number: int, title: str, below: str) -> str:
    y = _top(number)
    role = "service" if number < 2 else "agent"
    if role == "service":
        box = service_box(LEFT + BOX / 2, y, BOX, HIGH)
    else:
        shape = f'x="{LEFT}" y="{y}" width="{BOX}" height="{HIGH}" rx="12"'
        box = (
            f'<rect {shape} style="fill: {paint("paper")}; stroke: {paint(role)}" class="dk-box"/>'
        )
    name = text(LEFT + BOX / 2, y + HIGH / 2 + 6, title, anchor="middle")
    return box + name + text(LEFT + BOX + 16, y + HIGH / 2 + 6, below)


def _link(number: int, link: Link) -> str:
    x, start = LEFT + BOX / 2, _top(number) + HIGH
    arrow = stroke(f"M{x} {start + 4} V{start + GAP - 10}", "proof", width=1.6)
    head = f'<path d="M{x} {start + GAP - 4} l-5 -9 h10 z" style="fill: {paint("proof")}"/>'
    room = WIDTH - x - 148
    signed = lines(x + 134, start + 24, wrapped(link.signed, room))
    thief = lines(x + 134, start + 60, wrapped(link.thief, room), "refused")
    return (
        arrow
        + head
        + text(x + 20, start + 24, "signs", "proof")
        + signed
        + text(x + 20, start + 60, "a thief needs", "refused")
        + thief
    )


def _words(chain: Chain) -> list[str]:
    told = []
    for (title, below), (following, _), link in zip(
        chain.boxes, chain.boxes[1:], chain.links, strict=False
    ):
        told.append(f"{title} ({below}) to {following.lower()}: it signs {link.signed}.")
        told.append(f"  A thief here would need {link.thief}.")
    title, below = chain.boxes[-1]
    return [*told, f"{title}: {below}."]
