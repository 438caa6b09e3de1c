"""What each platform's evidence says about a workload, by the names that spiffe.toml uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dialtone_kit.base.errors import TokenRefused
from dialtone_kit.spiffe.evidence import PlatformName

Attributes = Mapping[str, str]


def _kubernetes(claims: Mapping[str, Any]) -> Attributes:
    about = _object(claims, "kubernetes.io")
    account = _object(about, "serviceaccount")
    return {"namespace": _text(about, "namespace"), "service_account": _text(account, "name")}


def _aws(document: Mapping[str, Any]) -> Attributes:
    members = {"account": "accountId", "region": "region", "instance": "instanceId"}
    return {name: _text(document, member) for name, member in members.items()}


def _azure(claims: Mapping[str, Any]) -> Attributes:
    return {"tenant": _text(claims, "tid"), "principal": _text(claims, "oid")}


def _gcp(claims: Mapping[str, Any]) -> Attributes:
    engine = _object(_object(claims, "google"), "compute_engine")
    return {"project": _text(engine, "project_id"), "account": _text(claims, "sub")}


READERS: Mapping[PlatformName, Callable[[Mapping[str, Any]], Attributes]] = {
    "kubernetes": _kubernetes,
    "aws": _aws,
    "azure": _azure,
    "gcp": _gcp,
}


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    if not isinstance(value, dict):
        raise TokenRefused("claims", f"{name} is missing.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefused("claims", f"{name} is missing.")
    return value
