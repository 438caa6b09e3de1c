"""The tokens of one issuer, verified with its published keys by a server that strangers call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable, TokenRefused
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.tokens import verify_token

PAUSE = 10.0  # seconds
KEPT = 300.0  # seconds that keys are used: then one that the issuer has withdrawn is forgotten


class IssuerTokens:
    """Verifies access tokens of `client.issuer`, at the time of `client`'s clock.

    The keys are fetched when the first token comes, again every KEPT seconds, and for a `kid` that
    is not known yet. Anyone can make one up, so that happens at most every PAUSE seconds, however
    many ask; `clock` gives seconds. Meanwhile, and while the issuer is down, tokens by known keys
    are not held up.
    """

    def __init__(
        self, client: IdentityClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._clock = client, clock
        self._keys: dict[str, Any] = {}
        self._fetch_from, self._lock = clock(), asyncio.Lock()
        self._renew_from = float("inf")
        self._problem = ""

    async def verify(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of `token`, made for `audience`. Raises TokenRefused, naming the check.

        Raises ServiceUnreachable if the issuer's keys are needed and can't be had now.
        """
        if self._clock() >= self._renew_from and not self._lock.locked():
            async with self._lock:
                await self._fetch()
        try:
            return self._verified(token, audience)
        except TokenRefused as refusal:
            if refusal.rule != "kid":
                raise
        async with self._lock:
            if self._clock() >= self._fetch_from:
                await self._fetch()
        if self._problem:
            raise ServiceUnreachable(self._problem)
        return self._verified(token, audience)

    def _verified(self, token: str, audience: str) -> dict[str, Any]:
        client = self._client
        now = client.connection.now()
        return verify_token(token, self._keys, client.issuer, now=now, audience=audience)

    async def _fetch(self) -> None:
        line, kept = self._client.connection, PAUSE
        try:
            self._keys = await run_in_threadpool(line.jwks, line.issuer, anew=True)
            self._problem, kept = "", KEPT
        except DialtoneError as problem:
            self._problem = f"The issuer's keys can't be had now. {problem}"
        finally:  # from its end on: whoever waited for it while the issuer hung need not wait again
            now = self._clock()
            self._fetch_from, self._renew_from = now + PAUSE, now + kept
