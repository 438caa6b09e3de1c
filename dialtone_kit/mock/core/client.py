"""A registered client, as read from the store."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialtone_kit.mock.schemas.formats import CLIENT_ID_PATTERN

CLIENT_ID = re.compile(CLIENT_ID_PATTERN)


@dataclass(frozen=True)
class Client:
    """Who calls. `public`: anyone can name it. `locked`: its owner locked it.

    `spiffe_id`: the workload that it is, if it authenticates with its JWT-SVID.
    """

    client_id: str
    realm: str
    client_name: str
    scopes: tuple[str, ...]
    sponsor: str
    public: bool = False
    locked: bool = False
    spiffe_id: str | None = None
