"""How a resource that takes only DPoP turns a request away (RFC 6750 §3, RFC 9449 §7.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.base.errors import DialtoneError, ProofRefused
from dialtone_kit.base.reason import description

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 9110 §11.2
_HOW = "Send Authorization: DPoP <token>, with a proof in DPoP."
RETRY_AFTER = "5"  # seconds
MOST_FIELDS, MAX_HEAD = 200, 64 * 1024  # of a request; the second in bytes


class TurnedAway(DialtoneError):
    """A request that goes no further. Without an `error` it brought no credentials to speak of."""

    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(text)
        self.status, self.error = status, error


def check_head(fields: Sequence[tuple[bytes, bytes]]) -> None:
    """Raise TurnedAway for a head so long that the server would stand still over it.

    The SDK's work grows with the square of the number of fields (RFC 6585 §5).
    """
    if (
        len(fields) > MOST_FIELDS
        or sum(len(name) + len(value) for name, value in fields) > MAX_HEAD
    ):
        text = f"At most {MOST_FIELDS} header fields of {MAX_HEAD // 1024} KiB together, please."
        raise TurnedAway(431, "invalid_request", text)


def presented(fields: Sequence[str]) -> str:
    """The token in the `Authorization` fields that came. Raises TurnedAway unless it is DPoP's.

    Under Bearer no token serves here, bound or not: nobody would see a proof.
    """
    if len(fields) > 1:
        raise TurnedAway(400, "invalid_request", "Two Authorization headers came. Send one.")
    scheme, _, token = (fields[0] if fields else "").partition(" ")
    if scheme.lower() == "bearer":
        text = f"scheme: Bearer is the wrong scheme here. {_HOW} [M08]"
        raise TurnedAway(401, "invalid_token", text)
    if scheme.lower() != "dpop":
        raise TurnedAway(401, "", _HOW)
    if not _TOKEN.fullmatch(token.strip(" ")):
        raise TurnedAway(401, "invalid_token", f"That is no access token. {_HOW}")
    return token.strip(" ")


def refused(problem: DialtoneError, metadata_url: str, scopes: Sequence[str]) -> Response:
    """What a caller is told: the reason, in body and header alike, and where to get a token."""
    status, error = _status(problem)
    text = description(str(problem))
    parameters = {"error": error, "error_description": text if error else ""}
    parameters |= {"algs": " ".join(ALGORITHMS), "scope": " ".join(scopes)}
    parameters["resource_metadata"] = metadata_url
    written = ", ".join(f'{name}="{value}"' for name, value in parameters.items() if value)
    headers = {"WWW-Authenticate": f"DPoP {written}", "Cache-Control": "no-store"}
    body = {"error": error or "unauthorized", "error_description": text}
    return JSONResponse(body, status, headers)


def unavailable(problem: DialtoneError) -> Response:
    """The token can't be judged at this moment: it may be good, so there is no challenge."""
    body = {"error": "temporarily_unavailable", "error_description": description(str(problem))}
    return JSONResponse(body, 503, {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"})


def _status(problem: DialtoneError) -> tuple[int, str]:
    if isinstance(problem, TurnedAway):
        return problem.status, problem.error
    return 401, problem.error if isinstance(problem, ProofRefused) else "invalid_token"
