"""What a request reached: the service, an operation, and the realm in its path."""

from __future__ import annotations

from starlette.requests import Request

from dialtone_kit.mock.core.refusal import Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.core.settings import Realm
from dialtone_kit.mock.web.describe import Description


def service_of(request: Request) -> Service:
    """What `Gate` put into the scope of every request."""
    service: Service = request.scope["service"]
    return service


def description_of(request: Request) -> Description:
    """The description of the operation that this request reached."""
    description: Description = request.scope["description"]
    return description


async def realm_of(request: Request) -> Realm:
    """The realm in the path, `default` at the root. 404 when there is no such realm."""
    realm = await service_of(request).find_realm(request.path_params.get("realm", "default"))
    if realm is None:
        raise Refusal(404, "not_found", "There is no realm with this name.")
    return realm


async def path_realm(request: Request) -> Realm | None:
    """The realm in the path, None at the root, where client or token say which it is."""
    return await realm_of(request) if "realm" in request.path_params else None
