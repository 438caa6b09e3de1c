"""A registered client, as the store knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialtone_kit.mock.schemas.formats import CLIENT_ID_PATTERN

CLIENT_ID = re.compile(CLIENT_ID_PATTERN)


@dataclass(frozen=True)
class Client:
    """A registered client, as stored."""

    client_id: str
    realm: str
    client_name: str
    scopes: tuple[str, ...]
    sponsor: str
    public: bool = False
    locked: bool = False
