"""A realm's nonces for proofs, in the realm's own time."""

from __future__ import annotations

from dialtone_kit.base.nonces import TimedNonces
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.settings import NONCE_PERIOD, Realm


def realm_nonces(key: bytes, purpose: str, realm: Realm) -> TimedNonces:
    """One realm's nonces for one purpose: the token endpoint's are of no use at a resource."""
    label = f"nonce|{purpose}|{realm.name}|"
    return TimedNonces(key, label, NONCE_PERIOD, lambda: clock.now(realm))
