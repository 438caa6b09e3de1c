"""From what the handlers say of themselves to OpenAPI 3.1: parameters, bodies, answers, headers.

What holds for many operations is said once, here: every answer's common headers, the 404 of a path
with a realm in it, the proof's header, the nonce that may come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.mock.schemas.core import Problem
from dialtone_kit.mock.schemas.formats import B64URL, ENROLLMENT_PATTERN, JWT_PATTERN, REALM_PATTERN
from dialtone_kit.mock.web import openapi_headers as headers
from dialtone_kit.mock.web.describe import Description
from dialtone_kit.mock.web.requests import FORM, JSON
from dialtone_kit.mock.web.responses import HTML

Said = dict[str, Any]

ABOUT = """Identity for agents: a person vouches by e-mail, a key binds the tokens.

What no operation can say of itself: a path that is not in this document answers 404 `NotFound`; a
path that is, asked by another method, answers 405 `MethodNotAllowed`; `HEAD` works wherever `GET`
does. Under a `Host` that is not this service's, all but the pages answer 421 `ForeignHost`. Headers
of over 64 KiB in all get a 431 or a 400, what is no HTTP at all a 400, both of the same shape. In a
private realm a lesson may have ordered faults: any status from 400 to 599, for as many requests as
it said.
"""
WORDS = {
    400: "Malformed, or a parameter is missing",
    401: "Credentials, code or proof missing or wrong",
    403: "Not permitted",
    404: "Nothing of this name here",
    405: "Another method is expected",
    409: "Done already",
    410: "Expired or locked",
    413: "Body over 64 KiB",
    415: "Another content type is expected",
    421: "A Host that is not this service",
    429: "Too many requests",
    500: "Something that nobody foresaw",
    503: "Nothing can be stored at this moment",
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
        "description": "An unbound token (RFC 6750), where the realm gives any",
    },
    "control_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "For the one who started the service: HMAC-SHA256 over `control`, keyed by "
        "the secret in service.json, in hexadecimal",
    },
}


# --- an operation --------------------------------------------------------------------------------


def responses(told: Description, path: str) -> dict[int | str, Said]:
    """Every status that this operation can answer, with its headers."""
    found: dict[int | str, Said] = {told.status: _success(told)}
    always = {500} | ({404} if "{realm}" in path else set()) | (set() if told.page else {421})
    for status in sorted({*told.refusals, *always}):
        found[status] = _refusal(told, status)
    return found


def _success(told: Description) -> Said:
    said: Said = {
        "description": told.summary,
        "headers": {
            **headers.ON_ALL,
            **(headers.CACHED if told.cached else headers.NO_STORE),
            **(headers.NONCE if told.proof else {}),
            **(headers.OF_A_PAGE if told.page else {}),
        },
    }
    if isinstance(told.answers, str):
        said["content"] = {told.answers: {"schema": {"type": "string"}}}
    return said


def _refusal(told: Description, status: int) -> Said:
    said: Said = {
        "model": Problem,
        "description": WORDS[status],
        "headers": {
            **headers.ON_ALL,
            **headers.NO_STORE,
            **headers.OF_A_STATUS.get(status, {}),
            **(headers.SCOPE_MISSING if status == 403 and told.proof else {}),
            **(headers.NONCE if told.proof and status < 421 else {}),
            **(headers.OF_A_PAGE_PERHAPS if told.page else {}),
        },
    }
    if told.page and status not in (413, 415, 500, 503):  # a person gets it as a page
        said["content"] = {HTML: {"schema": {"type": "string"}}}
    return said


def request_side(told: Description, path: str) -> Said:
    """Parameters, body and security of an operation."""
    said: Said = {}
    if parameters := _parameters(told, path):
        said["parameters"] = parameters
    if told.body is not None:
        media, asked = (FORM if told.form else JSON), schema(told.body)
        needed = not told.form or "required" in asked  # nothing at all is an empty form
        said["requestBody"] = {"required": needed, "content": {media: {"schema": asked}}}
    if told.security:
        said["security"] = [{scheme: []} if scheme else {} for scheme in told.security]
    return said


# --- parameters and bodies -----------------------------------------------------------------------

IN_PATH: Mapping[str, Said] = {
    "realm": {"type": "string", "pattern": REALM_PATTERN, "examples": ["default"]},
    "enrollment_id": {"type": "string", "pattern": ENROLLMENT_PATTERN},
}
PROOF: Said = {
    "name": "DPoP",
    "in": "header",
    "required": False,
    "description": "A proof for this very request (RFC 9449 §4), once: method, URL without its "
    f"query, time, a new jti. Signed with {', '.join(ALGORITHMS)}.",
    "schema": {"type": "string", "pattern": JWT_PATTERN, "maxLength": 8192},
}
COOKIE: Said = {
    "name": "dialtone_form",
    "in": "cookie",
    "required": True,
    "description": "As the page gave it together with its form",
    "schema": {"type": "string", "pattern": f"^{B64URL}{{22}}$"},
}


def _parameters(told: Description, path: str) -> list[Said]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    found: list[Said] = [
        {"name": name, "in": "path", "required": True, "schema": IN_PATH[name]} for name in names
    ]
    if told.query is not None:
        asked = schema(told.query)
        for name, member in asked["properties"].items():
            _absent_is_not_null(member)
            text = {"description": member.pop("description")}
            needed = name in asked.get("required", ())
            found.append(
                {"name": name, "in": "query", "required": needed, "schema": member, **text}
            )
    return found + ([PROOF] if told.proof else []) + ([COOKIE] if told.page and told.form else [])


def schema(model: type[BaseModel]) -> Said:
    """The schema of a request, with what it refers to in place: components hold answers only."""
    whole = model.model_json_schema()
    return dict(_inlined(whole, whole.pop("$defs", {})))


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in part.items()}


# --- the document --------------------------------------------------------------------------------


def document(app: FastAPI) -> Said:
    """The whole of it, made when first asked for."""
    if app.openapi_schema is None:
        _complete(app.openapi()["components"])  # the framework keeps what it made
    return app.openapi()


def _complete(components: Said) -> None:
    """What the framework can't know: security schemes, and answers of no operation."""
    components["securitySchemes"] = SECURITY_SCHEMES
    components["headers"] = headers.HEADERS
    components["responses"] = {
        "NotFound": _of_no_operation(404),
        "MethodNotAllowed": _of_no_operation(405),
        "ForeignHost": _of_no_operation(421),
    }
    for model in components["schemas"].values():
        for name, member in model.get("properties", {}).items():
            if name not in model.get("required", ()):
                _absent_is_not_null(member)


def _of_no_operation(status: int) -> Said:
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    told = {**headers.ON_ALL, **headers.NO_STORE, **headers.OF_A_STATUS.get(status, {})}
    return {"description": WORDS[status], "headers": told, "content": content}


def _absent_is_not_null(member: Said) -> None:
    """What an answer may lack, it lacks: None in a model is never sent as null for that."""
    kinds = [kind for kind in member.pop("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        member.update(kinds[0])
    elif kinds:
        member["anyOf"] = kinds
    if member.get("default", "") is None:
        del member["default"]
