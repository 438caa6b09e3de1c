"""The credential store: `~/.config/strongdmid/<client_id>/client.json`, as the demo lays it out.

The secret is shown once, at registration; whoever loses this file registers again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialtone_kit.base.errors import CredentialProblem, UnsafeUrl
from dialtone_kit.base.masking import Secret, masked
from dialtone_kit.base.urls import require_https_or_loopback, same_origin
from dialtone_kit.client import private_files
from dialtone_kit.client.private_files import config_dir, shown

FILE = "client.json"
_CLIENT_ID = re.compile(r"cli_[a-z0-9_]{1,64}")


@dataclass(frozen=True)
class Credentials:
    """Who an agent is towards one issuer. The secret shows masked and can't be pickled.

    None: a client that keeps no secret, for the device flow only.
    """

    client_id: str
    client_secret: Secret | None
    token_endpoint: str
    issuer: str
    realm: str | None = None
    granted_scopes: tuple[str, ...] = ()


def path_for(client_id: str) -> Path:
    """Where this client's file is. The id comes from a server: only a plain name becomes a path."""
    return config_dir() / _checked_id(client_id) / FILE


def save_credentials(credentials: Credentials, *, overwrite: bool = False) -> Path:
    """Store the credentials, 0600 in a folder of 0700, and say where.

    The same credentials again are fine; others in their place need `overwrite=True`.
    """
    client_id, data = _checked_id(credentials.client_id), _to_json(credentials)
    try:
        return private_files.write(client_id, FILE, data, overwrite=overwrite)
    except FileExistsError:
        if private_files.read(client_id, FILE) == data:
            return path_for(client_id)
        raise CredentialProblem(
            f"{shown(path_for(client_id))} holds other credentials already. They are kept; to "
            "replace them, save with overwrite=True."
        ) from None


def load_credentials(client_id: str) -> Credentials:
    """The stored credentials of `client_id`; the four members that the demo writes are enough."""
    path = path_for(client_id)
    try:
        data = private_files.read(client_id, FILE)
    except FileNotFoundError:
        raise CredentialProblem(
            f"No credentials in {shown(path)}. Register this client first (lesson 02)."
        ) from None
    credentials = _from_json(data, shown(path))
    if credentials.client_id != client_id:
        raise CredentialProblem(f"{shown(path)} is the file of another client: not used.")
    return credentials


def find(
    issuer: str,
    scopes: Iterable[str] = (),
    client_name: str | None = None,
    *,
    public: bool = False,
) -> Credentials | None:
    """The newest credentials for exactly this issuer that were granted all of `scopes`.

    `public` asks for a client without a secret; else only those that have one are found.

    A file without a list of scopes is one of the demo's: it counts as granted `openid`.
    Files that can't be used are passed over; `problems()` tells of them.
    """
    fitting = [
        found
        for found in _usable()
        if found.issuer == issuer
        and (found.client_secret is None) == public
        and set(scopes) <= set(found.granted_scopes or ("openid",))
        and (client_name is None or _is_named(found.client_id, client_name))
    ]
    return max(fitting, key=_written, default=None)


def problems() -> list[str]:
    """Why stored files can't be used, one line each. Empty when all is well."""
    found = []
    for client_id in _stored():
        try:
            load_credentials(client_id)
        except CredentialProblem as problem:
            found.append(str(problem))
    return found


def forget(client_id: str) -> bool:
    """Delete the stored credentials. Were there any? The service still knows the client."""
    removed = private_files.remove(_checked_id(client_id), FILE)
    with suppress(OSError):  # somebody keeps other files there: the folder stays
        path_for(client_id).parent.rmdir()
    return removed


def require_writable() -> None:
    """Find out that nothing can be stored before the service shows a secret that is shown once."""
    probe = f"probe-{os.getpid()}"
    private_files.write("pending", probe, b"", overwrite=True)
    private_files.remove("pending", probe)


def _checked_id(client_id: str) -> str:
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise CredentialProblem(
            f"{masked(ascii(client_id)[:80])} can't be a client_id: it must be cli_ and then 1 to "
            "64 of a-z, 0-9 and _ . Nothing was read or written."
        )
    return client_id


def _is_named(client_id: str, client_name: str) -> bool:
    slug = re.sub(r"[^a-z0-9]+", "_", client_name.lower()).strip("_")
    return re.fullmatch(f"cli_{slug}_[0-9a-f]+", client_id) is not None


def _stored() -> list[str]:
    return [name for name in private_files.names() if _CLIENT_ID.fullmatch(name)]


def _usable() -> list[Credentials]:
    found = []
    for client_id in _stored():
        with suppress(CredentialProblem):
            found.append(load_credentials(client_id))
    return found


def _written(credentials: Credentials) -> int:
    return path_for(credentials.client_id).stat().st_mtime_ns


def _to_json(credentials: Credentials) -> bytes:
    members: dict[str, Any] = {
        "client_id": credentials.client_id,
        **_secret_members(credentials),
        "token_endpoint": credentials.token_endpoint,
        "issuer": credentials.issuer,
        "realm": credentials.realm,
        "granted_scopes": list(credentials.granted_scopes),
    }
    return json.dumps(members, indent=2).encode() + b"\n"


def _secret_members(credentials: Credentials) -> dict[str, str]:
    if credentials.client_secret is None:
        return {"token_endpoint_auth_method": "none"}
    return {"client_secret": credentials.client_secret.reveal()}


def _from_json(data: bytes, where: str) -> Credentials:
    try:
        members = json.loads(data)
    except (ValueError, RecursionError):
        raise CredentialProblem(f"{where} is not JSON. Remove it and register again.") from None
    try:
        return read_members(members)
    except (ValueError, UnsafeUrl) as problem:
        raise CredentialProblem(f"{where}: {problem}") from None


def read_members(members: Any) -> Credentials:
    """Credentials from a file's or an answer's JSON. ValueError or UnsafeUrl says what is wrong."""
    text = members if isinstance(members, dict) else {}
    public = text.get("token_endpoint_auth_method") == "none" and "client_secret" not in text
    own = () if public else ("client_secret",)
    for name in ("client_id", *own, "token_endpoint", "issuer"):
        if not isinstance(text.get(name), str) or not text[name]:
            raise ValueError(f"{name} is missing or not a text.")
    scopes, realm = text.get("granted_scopes") or [], text.get("realm")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise ValueError("granted_scopes is not a list of texts.")
    if not isinstance(realm, str | None):
        raise ValueError("realm is not a text.")
    require_https_or_loopback(text["issuer"])
    if not same_origin(text["issuer"], text["token_endpoint"]):
        raise UnsafeUrl("the token endpoint is on another origin than the issuer: not used.")
    return Credentials(
        text["client_id"],
        None if public else Secret(text["client_secret"]),
        text["token_endpoint"],
        text["issuer"],
        realm,
        tuple(scopes),
    )
