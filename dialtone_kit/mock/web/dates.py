"""The `Date` of every answer, by the clock of the realm in its path (RFC 9110 §6.6.1)."""

from __future__ import annotations

import re
from email.utils import formatdate
from functools import lru_cache

from starlette.types import Message, Send

from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.store.store import StoreUnavailable

REALM = re.compile(r"/realms/([^/]+)")


async def dated(service: Service, path: str, send: Send) -> Send:
    """`send` with a `Date`, from which a client can learn how far off its own clock is.

    Outside a realm it is the machine's time. If the store can't say how far a realm's clock has
    been moved, there is no `Date` rather than a wrong one.
    """
    match = REALM.match(path)
    try:
        realm = await service.find_realm(match[1]) if match else None
    except StoreUnavailable:
        return send

    async def send_dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            now = clock.machine_now() if realm is None else clock.now(realm)
            message["headers"] = [(b"date", in_http(int(now))), *message["headers"]]
        await send(message)

    return send_dated


@lru_cache(maxsize=64)
def in_http(second: int) -> bytes:
    """`second` (Unix time) as HTTP writes it (RFC 9110 §5.6.7)."""
    return formatdate(second, usegmt=True).encode()
