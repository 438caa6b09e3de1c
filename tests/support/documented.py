"""Whatever a test asks a mock, the answer is held against that service's own /openapi.json.

Path, method, status, media type, headers and body must be in the document, and nothing that the
document does not name may be sent. So the whole suite proves that the document is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jsonschema_rs

Said = Mapping[str, Any]
# Of HTTP itself, and of faults that a lesson ordered: the document's introduction speaks of those.
OF_HTTP = {"content-length", "content-type", "date", "connection", "transfer-encoding"}
FAULT = b"A fault that a lesson ordered."
_documents: dict[object, Document] = {}  # with and without controls, and of a class: else alike


class Document:
    """An OpenAPI document, ready to judge answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths, self._components = document["paths"], document["components"]
        for schema in self._components["schemas"].values():
            schema.setdefault("additionalProperties", False)  # what is not named must not come
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._templates = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path)
            for path in sorted(self._paths, key=lambda path: path.count("{"))
        ]

    def judge(self, answer: httpx.Response) -> None:
        """Raise AssertionError for an answer that the document does not foresee."""
        content = answer.read()
        if FAULT in content:
            return
        request = answer.request
        told = self._told(request.method, request.url.path)
        where = f"{request.method} {request.url.path} answered {answer.status_code}"
        assert str(answer.status_code) in told, f"{where}: not documented"
        said = self._resolved(told[str(answer.status_code)])
        self._judge_headers(said.get("headers", {}), answer.headers, where)
        media = answer.headers.get("content-type", "").partition(";")[0]
        if not said.get("content"):
            assert not content + media.encode(), f"{where}: with a body"
            return
        assert media in said["content"], f"{where}: {media} is not documented"
        if media == "application/json" and request.method != "HEAD":
            self._judge_value(said["content"][media]["schema"], answer.json(), where)

    def template(self, path: str) -> str | None:
        """The documented path that this one is an instance of."""
        return next((one for pattern, one in self._templates if pattern.fullmatch(path)), None)

    def _told(self, method: str, path: str) -> Said:
        """The statuses foreseen: those of an operation, or those of no operation."""
        always = self._components["responses"]
        template = self.template(path)
        if template is None:
            return {"404": always["NotFound"], "421": always["ForeignHost"]}
        operation = self._paths[template].get("get" if method == "HEAD" else method.lower())
        if operation is None:
            return {"405": always["MethodNotAllowed"], "421": always["ForeignHost"]}
        return dict(operation["responses"])

    def _judge_headers(self, told: Said, came: httpx.Headers, where: str) -> None:
        unknown = set(came) - {name.lower() for name in told} - OF_HTTP
        assert not unknown, f"{where}: with {unknown}"
        for name, reference in told.items():
            header, values = self._resolved(reference), came.get_list(name)
            assert values or not header["required"], f"{where}: without {name}"
            for value in values:
                number = header["schema"]["type"] == "integer"
                what = f"{where}: {name}"
                self._judge_value(header["schema"], int(value) if number else value, what)

    def _judge_value(self, schema: Said, value: Any, where: str) -> None:
        key = str(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._components}
            # masked: the value may be a secret, and the message goes into CI's log
            self._validators[key] = jsonschema_rs.validator_for(
                whole, validate_formats=True, mask="what came"
            )
        for problem in self._validators[key].iter_errors(value):
            raise AssertionError(f"{where}: {problem.message} at {problem.instance_path}")

    def _resolved(self, said: Said) -> Said:
        if "$ref" not in said:
            return said
        _, _, kind, name = said["$ref"].split("/")
        return dict(self._components[kind][name])


def document_of(base_url: str, controls: object = True) -> Document:
    """The document of a running service; asked for once, since all services have the same."""
    if controls not in _documents:
        answer = httpx.get(f"{base_url}/openapi.json", trust_env=False, timeout=20)
        _documents[controls] = Document(answer.raise_for_status().json())
    return _documents[controls]


def must_be_documented(base_url: str, controls: object) -> Callable[[httpx.Response], None]:
    """A hook for httpx: every answer is judged."""
    return lambda answer: document_of(base_url, controls).judge(answer)
