"""The request side of an operation, for OpenAPI: parameters, body and security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dialtone_kit.base.algorithms import ALGORITHMS
from dialtone_kit.mock.schemas.formats import B64URL, ENROLLMENT_PATTERN, JWT_PATTERN, REALM_PATTERN
from dialtone_kit.mock.web.describe import Description
from dialtone_kit.mock.web.requests import FORM, JSON

Json = dict[str, Any]
IN_PATH: Mapping[str, Json] = {
    "realm": {"type": "string", "pattern": REALM_PATTERN, "examples": ["default"]},
    "enrollment_id": {"type": "string", "pattern": ENROLLMENT_PATTERN},
}
PROOF: Json = {
    "name": "DPoP",
    "in": "header",
    "required": False,
    "description": "A proof for this one request (RFC 9449 §4): method, URL without its "
    f"query, time, a new jti. Signed with {', '.join(ALGORITHMS)}.",
    "schema": {"type": "string", "pattern": JWT_PATTERN, "maxLength": 8192},
}
COOKIE: Json = {
    "name": "dialtone_form",
    "in": "cookie",
    "required": True,
    "description": "As the page set it, together with its form",
    "schema": {"type": "string", "pattern": f"^{B64URL}{{22}}$"},
}


def request_side(description: Description, path: str) -> Json:
    """Parameters, body and security, each only if there are any."""
    side: Json = {}
    if parameters := _parameters(description, path):
        side["parameters"] = parameters
    if description.body is not None:
        media, body = (FORM if description.form else JSON), _inline_schema(description.body)
        if description.form:
            _have_no_null(body)
        needed = not description.form or "required" in body  # nothing at all is an empty form
        side["requestBody"] = {"required": needed, "content": {media: {"schema": body}}}
    if description.security:
        side["security"] = [{scheme: []} if scheme else {} for scheme in description.security]
    return side


def absent_is_not_null(member: Json) -> None:
    """Optional members are left out: None in a model is never sent as null."""
    kinds = [kind for kind in member.pop("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        member.update(kinds[0])
    elif kinds:
        member["anyOf"] = kinds
    if member.get("default", "") is None:
        del member["default"]


def _parameters(description: Description, path: str) -> list[Json]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": IN_PATH[name]} for name in names
    ]
    if description.query is not None:
        parameters += _in_query(_inline_schema(description.query))
    if description.proof:
        parameters.append(PROOF)
    if description.page and description.form:
        parameters.append(COOKIE)
    return parameters


def _in_query(schema: Json) -> list[Json]:
    parameters = []
    _have_no_null(schema)
    for name, member in schema["properties"].items():
        about = {"description": member.pop("description")}
        needed = name in schema.get("required", ())
        parameters.append(
            {"name": name, "in": "query", "required": needed, "schema": member, **about}
        )
    return parameters


def _have_no_null(schema: Json) -> None:
    """Forms and queries hold strings only."""
    for member in schema["properties"].values():
        absent_is_not_null(member)


def _inline_schema(model: type[BaseModel]) -> Json:
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
    return {
        name: _inlined(value, definitions)
        for name, value in part.items()
        if (name, value) != ("default", None)
    }
