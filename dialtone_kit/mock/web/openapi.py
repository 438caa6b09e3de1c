"""From the descriptions of all operations to one OpenAPI 3.1 document.

What holds for many operations is written once, here: every answer's common headers, the 404 of a
path with a realm in it, the nonce that may come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getdoc
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import dialtone_kit
from dialtone_kit.mock.schemas.problem import Problem
from dialtone_kit.mock.web import openapi_headers as headers
from dialtone_kit.mock.web.describe import Description, Operation
from dialtone_kit.mock.web.openapi_requests import absent_is_not_null, request_side
from dialtone_kit.mock.web.requests import JSON
from dialtone_kit.mock.web.responses import HTML

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"

ABOUT = """Identity for agents: a person vouches by email; a key binds the tokens.

These rules apply to every operation. A path that is not in this document gets 404 `NotFound`; a
listed path with another method gets 405 `MethodNotAllowed`; `HEAD` is answered wherever `GET` is.
With a `Host` that is not this service's, everything except the pages answers 421 `ForeignHost`;
without exactly one `Host`, 400. Headers over 64 KiB in all get a 431 or a 400, a request that is
not HTTP gets a 400, and one that does not arrive in full within 20 seconds gets a 408, all in the
same shape. In a private realm, a lesson can order faults: any status from 400 to 599, for as many
requests as it asks.
"""
WORDS = {
    400: "Malformed, or a parameter is missing",
    401: "Credentials, code or proof missing or wrong",
    403: "Not permitted",
    404: "Nothing with this name here",
    405: "Another method is required",
    409: "Already done",
    410: "Expired or locked",
    413: "Body over 64 KiB",
    415: "Another content type is required",
    421: "A Host that is not this service",
    429: "Too many requests",
    500: "An unexpected error",
    503: "Nothing can be stored right now",
}
SECURITY_SCHEMES = {
    "client_secret_basic": {
        "type": "http",
        "scheme": "basic",
        "description": "client_id and client_secret, form-encoded (RFC 6749 §2.3.1). Or both in "
        "the form (client_secret_post); a client without a secret sends its client_id there alone.",
    },
    "dpop": {
        "type": "http",
        "scheme": "DPoP",
        "description": "A bound token, with a proof in the `DPoP` header (RFC 9449 §7)",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An unbound token (RFC 6750), where the realm issues any",
    },
    "control_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "For whoever started the service: HMAC-SHA256 over `control`, keyed by "
        "the secret in service.json, in hexadecimal",
    },
}


def document(operations: Sequence[Operation], base_url: str) -> Json:
    """The whole document of a service at `base_url`."""
    paths: Json = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "StrongDM ID, local teaching service",
            "description": ABOUT,
            "version": dialtone_kit.__version__,
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": _answer_schemas(operations),
            "securitySchemes": SECURITY_SCHEMES,
            "headers": headers.HEADERS,
            "responses": {
                "NotFound": _of_no_operation(404),
                "MethodNotAllowed": _of_no_operation(405),
                "ForeignHost": _of_no_operation(421),
            },
        },
    }


def _operation(one: Operation) -> Json:
    return {
        "tags": [one.handler.__module__.split(".")[2]],  # its room
        "summary": one.description.summary,
        "description": getdoc(one.handler) or "",
        "operationId": _operation_id(one),
        **request_side(one.description, one.path),
        "responses": _responses(one.description, one.path),
    }


def _operation_id(one: Operation) -> str:
    words = one.path.replace("{", "").replace("}", "").replace(".", "_").replace("-", "_")
    return f"{one.method.lower()}{words.replace('/', '_')}"


def _responses(description: Description, path: str) -> Json:
    """Every status that this operation can answer, with its headers."""
    statuses = {500, *description.refusals}
    if "{realm}" in path:
        statuses.add(404)
    if not description.page:
        statuses.add(421)
    refusals = {str(status): _refusal(description, status) for status in sorted(statuses)}
    return {str(description.status): _success(description), **refusals}


def _success(description: Description) -> Json:
    response: Json = {
        "description": description.summary,
        "headers": {
            **headers.ON_ALL,
            **(headers.CACHED if description.cached else headers.NO_STORE),
            **(headers.NONCE if description.proof else {}),
            **(headers.OF_A_PAGE if description.page else {}),
        },
    }
    if isinstance(description.answers, str):
        response["content"] = {description.answers: {"schema": {"type": "string"}}}
    elif description.answers is not None:
        response["content"] = _json(description.answers)
    return response


def _refusal(description: Description, status: int) -> Json:
    response: Json = {
        "description": WORDS[status],
        "headers": {
            **headers.ON_ALL,
            **headers.NO_STORE,
            **headers.OF_A_STATUS.get(status, {}),
            **(headers.SCOPE_MISSING if status == 403 and description.proof else {}),
            **(headers.NONCE if description.proof and status < 421 else {}),
            **(headers.OF_A_PAGE_PERHAPS if description.page else {}),
        },
        "content": _json(Problem),
    }
    if description.page and status not in (413, 415, 500, 503):  # a person gets it as a page
        response["content"][HTML] = {"schema": {"type": "string"}}
    return response


def _of_no_operation(status: int) -> Json:
    common = {**headers.ON_ALL, **headers.NO_STORE, **headers.OF_A_STATUS.get(status, {})}
    return {"description": WORDS[status], "headers": common, "content": _json(Problem)}


def _json(model: type[BaseModel]) -> Json:
    return {JSON: {"schema": {"$ref": f"{SCHEMAS}{model.__name__}"}}}


def _answer_schemas(operations: Sequence[Operation]) -> Json:
    """The schemas of all answers, by their models' names."""
    models: set[type[BaseModel]] = {Problem}
    for one in operations:
        if isinstance(one.description.answers, type):
            models.add(one.description.answers)
    named = sorted(models, key=lambda model: model.__name__)
    _, whole = models_json_schema(
        [(model, "serialization") for model in named], ref_template=SCHEMAS + "{model}"
    )
    schemas: Json = whole["$defs"]
    for schema in schemas.values():
        for name, member in schema.get("properties", {}).items():
            if name not in schema.get("required", ()):
                absent_is_not_null(member)
    return schemas
