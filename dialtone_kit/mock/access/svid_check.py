"""A client that shows a JWT-SVID instead of a secret: who checks it.

The room of SPIFFE is above this one, so app.py puts its check into the service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dialtone_kit.mock.core.service import Service

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"


@dataclass(frozen=True)
class SvidCheck:
    """`who`: the SPIFFE ID in a JWT-SVID made for the given audience. Raises TokenRefused."""

    who: Callable[[Service, str, str], Awaitable[str]]
