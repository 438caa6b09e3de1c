"""Protected resources (the demo's step 5): userinfo, and a small API with notes.

Every route here is the same: authorize, use up the proof with the effect, answer. The realm's
policies permit what the API does; each decision is recorded with the effect that it permitted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.access.callers import REFUSALS, Caller, authorize
from dialtone_kit.mock.core import audit, clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.schemas.api import Note, NoteRequest, Notes, UserInfo, WhoAmI
from dialtone_kit.mock.store.tables import notes
from dialtone_kit.mock.web.describe import describe
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer

NOTES_SHOWN, NOTES_KEPT = 100, 1000


@describe(
    "The claims of the token's subject",
    answers=UserInfo,
    refusals=REFUSALS,
    security=("dpop", "bearer"),
)
async def userinfo(request: Request) -> Response:
    """OpenID Connect Core §5.3, for an agent. By GET or POST: clients may choose (§5.3.1)."""
    caller = await authorize(request)
    await caller.finish(_nothing)
    answer = {
        "sub": caller.claims["sub"],
        "client_id": caller.client.client_id,
        "client_name": caller.client.client_name,
        "realm": caller.realm.name,
        "scope": caller.scope,
        **_acting(caller),
    }
    return json_answer(answer, headers=NO_STORE + caller.nonce)


@describe(
    "Who the service sees when you call",
    answers=WhoAmI,
    refusals=(*REFUSALS, 403),
    security=("dpop", "bearer"),
)
async def whoami(request: Request) -> Response:
    """Client, scope, and the key that the token is bound to."""
    caller = await authorize(request, action="whoami")
    await caller.finish(_nothing)
    answer = {
        "client_id": caller.client.client_id,
        "client_name": caller.client.client_name,
        "realm": caller.realm.name,
        "scope": caller.scope,
        "token_type": caller.scheme,
        **({"cnf": caller.claims["cnf"]} if caller.proof else {}),
        **({"sub": caller.claims["sub"]} if caller.for_another else {}),
        **_acting(caller),
    }
    return json_answer(answer, headers=NO_STORE + caller.nonce)


@describe(
    "Your notes, newest first",
    answers=Notes,
    refusals=(*REFUSALS, 403),
    security=("dpop", "bearer"),
)
async def read_notes(request: Request) -> Response:
    """Needs the scope notes:read. A token shows only its subject's notes."""
    caller = await authorize(request, scope="notes:read", action="notes:read")
    query = select(notes).where(notes.c.subject == caller.claims["sub"])
    newest = query.order_by(notes.c.id.desc()).limit(NOTES_SHOWN)
    rows = await caller.finish(lambda tx: tx.execute(newest).all())
    return json_answer({"notes": [_shown(row) for row in rows]}, headers=NO_STORE + caller.nonce)


@describe(
    "Write a note",
    answers=Note,
    status=201,
    body=NoteRequest,
    refusals=(*REFUSALS, 403, 409, 415),
    security=("dpop", "bearer"),
)
async def write_note(request: Request) -> Response:
    """Needs the scope notes:write. The proof does not cover the body: TLS has to."""
    caller = await authorize(request, scope="notes:write", action="notes:write")
    sent = await read_json(request, NoteRequest)
    note = await caller.finish(lambda tx: _add_note(tx, caller, sent.text), writes=True)
    return json_answer(note, 201, NO_STORE + caller.nonce)


def _nothing(_tx: Connection) -> None:
    """The proof is used up, and nothing else is stored."""


def _add_note(tx: Connection, caller: Caller, text: str) -> dict[str, Any]:
    mine = notes.c.subject == caller.claims["sub"]
    count = tx.execute(select(func.count()).select_from(notes).where(mine)).scalar_one()
    if count >= NOTES_KEPT:
        raise Refusal(409, "conflict", f"Each subject can have at most {NOTES_KEPT} notes.")
    row: dict[str, Any] = {
        "realm": caller.realm.name,
        "client_id": caller.client.client_id,
        "subject": caller.claims["sub"],
        "text": text,
        "created_at": clock.now(caller.realm),
    }
    added = tx.execute(insert(notes), row).inserted_primary_key
    assert added is not None  # noqa: S101  (the table has a key of its own)
    subject = {"subject": caller.claims["sub"]} if caller.for_another else {}
    audit.record(
        tx,
        caller.realm,
        "note_written",
        caller.client.client_id,
        note=added[0],
        **subject,
        **_acting(caller),
    )
    return {"id": added[0], "text": text, "created_at": clock.rfc3339(row["created_at"])}


def _acting(caller: Caller) -> dict[str, Any]:
    """Who acts for whom, if the token says so."""
    return {"act": caller.claims["act"]} if "act" in caller.claims else {}


def _shown(row: Any) -> dict[str, Any]:
    return {"id": row.id, "text": row.text, "created_at": clock.rfc3339(row.created_at)}
