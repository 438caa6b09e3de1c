"""What a learner's code may use of the judge's objects: named here, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.lesson.attack_room import AttackRoom
from dialtone_kit.lesson.lab_realm import LabAgent, LabRealm
from dialtone_kit.lesson.lesson import Lesson
from dialtone_kit.lesson.room_bag import RoomBag

CLIENT = (
    "call credentials endpoint exchange get_token http introspect issuer jwks metadata poll_device "
    "realm refresh revoke start_device verify"
)
REACH: Mapping[type, frozenset[str]] = {
    cls: frozenset(names.split())
    for cls, names in {
        Lesson: "api approve base_url client credentials http is_mock issuer lab_realm material "
        "misconception need_credentials number realm room stranger worst_code",
        IdentityClient: CLIENT,
        LabRealm: "agent client events issuer move_clock now offset policy realm remove",
        LabAgent: "client client_id key name",
        AttackRoom: "bag become call confirm_url http issuer lure me notes number svid_url "
        "token_endpoint",
        # The pieces of the bag: lesson/room_bag.py says what each is.
        RoomBag: "A D E P1 P2 P3 P4 P5 P6 P7 R S T W",
    }.items()
}


def reach(thing: object, name: str) -> Any:
    """The attribute `name` of `thing`, if a learner's code may use it."""
    for cls in type(thing).__mro__:
        if name in REACH.get(cls, frozenset()):
            return getattr(thing, name)
    raise AttributeError(f"{type(thing).__name__} has no {name} while an answer is graded")
