"""One call of a teaching control, on a connection whose other end has just proved itself."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import httpx

from dialtone_kit.base.errors import NotThisService, ServiceUnreachable
from dialtone_kit.client.quiet import hiding
from dialtone_kit.client.responses import read_json
from dialtone_kit.local.challenge import MAX_BYTES, control_token, proven
from dialtone_kit.local.record import Record


@hiding  # the control token in its frame
def call(
    record: Record,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The reply's JSON. Members of `body` and `query` that are None are not sent.

    Raises ServiceError when the service refuses, ServiceUnreachable when it is not there or not
    ours.
    """
    headers = {"Authorization": f"Bearer {control_token(record)}"}
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(_given(body)).encode(), "application/json"
    if query:
        path += f"?{urlencode(_given(query))}"
    try:
        with proven(record) as connection:
            connection.request(method, path, data, headers)
            reply = connection.getresponse()
            content = reply.read(MAX_BYTES)
        if not content and reply.status < 300:
            return {}
        return read_json(
            httpx.Response(
                reply.status,
                headers=reply.getheaders(),
                content=content,
                request=httpx.Request(method, record.base_url + path),
            )
        )
    except (OSError, HTTPException, NotThisService):
        whose = "The class's" if record.class_name else "The local"
        raise ServiceUnreachable(
            f"{whose} service stopped in the middle of its reply. Run this again."
        ) from None


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
