"""Loot in the hands of a second process, which gets it by standard input and in no other way.

Arguments are in the machine's list of processes, an environment is inherited by every child, and a
file stays. What goes through a pipe is gone when it was read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from dialtone_kit.base.errors import DialtoneError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import Credentials
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.tokens import Token, read_unverified, text_of

COMMAND = (
    "-P",
    "-m",
    "dialtone_kit.lesson.thief",
)  # -P: a file of the notebooks' folder isn't ours
LONGEST = 60.0  # seconds for all that the process does
Find = Token | Secret | str | Credentials


def robbed(
    clients: Iterable[IdentityClient], method: str, url: str, finds: Sequence[Find]
) -> list[httpx.Response]:
    """What `url` and the token endpoint answered to a second process that holds only `finds`.

    Raises ServiceUnreachable if it got no answer, DialtoneError if something else went wrong.
    """
    clocks = {client.issuer: client.connection.now() - time.time() for client in clients}
    order = {"method": method, "url": url, "finds": [_loot(find, clocks) for find in finds]}
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own arguments)
            [sys.executable, *COMMAND],
            input=json.dumps(order),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote what it was given
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DialtoneError(f"The second process had not ended after {LONGEST:.0f} s.") from None
    if done.returncode:
        raise DialtoneError(f"The second process ended with exit code {done.returncode}.")
    return [_response(json.loads(line), url) for line in done.stdout.splitlines()]


def _loot(find: Find, clocks: dict[str, float]) -> dict[str, Any]:
    """The find as text, with how far the clock of its realm is `ahead`, in seconds."""
    if isinstance(find, Credentials):
        if find.client_secret is None:
            raise DialtoneError("This client has no secret that could be found.")
        return {
            "client_id": find.client_id,
            "client_secret": find.client_secret.reveal(),
            "scope": " ".join(find.granted_scopes) or "openid",
            "token_endpoint": find.token_endpoint,
            "ahead": clocks.get(find.issuer, 0.0),
        }
    if not isinstance(find, Token | Secret | str):
        got = type(find).__name__
        raise DialtoneError(f"A thief spends a token or a client's credentials; this is a {got}.")
    token = text_of(find)
    issuer = read_unverified(token).claims.get("iss")
    return {"token": token, "ahead": clocks.get(str(issuer), 0.0)}


def _response(line: dict[str, Any], url: str) -> httpx.Response:
    if "problem" in line:
        raise ServiceUnreachable(line["problem"])
    sent = httpx.Request(
        line["method"],
        httpx.URL(url).copy_with(path=line["path"]),
        headers={"Authorization": f"{line['scheme']} kept"},
    )
    headers = [(name, value) for name, value in line["headers"]]
    return httpx.Response(
        line["status"],
        headers=headers,
        content=json.dumps(line["body"]).encode(),
        request=sent,
        extensions={"by": "thief"},
    )
