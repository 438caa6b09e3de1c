"""Who may have which scope: a realm's list decides. Administrative scopes are on none."""

from __future__ import annotations

from collections.abc import Sequence

from dialtone_kit.mock.answers import Refusal
from dialtone_kit.mock.settings import Realm


def may_register(realm: Realm, email: str, scopes: Sequence[str]) -> None:
    """403 access_denied unless the domain of `email` may register every one of `scopes`."""
    denied = [scope for scope in scopes if scope not in realm.scopes]
    if denied:
        domain = email.rpartition("@")[2]
        raise Refusal(
            403,
            "access_denied",
            f"Scope not permitted for {domain}: {' '.join(denied)}. "
            f"This realm grants {' '.join(realm.scopes)}.",
        )
