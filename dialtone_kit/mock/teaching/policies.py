"""Teaching controls for policies: show those in force, and set a private realm's."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Connection, update
from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.policy.cedar_text import Policies, PolicyProblem, compiled
from dialtone_kit.mock.policy.files import PolicyFiles, where
from dialtone_kit.mock.schemas.teaching import PolicyReport, PolicyText, RealmPolicies
from dialtone_kit.mock.store import tables
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.teaching.realms import private_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer


@control(
    "The policy files: which are valid, and what is wrong with the others",
    answers=PolicyReport,
)
async def show_policies(request: Request) -> Response:
    """`version` is that of the policies in force: after a broken edit, the last good ones."""
    service = service_of(request)
    names = dict.fromkeys(realm.policy_file for realm in service.realms.values())
    answer = {
        "folder": str(service.part(PolicyFiles).folder),
        "policies": [_state(service, name) for name in names],
    }
    return json_answer(answer, headers=NO_STORE)


@control(
    "Give a private realm its own policies",
    answers=RealmPolicies,
    body=PolicyText,
    refusals=(404, 503),
    learners=True,
)
async def write_policies(request: Request) -> Response:
    """A broken text changes nothing: 400 with its `line`. Public realms use their files."""
    service = service_of(request)
    sent = await read_json(request, PolicyText)
    realm = await private_realm(request, sent.realm)
    found = await asyncio.to_thread(compiled, sent.text)  # a long text takes half a second
    if isinstance(found, PolicyProblem):
        name = f"{realm.name}.cedar"
        raise Refusal(400, "invalid_request", where(name, found), line=found.line)

    def store(tx: Connection) -> int:
        change = update(tables.realms).where(tables.realms.c.name == realm.name)
        return tx.execute(change.values(policies=sent.text)).rowcount

    await service.store.write(store)
    return json_answer({"realm": realm.name, "version": found.version}, headers=NO_STORE)


def _state(service: Service, name: str) -> dict[str, Any]:
    held = service.part(PolicyFiles).in_force(name)
    policies: Policies | None = held.policies
    problem = held.problem
    return {
        "file": name,
        "realms": [realm.name for realm in service.realms.values() if realm.policy_file == name],
        "valid": problem is None,
        "error": where(name, problem) if problem else None,
        "line": problem.line or None if problem else None,
        "version": policies.version if policies else None,
        "edited": service.part(PolicyFiles).edited(name),
    }
