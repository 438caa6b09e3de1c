"""The bag of loot: what a careless proxy logged of one agent. There is no private key in it.

| piece | what it is |
|---|---|
| T | the agent's token |
| S | a smaller token, bound to the same key |
| P1 | a proof that was used |
| P2 | an unused proof for another method |
| P3 | an unused proof for another host |
| P4 | an unused proof for S |
| P5 | a proof that is half an hour old |
| P6 | a JWT by the same key that is no proof |

No single piece opens a sound verifier. T with an unused, fresh proof for this very request would,
once: that is no attack on a verifier, it is the request.
"""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from dialtone_kit.attacks.calls import NotTried, Send, Target
from dialtone_kit.attacks.victim import Victim

OLD = 30 * 60  # seconds
EVIL = "evil.example"
PIECES = ("T", "S", "P1", "P2", "P3", "P4", "P5", "P6")
_OWNERS: WeakKeyDictionary[Bag, Victim] = WeakKeyDictionary()  # a bag does not lead to its victim


class Loot(str):
    """A found token or proof: a string to send, that shows only what it is."""

    __slots__ = ("_what",)
    _what: str

    def __new__(cls, text: str, what: str) -> Loot:
        loot = super().__new__(cls, text)
        loot._what = what
        return loot

    def __repr__(self) -> str:
        return f"<{self._what}, {len(self)} characters>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Loot is never saved: it is secret, and soon worth nothing.")


class Bag:
    """The loot for one request. Proofs age, so each is made when it is taken out.

    `send` carries the agent's own request, with which P1 is used up; `ok` is the status that it
    is answered with.
    """

    __slots__ = ("__weakref__", "_ok", "_send", "target")

    def __init__(self, victim: Victim, target: Target, send: Send, ok: int = 200) -> None:
        self.target, self._send, self._ok = target, send, ok
        _OWNERS[self] = victim

    @property
    def T(self) -> Loot:
        """The agent's token for the target."""
        return Loot(owner(self).token(), "the token T")

    @property
    def S(self) -> Loot:
        """A smaller token, bound to the same key. Raises NotTried if the issuer gives none."""
        smaller = owner(self).token("smaller")
        if smaller == self.T:
            raise NotTried("the issuer gives the same token again, so there is no smaller one")
        return Loot(smaller, "the smaller token S")

    @property
    def P1(self) -> Loot:
        """A proof for the target that the agent has just used. Raises NotTried if it can't be."""
        victim = owner(self)
        for _ in range(2):  # the second time with the nonce that was demanded
            proof = victim.proof(self.target)
            answer = victim.hear(self._send(victim.call(self.target, proof)))
            if not answer.demands_nonce:
                break
        if not answer.lets_in(self._ok):
            raise NotTried(f"the agent's own request was refused ({answer.status})")
        return Loot(proof, "the used proof P1")

    @property
    def P2(self) -> Loot:
        """An unused proof for the same URL and another method."""
        other = "GET" if self.target.method == "POST" else "POST"
        return Loot(owner(self).proof(self.target, htm=other), f"P2, an unused proof for {other}")

    @property
    def P3(self) -> Loot:
        """An unused proof that the agent made for a tool at another host."""
        parts = urlsplit(self.target.url)
        htu = f"{parts.scheme}://{EVIL}{parts.path}"
        return Loot(owner(self).proof(self.target, htu=htu), f"P3, an unused proof for {EVIL}")

    @property
    def P4(self) -> Loot:
        """An unused proof for the target, made for S."""
        return Loot(owner(self).proof(self.target, token=self.S), "P4, an unused proof for S")

    @property
    def P5(self) -> Loot:
        """A proof that is half an hour old."""
        victim = owner(self)
        proof = victim.proof(self.target, iat=int(victim.now()) - OLD)
        return Loot(proof, "P5, a proof that is half an hour old")

    @property
    def P6(self) -> Loot:
        """A JWT that the agent signed with the same key for something else."""
        return Loot(owner(self).proof(self.target, header={"typ": "JWT"}), "P6, a JWT of typ JWT")

    def __repr__(self) -> str:
        return f"<bag with {', '.join(PIECES)}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A bag of loot is never saved.")


def owner(bag: Bag) -> Victim:
    """The agent whose loot it is: for attacks that need more than a piece, and for nobody else."""
    return _OWNERS[bag]
