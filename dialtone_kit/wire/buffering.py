"""A response whose body is in memory, so that it can be read on its way to the caller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import httpx


def buffered(response: httpx.Response, chunks: Iterable[bytes] | None = None) -> httpx.Response:
    """The same response with its body already read, from `chunks` or else from its own stream."""
    try:
        stream = cast(httpx.SyncByteStream, response.stream) if chunks is None else chunks
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=httpx.ByteStream(b"".join(stream)),
            extensions=response.extensions,
        )
    finally:
        response.close()
