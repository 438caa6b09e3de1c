"""The recorder for httpx2, the HTTP library of the MCP SDK's client: the same records, as it sends.

A response may be a stream of events that stays open. It passes through piece by piece, and is
recorded when it ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx
import httpx2

from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.wire.timing import Stopwatch

MOST = 1024 * 1024  # bytes of a response that are kept
Record = Callable[[httpx.Request, httpx.Response | None, Stopwatch, str], None]


class AsyncRecorder(httpx2.AsyncBaseTransport):
    """`inner`, with every round trip given to `record` once its response has ended."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, record: Record) -> None:
        self._inner, self._record = inner, record

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        sent, watch = _as_httpx(request, await request.aread()), Stopwatch()
        before = request.extensions.get("trace")

        async def trace(event: str, info: Any) -> None:
            watch.trace(event, info)
            if before is not None:
                await before(event, info)

        request.extensions["trace"] = trace
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.TransportError, DialtoneError) as error:
            self._record(sent, None, watch, masked(str(error)) or "no response")
            raise

        def ended(body: bytes) -> None:
            self._record(sent, _received(response, body), watch, "")

        stream = _Recorded(cast(httpx2.AsyncByteStream, response.stream), ended)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=stream,
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Recorded(httpx2.AsyncByteStream):
    """A stream that passes on what comes, and reports it once: when it is closed."""

    def __init__(self, inner: httpx2.AsyncByteStream, ended: Callable[[bytes], None]) -> None:
        self._inner, self._ended = inner, ended
        self._body, self._open = bytearray(), True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._body += piece[: MOST - len(self._body)]
            yield piece

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            if self._open:
                self._open = False
                self._ended(bytes(self._body))


def _as_httpx(request: httpx2.Request, content: bytes) -> httpx.Request:
    return httpx.Request(
        request.method,
        str(request.url),
        headers=request.headers.raw,
        content=content,
        extensions=request.extensions,
    )


def _received(response: httpx2.Response, body: bytes) -> httpx.Response:
    """The response with its body, unpacked if the whole of it came."""
    status, fields = response.status_code, response.headers.raw
    made = httpx.Response(
        status, headers=fields, stream=httpx.ByteStream(body), extensions=response.extensions
    )
    try:
        made.read()
    except httpx.DecodingError:  # it broke off, or it never was what it says
        return httpx.Response(status, headers=fields, content=b"")
    return made
