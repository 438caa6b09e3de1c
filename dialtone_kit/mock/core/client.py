"""A registered client, as the store knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

CLIENT_ID = re.compile(r"cli_[a-z0-9_]{1,64}")


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
