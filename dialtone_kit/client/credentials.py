"""The credential store: `~/.config/strongdmid/<client_id>/client.json`, as the demo lays it out.

The secret is shown once, at registration; if you lose this file, register again.
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

from dialtone_kit.base.errors import CredentialProblem, IssuerMismatch, NotThisService, UnsafeUrl
from dialtone_kit.base.masking import Secret, masked
from dialtone_kit.base.private_files import shown
from dialtone_kit.base.urls import require_https_or_loopback, same_origin
from dialtone_kit.client.config_folder import all_folders, config_dir, folder
from dialtone_kit.tokens import issuer_allows

FILE = "client.json"
_CLIENT_ID = re.compile(r"cli_[a-z0-9_]{1,64}")
_SECRET = re.compile(r"[\x20-\x7e]+")  # RFC 6749 A.2


@dataclass(frozen=True)
class Credentials:
    """Who an agent is at one issuer. The secret shows masked and can't be pickled.

    `client_secret` is None for a client that can keep no secret: it has the device flow only; and
    for the workload `spiffe_id`, which needs none.
    """

    client_id: str
    client_secret: Secret | None
    token_endpoint: str
    issuer: str
    realm: str | None = None
    granted_scopes: tuple[str, ...] = ()
    spiffe_id: str | None = None


def path_for(client_id: str) -> Path:
    """Where this client's file is. The id comes from a server: only a plain name becomes a path."""
    return config_dir() / _checked_id(client_id) / FILE


def save_credentials(credentials: Credentials, *, overwrite: bool = False) -> Path:
    """Store the credentials, mode 0600 in a folder of 0700; returns the file's path.

    Saving the same credentials again is fine; replacing others needs `overwrite=True`.
    """
    client_id, data = _checked_id(credentials.client_id), _to_json(credentials)
    try:
        return folder(client_id).write(FILE, data, overwrite=overwrite)
    except FileExistsError:
        if folder(client_id).read(FILE) == data:
            return path_for(client_id)
        raise CredentialProblem(
            f"{shown(path_for(client_id))} already holds other credentials. They are kept; to "
            "replace them, save with overwrite=True."
        ) from None


def load_credentials(client_id: str) -> Credentials:
    """The stored credentials of `client_id`; the four members that the demo writes are enough."""
    path = path_for(client_id)
    try:
        data = folder(client_id).read(FILE)
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

    `public` looks for a client without a secret instead of one with. A file without a list of
    scopes is one of the demo's: it counts as granted `openid`. Unusable files are passed over;
    `problems()` lists them.
    """
    fitting = [
        credentials
        for credentials in _usable()
        if credentials.issuer == issuer
        and (credentials.client_secret is None) == public
        and credentials.spiffe_id is None
        and set(scopes) <= set(credentials.granted_scopes or ("openid",))
        and (client_name is None or _is_named(credentials.client_id, client_name))
    ]
    return max(fitting, key=_written, default=None)


def problems() -> list[str]:
    """Why stored files can't be used, one line each. Empty when all is well."""
    lines = []
    for client_id in stored():
        try:
            load_credentials(client_id)
        except CredentialProblem as problem:
            lines.append(str(problem))
    return lines


def forget(client_id: str) -> bool:
    """Delete the stored credentials; True if there were any. The service still knows the client."""
    removed = folder(_checked_id(client_id)).remove(FILE)
    with suppress(OSError):  # you keep other files there: the folder stays
        path_for(client_id).parent.rmdir()
    return removed


def require_writable() -> None:
    """Raise CredentialProblem now, before the service shows a secret that could not be stored."""
    probe = f"probe-{os.getpid()}"
    folder("pending").write(probe, b"")
    folder("pending").remove(probe)


def read_members(members: Any) -> Credentials:
    """Credentials from the JSON of a file or a response.

    Raises ValueError or UnsafeUrl with what is wrong.
    """
    read = members if isinstance(members, dict) else {}
    method = read.get("token_endpoint_auth_method") if "client_secret" not in read else None
    own = {"none": (), "spiffe_jwt": ("spiffe_id",)}.get(str(method), ("client_secret",))
    needed = ("client_id", "token_endpoint", "issuer", *own)
    for name in needed:
        if not isinstance(read.get(name), str) or not read[name]:
            raise ValueError(f"{name} is missing or not a string.")
    if "client_secret" in own and not _SECRET.fullmatch(read["client_secret"]):
        raise ValueError("client_secret has characters that can't be sent.")
    scopes, realm = read.get("granted_scopes") or [], read.get("realm")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise ValueError("granted_scopes is not a list of strings.")
    if not isinstance(realm, str | None):
        raise ValueError("realm is not a string.")
    require_https_or_loopback(read["issuer"])
    if not same_origin(read["issuer"], read["token_endpoint"]):
        raise UnsafeUrl("the token endpoint is on another origin than the issuer: not used.")
    secret = Secret(read["client_secret"]) if "client_secret" in own else None
    known = read["client_id"], secret, read["token_endpoint"], read["issuer"], realm, tuple(scopes)
    return Credentials(*known, spiffe_id=read["spiffe_id"] if "spiffe_id" in own else None)


def read_granted(body: dict[str, Any], issuer: str) -> Credentials:
    """The credentials in a response of `issuer`. Raises NotThisService or IssuerMismatch."""
    try:
        credentials = read_members(body)
    except (ValueError, UnsafeUrl) as problem:
        raise NotThisService(f"The credentials received can't be used: {problem}") from None
    if not issuer_allows(issuer, credentials.issuer):
        raise IssuerMismatch(f"The credentials are for {credentials.issuer!r}, not {issuer!r}.")
    return credentials


def save_granted(credentials: Credentials) -> None:
    """Store credentials that just came; if that fails, say how to save the secret in memory."""
    try:
        save_credentials(credentials)
    except CredentialProblem as problem:
        raise CredentialProblem(
            f"{problem} The secret is shown once and now lives only in client.credentials: "
            "fix this, then run save_credentials(client.credentials)."
        ) from None


def _checked_id(client_id: str) -> str:
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise CredentialProblem(
            f"{masked(ascii(client_id))[:80]} can't be a client_id: it must be cli_ followed by 1 "
            "to 64 of a-z, 0-9 and _ . Nothing was read or written."
        )
    return client_id


def _is_named(client_id: str, client_name: str) -> bool:
    slug = re.sub(r"[^a-z0-9]+", "_", client_name.lower()).strip("_")
    return re.fullmatch(f"cli_{slug}_[0-9a-f]+", client_id) is not None


def stored() -> list[str]:
    """The client_ids that have a folder here, whether its file can be used or not."""
    return [name for name in all_folders().names() if _CLIENT_ID.fullmatch(name)]


def _usable() -> list[Credentials]:
    usable = []
    for client_id in stored():
        with suppress(CredentialProblem):
            usable.append(load_credentials(client_id))
    return usable


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
    if credentials.spiffe_id is not None:
        return {"token_endpoint_auth_method": "spiffe_jwt", "spiffe_id": credentials.spiffe_id}
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
