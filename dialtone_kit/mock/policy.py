"""Who may have which scope: a realm's list decides. Administrative scopes are on none.

And who may exchange another client's token: nobody, as far as policy goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from dialtone_kit.mock import audit
from dialtone_kit.mock.answers import Refusal
from dialtone_kit.mock.client_auth import Client
from dialtone_kit.mock.service import Service
from dialtone_kit.mock.settings import Realm


@dataclass(frozen=True)
class Decision:
    """Allowed or not, by which policy, and in words for the one who asked."""

    allowed: bool
    policy: str
    why: str = ""


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


def may_exchange(
    service: Service,  # noqa: ARG001  (what policies will be asked about)
    realm: Realm,  # noqa: ARG001
    client: Client,  # noqa: ARG001
    owner: Client,  # noqa: ARG001
    *,
    subject: str,  # noqa: ARG001
    scopes: Sequence[str] = (),  # noqa: ARG001
) -> Decision:
    """Whether `client` may exchange a token that was issued to `owner`, with its own proof.

    No: a stolen token could be laundered. `subject` is the token's, `scopes` are those asked for. A
    token's own `may_act` is not looked at here.
    """
    return Decision(False, "default-deny", "No policy permits it.")


def record_decision(
    tx: Connection,
    realm: Realm,
    decision: Decision,
    action: str,
    resource: str,
    client_id: str | None = None,
    **details: object,
) -> None:
    """Write the decision into the audit trail, in the transaction of its effect."""
    audit.record(
        tx,
        realm,
        "authorization_decision",
        client_id,
        action=action,
        resource=resource,
        decision="allow" if decision.allowed else "deny",
        policy=decision.policy,
        **details,
    )
