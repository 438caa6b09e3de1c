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

from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

import dialtone_kit
from dialtone_kit.mock.api import audit_trail, discovery, resources
from dialtone_kit.mock.core import settings, signing_keys
from dialtone_kit.mock.core.expiry import keep_clean
from dialtone_kit.mock.core.mail import Inbox
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Settings
from dialtone_kit.mock.core.signing_keys import SigningKeys
from dialtone_kit.mock.policy.files import PolicyFiles
from dialtone_kit.mock.registration import approval, endpoints
from dialtone_kit.mock.spiffe import authority
from dialtone_kit.mock.spiffe import endpoints as spiffe
from dialtone_kit.mock.spiffe import settings as spiffe_settings
from dialtone_kit.mock.store.store import Store
from dialtone_kit.mock.teaching import audit_trail as teaching_audit
from dialtone_kit.mock.teaching import clients, faults, local_platform, policies
from dialtone_kit.mock.teaching.clock import move_clock
from dialtone_kit.mock.teaching.faults import add_fault, clear_faults
from dialtone_kit.mock.teaching.inbox import inbox
from dialtone_kit.mock.teaching.keys import rotate_keys
from dialtone_kit.mock.teaching.limits import clear_limits
from dialtone_kit.mock.teaching.owner import hello
from dialtone_kit.mock.teaching.realms import make_realm, remove_realm, reset
from dialtone_kit.mock.tokens import device, device_page, endpoint, introspection, revocation
from dialtone_kit.mock.web import openapi
from dialtone_kit.mock.web.gate import Front
from dialtone_kit.mock.web.logs import log_to_stderr
from dialtone_kit.mock.web.operation import Operation
from dialtone_kit.mock.web.responses import unrouted

REALM = "/realms/{realm}"
ROUTES = (
    ("POST", "{p}/token", endpoint.token),
    ("POST", "{p}/introspect", introspection.introspect),
    ("POST", "{p}/revoke", revocation.revoke),
    ("POST", "{p}/device_authorization", device.device_authorization),
    ("GET", "{p}/device", device_page.show),
    ("POST", "{p}/device", device_page.answer),
    ("GET", "{p}/userinfo", resources.userinfo),
    ("POST", "{p}/userinfo", resources.userinfo),
    ("GET", "{p}/api/whoami", resources.whoami),
    ("GET", "{p}/api/notes", resources.read_notes),
    ("POST", "{p}/api/notes", resources.write_note),
    ("GET", "{p}/audit/events", audit_trail.events),
    ("GET", "{p}/.well-known/openid-configuration", discovery.metadata),
    ("GET", "/.well-known/oauth-authorization-server{p}", discovery.metadata),
    ("GET", "{p}/jwks", discovery.jwks),
    ("GET", "/.well-known/agent-instructions", discovery.agent_instructions),
    ("GET", "/agent.json", discovery.agent_json),
    ("GET", "/openapi.json", discovery.openapi_json),
    ("POST", "{p}/register/request", endpoints.request_enrollment),
    ("GET", "{p}/register/status/{enrollment_id}", endpoints.status),
    ("GET", "{p}/register/approve", approval.show),
    ("POST", "{p}/register/approve", approval.answer),
    ("POST", "{p}/register/confirm", endpoints.confirm),
    ("GET", "/v1/attest/challenge", spiffe.challenge),
    ("POST", "/v1/svid/x509", spiffe.x509_svid),
    ("POST", "/v1/svid/jwt", spiffe.jwt_svid),
    ("POST", "{p}/svid/jwt", spiffe.jwt_svid_for_token),
    ("GET", "{p}/.well-known/spiffe-trust-bundle", spiffe.trust_bundle),
)
CONTROLS = (  # only where a secret in the user's own file can guard them
    ("GET", "/mock/hello", hello),
    ("GET", "/mock/inbox", inbox),
    ("POST", "/mock/clock", move_clock),
    ("POST", "/mock/limits/clear", clear_limits),
    ("POST", "/mock/realms", make_realm),
    ("DELETE", "/mock/realms/{realm}", remove_realm),
    ("POST", "/mock/faults", add_fault),
    ("POST", "/mock/faults/clear", clear_faults),
    ("POST", "/mock/reset", reset),
    ("POST", "/mock/clients/lock", clients.lock_client),
    ("POST", "/mock/keys/rotate", rotate_keys),
    ("GET", "/mock/policies", policies.show),
    ("PUT", "/mock/policies", policies.write),
    ("GET", "/mock/audit", teaching_audit.whole),
    ("POST", "/mock/platform/kubernetes", local_platform.kubernetes),
    ("POST", "/mock/platform/aws", local_platform.aws),
    ("POST", "/mock/platform/azure", local_platform.azure),
    ("POST", "/mock/platform/gcp", local_platform.gcp),
)


def create_app(chosen: Settings) -> Front:
    """The service as an ASGI application: tables made, keys loaded, every route in place."""
    policies = PolicyFiles(chosen.policies)
    policies.seed()
    store = Store(chosen.database, chosen.store_wait)
    realms = settings.built_in_realms()
    workloads = spiffe_settings.load(chosen.state_dir, realms)

    def first(tx: Connection) -> bytes:
        authority.ensure(tx, workloads.trust_domain)
        return signing_keys.ensure_secrets(tx)

    service = Service(
        settings=chosen,
        store=store,
        keys=SigningKeys(store, chosen.keys_fresh),
        realms=realms,
        inbox=Inbox(chosen.secret) if chosen.secret else None,
        key=store.create_tables(first),
        parts={PolicyFiles: policies, spiffe_settings.SpiffeSettings: workloads},
    )
    app = FastAPI(
        title="StrongDM ID, local teaching service",
        description=openapi.ABOUT,
        version=dialtone_kit.__version__,
        servers=[{"url": chosen.base_url}],
        openapi_url=None,  # it is a route like the others
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be built from the caller's Host
        lifespan=_lifespan,
    )
    app.state.service = service
    app.add_exception_handler(HTTPException, unrouted)
    operations = [
        Operation(method, path.replace("{p}", place), handler)
        for method, path, handler in (*ROUTES, *(CONTROLS if chosen.secret else ()))
        for place in (("", REALM) if "{p}" in path else ("",))
    ]
    app.router.routes += operations
    return Front(app, service, operations, instead=faults.suffer)


def from_environment() -> Front:
    """The same in a worker process, which finds its settings in the environment."""
    log_to_stderr()
    return create_app(settings.from_environment())


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.store.start()
    gc.freeze()  # what is there now stays: the collector need not look at it again and again
    tasks = [asyncio.create_task(keep_clean(service.store))]
    if service.settings.workers > 1:
        tasks.append(asyncio.create_task(_end_with(service.settings.pid)))
    yield
    for task in tasks:
        task.cancel()
    await service.store.stop()


async def _end_with(parent: int) -> None:
    """A worker must not outlive `parent`, the process that was started, and sit on its port.

    By the pid that was noted at the start: it may be dead before this worker runs at all.
    """
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
