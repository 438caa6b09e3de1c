"""What goes to a verifier, and what comes back: raw, since an attack may be no proper request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from dialtone_kit.base.challenges import challenges

Fields = tuple[tuple[str, str], ...]
REFUSING = (400, 401)  # the statuses under which a nonce may be demanded (RFC 9449 §8, §9)


class NotTried(Exception):
    """This can't be tried against this verifier; the message says why."""


@dataclass(frozen=True)
class Target:
    """The request that every call tries to make."""

    method: str
    url: str


@dataclass(frozen=True, repr=False)
class Call:
    """A request as it is sent: its header fields in order, each as often as it comes.

    It holds a token, so it shows none and can't be pickled.
    """

    method: str
    url: str
    fields: Fields

    def values(self, name: str) -> list[str]:
        """The values of all fields of that name, in any case."""
        return [value for other, value in self.fields if other.lower() == name.lower()]

    def __repr__(self) -> str:
        return f"<Call {self.method}, {len(self.fields)} header fields>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A call holds a token and a proof, and never leaves its process.")


@dataclass(frozen=True, repr=False)
class Answer:
    """What a verifier said: a status, header fields, and the reason where it gives one."""

    status: int
    fields: Fields = ()
    reason: str = ""

    def value(self, name: str) -> str:
        """The value of the first field of that name, or nothing."""
        return next((value for other, value in self.fields if other.lower() == name.lower()), "")

    @property
    def nonce(self) -> str:
        """The nonce for the next proof, if one was handed out (RFC 9449 §8)."""
        return self.value("DPoP-Nonce")

    @property
    def error(self) -> str:
        """The code in the challenge for DPoP, or else in the first one that has any."""
        fields = [value for name, value in self.fields if name.lower() == "www-authenticate"]
        told = [one for field in fields for one in challenges(field) if "error" in one.parameters]
        told.sort(key=lambda one: one.scheme.lower() != "dpop")
        return told[0].parameters["error"] if told else ""

    @property
    def demands_nonce(self) -> bool:
        """Whether only a nonce is missing, and one came along."""
        refused = self.status in REFUSING and self.error == "use_dpop_nonce"
        return refused and bool(self.nonce)

    def lets_in(self, ok: int) -> bool:
        """Whether the call got past the verifier: the status of a good one, or any success."""
        return self.status == ok or 200 <= self.status < 300

    def __repr__(self) -> str:
        return f"<Answer {self.status}>"


Send = Callable[[Call], Answer]
