"""The map: every route of the service on one screen, and the service put together.

`{p}` stands for both the root and a realm: each such path exists twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import AsyncIterator

from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send

from dialtone_kit.base import platform
from dialtone_kit.mock.access.svid_check import SvidCheck
from dialtone_kit.mock.api.audit_trail import own_audit_trail
from dialtone_kit.mock.api.discovery import (
    agent_instructions,
    agent_json,
    agent_patterns,
    jwks,
    metadata,
    openapi_json,
)
from dialtone_kit.mock.api.resources import read_notes, userinfo, whoami, write_note
from dialtone_kit.mock.core import read_settings, service_key, settings, signing_keys
from dialtone_kit.mock.core.ending import DAY, Idle, owner_is_gone
from dialtone_kit.mock.core.expiry import keep_clean
from dialtone_kit.mock.core.mail import MailStore
from dialtone_kit.mock.core.seats import Seats
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Settings
from dialtone_kit.mock.core.signing_keys import SigningKeys
from dialtone_kit.mock.policy.files import PolicyFiles
from dialtone_kit.mock.registration.approval import answer_approval_page, show_approval_page
from dialtone_kit.mock.registration.endpoints import confirm, enrollment_status, request_enrollment
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.spiffe import settings as spiffe_settings
from dialtone_kit.mock.spiffe.client_assertions import workload_of
from dialtone_kit.mock.spiffe.endpoints import (
    attestation_challenge,
    jwt_svid,
    jwt_svid_for_token,
    trust_bundle,
    x509_svid,
)
from dialtone_kit.mock.spiffe.settings import SpiffeSettings
from dialtone_kit.mock.store.store import Store
from dialtone_kit.mock.teaching.audit_trail import whole_audit_trail
from dialtone_kit.mock.teaching.class_events import share_events, shared_events
from dialtone_kit.mock.teaching.clients import lock_client
from dialtone_kit.mock.teaching.clock import move_clock
from dialtone_kit.mock.teaching.faults import act_out_fault, add_fault, clear_faults
from dialtone_kit.mock.teaching.inbox import claim_address, inbox
from dialtone_kit.mock.teaching.keys import rotate_keys
from dialtone_kit.mock.teaching.limits import clear_limits
from dialtone_kit.mock.teaching.local_platform import (
    aws_document,
    azure_token,
    gcp_token,
    kubernetes_token,
)
from dialtone_kit.mock.teaching.owner import hello
from dialtone_kit.mock.teaching.policies import show_policies, write_policies
from dialtone_kit.mock.teaching.realms import make_realm, remove_realm, remove_realms, reset_realm
from dialtone_kit.mock.tokens.device import device_authorization
from dialtone_kit.mock.tokens.device_page import answer_device_page, show_device_page
from dialtone_kit.mock.tokens.endpoint import token
from dialtone_kit.mock.tokens.introspection import introspect
from dialtone_kit.mock.tokens.revocation import revoke
from dialtone_kit.mock.web.describe import Operation
from dialtone_kit.mock.web.gate import Gate
from dialtone_kit.mock.web.logs import log_to_stderr
from dialtone_kit.mock.web.responses import Handler

Route = tuple[str, str, Handler]
REALM = "/realms/{realm}"
ROUTES = (
    ("POST", "{p}/token", token),
    ("POST", "{p}/introspect", introspect),
    ("POST", "{p}/revoke", revoke),
    ("POST", "{p}/device_authorization", device_authorization),
    ("GET", "{p}/device", show_device_page),
    ("POST", "{p}/device", answer_device_page),
    ("GET", "{p}/userinfo", userinfo),
    ("POST", "{p}/userinfo", userinfo),
    ("GET", "{p}/api/whoami", whoami),
    ("GET", "{p}/api/notes", read_notes),
    ("POST", "{p}/api/notes", write_note),
    ("GET", "{p}/audit/events", own_audit_trail),
    ("GET", "{p}/.well-known/openid-configuration", metadata),
    ("GET", "/.well-known/oauth-authorization-server{p}", metadata),
    ("GET", "{p}/jwks", jwks),
    ("GET", "/.well-known/agent-instructions", agent_instructions),
    ("GET", "/docs/agent-patterns/README.md", agent_patterns),
    ("GET", "/agent.json", agent_json),
    ("GET", "/openapi.json", openapi_json),
    ("POST", "{p}/register/request", request_enrollment),
    ("GET", "{p}/register/status/{enrollment_id}", enrollment_status),
    ("GET", "{p}/register/approve", show_approval_page),
    ("POST", "{p}/register/approve", answer_approval_page),
    ("POST", "{p}/register/confirm", confirm),
    ("GET", "/v1/attest/challenge", attestation_challenge),
    ("POST", "/v1/svid/x509", x509_svid),
    ("POST", "/v1/svid/jwt", jwt_svid),
    ("POST", "{p}/svid/jwt", jwt_svid_for_token),
    ("GET", "{p}/.well-known/spiffe-trust-bundle", trust_bundle),
)
MOVED = {  # paths from older texts about the service: 404, with the current path
    "{p}/register/agent": "Registration begins with POST register/request at a realm: "
    "/realms/<realm>/register/request, JSON with email, client_name and requested_scopes."
}
CONTROLS = (  # only where a secret in the user's own file can guard them
    ("GET", "/mock/hello", hello),
    ("GET", "/mock/inbox", inbox),
    ("POST", "/mock/clock", move_clock),
    ("POST", "/mock/limits/clear", clear_limits),
    ("POST", "/mock/realms", make_realm),
    ("DELETE", "/mock/realms/{realm}", remove_realm),
    ("POST", "/mock/faults", add_fault),
    ("POST", "/mock/faults/clear", clear_faults),
    ("POST", "/mock/reset", reset_realm),
    ("POST", "/mock/clients/lock", lock_client),
    ("POST", "/mock/keys/rotate", rotate_keys),
    ("GET", "/mock/policies", show_policies),
    ("PUT", "/mock/policies", write_policies),
    ("GET", "/mock/audit", whole_audit_trail),
    ("POST", "/mock/platform/kubernetes", kubernetes_token),
    ("POST", "/mock/platform/aws", aws_document),
    ("POST", "/mock/platform/azure", azure_token),
    ("POST", "/mock/platform/gcp", gcp_token),
)
OF_A_CLASS = (  # only where learners have seats
    ("DELETE", "/mock/realms", remove_realms),
    ("POST", "/mock/inbox/addresses", claim_address),
    ("POST", "/mock/class/events", share_events),
    ("GET", "/mock/class/events", shared_events),
)


def create_app(chosen: Settings) -> Gate:
    """The service as an ASGI application: tables made, keys loaded, every route in place."""
    operations = [
        Operation(method, path.replace("{p}", place), handler)
        for method, path, handler in (*ROUTES, *_controls(chosen))
        for place in (("", REALM) if "{p}" in path else ("",))
    ]
    moved = {path.replace("{p}", place): MOVED[path] for path in MOVED for place in ("", REALM)}
    return Gate(_service(chosen), operations, _lifespan, instead=_note_the_call, moved=moved)


def from_environment() -> Gate:
    """The same in a worker process, which finds its settings in the environment."""
    chosen = read_settings.from_environment()
    log_to_stderr(chosen.state_dir)
    return create_app(chosen)


def _controls(chosen: Settings) -> tuple[Route, ...]:
    if chosen.secret is None:
        return ()
    return (*CONTROLS, *(OF_A_CLASS if chosen.seats else ()))


def _service(chosen: Settings) -> Service:
    policies = PolicyFiles(chosen.policies)
    policies.seed()
    store = Store(chosen.database, chosen.store_wait)
    realms = settings.built_in_realms()
    workloads = spiffe_settings.load(chosen.state_dir, realms)

    def first(tx: Connection) -> bytes:
        authority.ensure(tx, workloads.trust_domain)
        signing_keys.ensure(tx)
        return service_key.ensure(tx, chosen)

    return Service(
        settings=chosen,
        store=store,
        keys=SigningKeys(store, chosen.keys_fresh),
        realms=realms,
        inbox=MailStore(chosen.secret) if chosen.secret else None,
        key=store.create_tables(first),
        parts={
            Seats: Seats(chosen.seats),
            PolicyFiles: policies,
            SpiffeSettings: workloads,
            SvidCheck: SvidCheck(workload_of),
            Idle: _idle(chosen),
        },
    )


def _idle(chosen: Settings) -> Idle:
    """A day for a service that a lesson started; one in a terminal runs until it is stopped."""
    limit = DAY if os.environ.get("DIALTONE_BACKGROUND") else None
    return Idle(limit, shared=chosen.state_dir / "mock.calls" if chosen.workers > 1 else None)


async def _note_the_call(
    service: Service, scope: Scope, receive: Receive, send: Send
) -> Send | None:
    service.part(Idle).touch()
    return await act_out_fault(service, scope, receive, send)


@contextlib.asynccontextmanager
async def _lifespan(app: Gate) -> AsyncIterator[None]:
    service = app.service
    service.store.start()
    gc.freeze()  # all of this stays, so the garbage collector need not scan it again
    tasks = [asyncio.create_task(keep_clean(service.store, service.settings.audit_rows))]
    tasks.append(asyncio.create_task(_end_in_time(service)))
    if service.settings.workers > 1:
        tasks.append(asyncio.create_task(_end_with(service.settings.pid)))
    yield
    for task in tasks:
        task.cancel()
    await service.store.stop()


async def _end_in_time(service: Service, every: float = 0.5) -> None:
    """End the whole service, in order, when its owner has ended or no one has called for a day."""
    while not owner_is_gone() and not service.part(Idle).over():
        await asyncio.sleep(every)
    with contextlib.suppress(ProcessLookupError):
        platform.end_own_service(service.settings.pid)


async def _end_with(parent: int) -> None:
    """A worker must not outlive `parent`, the process that was started, and sit on its port.

    By the pid noted at the start: the parent may die before this worker even runs.
    """
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
