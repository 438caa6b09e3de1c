"""The bag of loot of a room: the pieces for one request, and a few for the doors beyond it.

| piece | what it is |
|---|---|
| T, S, P1 … P6 | as in every bag; S is for another API |
| P7 | a proof made ahead, where a nonce is demanded |
| D | a token that lets you act for the agent, with the scope openid |
| R | the form with a used refresh token, from the owner's laptop |
| E | a pending enrollment of the same sponsor, and the codes that it may have |
| W, A | a workload's request for an SVID, and its sign-in without the SVID |
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from dialtone_kit.attacks.bag import Bag, Loot, owner
from dialtone_kit.attacks.calls import NotTried, Send, Target
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import mask_members
from dialtone_kit.base.reason import sentence
from dialtone_kit.base.typed_code import ALPHABET
from dialtone_kit.client.quiet import hiding
from dialtone_kit.lesson.room_victim import Robbed

LOCKS_AFTER = 5  # wrong codes
_ROBBED: WeakKeyDictionary[RoomBag, Robbed] = WeakKeyDictionary()  # a bag does not lead there


class Logged(dict[str, Any]):
    """A request's body as it was logged: send it on as `json=` or `data=`. It is shown masked."""

    def __init__(self, body: Mapping[str, Any], codes: tuple[Loot, ...] = ()) -> None:
        super().__init__(body)
        self.codes = codes  # those that the code of an enrollment may be

    def __repr__(self) -> str:
        return repr(mask_members(dict(self)))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Loot is never saved: it is secret, and soon worth nothing.")


class RoomBag(Bag):
    """The loot of one room, for reading the agent's notes. `me` is your client_id, for D."""

    __slots__ = ("_enrollment", "_me")

    def __init__(self, robbed: Robbed, target: Target, send: Send, me: Callable[[], str]) -> None:
        super().__init__(robbed.victim, target, send)
        self._me, self._enrollment = me, Logged({})
        _ROBBED[self] = robbed

    @property
    @hiding
    def P1(self) -> Loot:
        """A proof for the notes that the agent has just used."""
        try:
            return super().P1
        except NotTried as why:
            said = sentence(f"There is no P1: {why}")
            raise DialtoneError(
                f"{said} For a new room: room.close(), then lesson.room(n)."
            ) from None

    @property
    @hiding
    def P7(self) -> Loot:
        """A proof that the agent was made to sign ahead, so without a nonce."""
        _ = self.P1  # the agent has called before, so it has the nonce if there is one
        if not owner(self).nonce:
            raise DialtoneError(
                "Only room 8 has a P7. Where no nonce is demanded, a proof made ahead is as good "
                "as any other once its time comes."
            )
        return Loot(owner(self).proof(self.target, nonce=None), "P7, a proof made ahead")

    @property
    @hiding
    def D(self) -> Loot:
        """A token whose `may_act` names your own agent, with the scope openid."""
        return Loot(_ROBBED[self].delegated(self._me()), "D, a token that lets you act")

    @property
    @hiding
    def R(self) -> Logged:
        """The form of a token request with a refresh token that was used."""
        return Logged(_ROBBED[self].used_refresh)

    @property
    @hiding
    def E(self) -> Logged:
        """An enrollment without its code; in `codes`, those that it may be: the last letter is cut.

        The right one is never among the first five. A lucky guess would look like a hole.
        """
        robbed = _ROBBED[self]
        if not self._enrollment or not robbed.is_open(self._enrollment):
            body, code = robbed.pending()
            others = random.sample([one for one in ALPHABET if one != code[-1]], len(ALPHABET) - 1)
            others.insert(random.randint(LOCKS_AFTER, len(others)), code[-1])  # noqa: S311
            codes = tuple(Loot(code[:-1] + last, "a code") for last in others)
            self._enrollment = Logged(body, codes)
        return self._enrollment

    @property
    @hiding
    def W(self) -> Logged:
        """A workload's request for an SVID, with the challenge and the evidence that it used."""
        return Logged(_ROBBED[self].attested())

    @property
    @hiding
    def A(self) -> Logged:
        """The form with which that workload gets its token, without the SVID."""
        return Logged(_ROBBED[self].sign_in())


def robbed_of(bag: RoomBag) -> Robbed:
    """Whose loot it is: for the room, and for nobody else."""
    return _ROBBED[bag]
