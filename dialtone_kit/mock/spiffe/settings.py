"""SPIFFE settings: the kit's spiffe.toml, overridden by one in the state directory."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from dialtone_kit.base.algorithms import public_key_from_jwk
from dialtone_kit.base.errors import BadSpiffeId
from dialtone_kit.base.jws import b64url, json_object
from dialtone_kit.keys import jwk_of
from dialtone_kit.mock.core.settings import BadSettings
from dialtone_kit.spiffe.evidence import PLATFORMS, PlatformName
from dialtone_kit.spiffe.spiffe_id import SpiffeId, check_trust_domain

FILE = "spiffe.toml"
CHALLENGE_LIFETIME = 300  # seconds
REFRESH_HINT = 300  # seconds after which a trust bundle should be fetched again
# What the evidence of each platform says about a workload, for `path` and `only`.
ATTRIBUTES: Mapping[PlatformName, tuple[str, ...]] = {
    "kubernetes": ("namespace", "service_account"),
    "aws": ("account", "region", "instance"),
    "azure": ("tenant", "principal"),
    "gcp": ("project", "account"),
}


@dataclass(frozen=True)
class Platform:
    """One platform's configuration. `keys` is None if the local platform signs."""

    name: PlatformName
    realm: str
    path: str
    issuer: str = ""
    audience: str = ""
    keys: Mapping[str, Any] | None = None  # a JWK set
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def cluster_of(platform: Platform, realm: str) -> Platform:
    """The local platform's cluster in a private realm, known by its issuer.

    Its workloads are named below the realm's own path. So whatever is off in that realm, no
    evidence of its cluster makes anyone a workload of another.
    """
    issuer, path = f"{platform.issuer}/{realm}", f"/{realm}{platform.path}"
    return replace(platform, realm=realm, issuer=issuer, path=path)


@dataclass(frozen=True)
class SpiffeSettings:
    """The trust domain, and the platforms that this service trusts."""

    trust_domain: str
    platforms: Mapping[str, Platform]


def load(state_dir: Path, realms: Mapping[str, object]) -> SpiffeSettings:
    """The settings in force. Raises BadSettings, which says what to fix."""
    merged = _merged(_read(Path(__file__).with_name(FILE)), _read(state_dir / FILE))
    try:
        trust_domain = check_trust_domain(str(merged["trust_domain"]))
        platforms: dict[str, Platform] = {
            name: _platform(name, merged[name], state_dir) for name in PLATFORMS
        }
    except (BadSpiffeId, KeyError, TypeError, ValueError) as problem:
        raise BadSettings(f"{FILE}: {problem}") from None
    for platform in platforms.values():
        if platform.realm not in realms:
            raise BadSettings(
                f"{FILE}: [{platform.name}] names an unknown realm: {platform.realm!r}."
            )
    return SpiffeSettings(trust_domain, platforms)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:  # ValueError: from tomllib, with the line
        raise BadSettings(f"{path} can't be read: {problem}") from None


def _merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """`ours`, overridden by `theirs` member by member."""
    both = ours | theirs
    for name in PLATFORMS:
        if isinstance(theirs.get(name), dict):
            both[name] = ours[name] | theirs[name]
    return both


def _platform(name: PlatformName, table: Mapping[str, Any], state_dir: Path) -> Platform:
    if not isinstance(table, dict):
        raise ValueError(f"[{name}] must be a table")
    example = dict.fromkeys(ATTRIBUTES[name], "x")
    only = {str(key): tuple(map(str, values)) for key, values in table.get("only", {}).items()}
    if unknown := set(only) - set(example):
        raise ValueError(f"[{name}] only: {', '.join(sorted(unknown))} is not in its evidence")
    try:
        SpiffeId.of("example", str(table["path"]).format_map(example))
    except (BadSpiffeId, KeyError, AttributeError, IndexError) as problem:
        raise ValueError(f"[{name}] path can't be filled in: {problem}") from None
    return Platform(
        name=name,
        realm=str(table["realm"]),
        path=str(table["path"]),
        issuer=str(table.get("issuer", "")),
        audience=str(table.get("audience", "")),
        keys=None if table["keys"] == "local" else _key_set(name, state_dir / str(table["keys"])),
        only=only,
    )


def _key_set(name: PlatformName, path: Path) -> Mapping[str, Any]:
    """The keys in a file that holds what the platform publishes."""
    try:
        return published_keys(name, path.read_bytes())
    except (OSError, ValueError) as problem:
        raise ValueError(f"[{name}] keys: {path} can't be used: {problem}") from None


def published_keys(name: PlatformName, content: bytes) -> Mapping[str, Any]:
    """The JWK set that a platform publishes; AWS publishes a PEM certificate for its one key."""
    if name == "aws":
        public = x509.load_pem_x509_certificate(content).public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise ValueError("AWS signs documents with RSA")
        jwk = jwk_of(public)
        public_key_from_jwk(jwk, "RS256")  # refuses a weak key
        return {"keys": [jwk]}
    jwks = json_object(b64url(content))
    if not isinstance(jwks.get("keys"), list):
        raise ValueError("this is not a JWK set")
    return jwks
