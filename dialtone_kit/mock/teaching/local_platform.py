"""A Kubernetes, an AWS, an Azure and a GCP to learn with: each signs evidence with its own key.

What they sign looks like the real platform's evidence and passes the same checks. Like all of
/mock/…, they serve only whoever started the service.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dialtone_kit.base.algorithms import sign
from dialtone_kit.mock.core import clock
from dialtone_kit.mock.core.refusal import NO_STORE, Refusal
from dialtone_kit.mock.core.service import Service
from dialtone_kit.mock.schemas.spiffe import (
    AwsInstance,
    AzureMachine,
    GcpMachine,
    KubernetesPod,
    SignedDocument,
    SignedToken,
)
from dialtone_kit.mock.spiffe.platform_keys import ALG, local_key
from dialtone_kit.mock.spiffe.settings import Platform, SpiffeSettings, cluster_of
from dialtone_kit.mock.teaching.owner import control
from dialtone_kit.mock.teaching.realms import private_realm
from dialtone_kit.mock.web.context import service_of
from dialtone_kit.mock.web.requests import read_json
from dialtone_kit.mock.web.responses import json_answer
from dialtone_kit.spiffe.evidence import PlatformName
from dialtone_kit.tokens import sign_token

LIFETIME = 600  # seconds that a token of theirs is valid


@control(
    "Kubernetes: a projected service-account token",
    answers=SignedToken,
    body=KubernetesPod,
    refusals=(404, 503),
    learners=True,
)
async def kubernetes_token(request: Request) -> Response:
    """As the kubelet puts it into a pod, for the audience that the pod names.

    A private realm has a cluster of its own: its evidence counts there alone.
    """
    pod = await read_json(request, KubernetesPod)
    platform = _local(service_of(request), "kubernetes")
    if pod.realm is not None:
        await private_realm(request, pod.realm)
        platform = cluster_of(platform, pod.realm)
    names = (pod.namespace, pod.service_account)
    about = {
        "namespace": pod.namespace,
        "pod": {"name": f"{pod.service_account}-0", "uid": _uid("pod", *names)},
        "serviceaccount": {"name": pod.service_account, "uid": _uid("sa", *names)},
    }
    claims = {
        "aud": [pod.audience],
        "sub": f"system:serviceaccount:{pod.namespace}:{pod.service_account}",
        "kubernetes.io": about,
    }
    return await _token(request, platform, claims)


@control(
    "AWS: the instance identity document and its signature",
    answers=SignedDocument,
    body=AwsInstance,
    refusals=(404, 503),
    learners=True,
)
async def aws_document(request: Request) -> Response:
    """As an EC2 instance reads it from its metadata service: the same each time, no nonce in it."""
    service, asked = service_of(request), await read_json(request, AwsInstance)
    _local(service, "aws")
    document = json.dumps(
        {
            "accountId": asked.account,
            "architecture": "x86_64",
            "availabilityZone": f"{asked.region}a",
            "imageId": "ami-0d1a2b3c4d5e6f708",
            "instanceId": asked.instance,
            "instanceType": "t3.micro",
            "pendingTime": "2026-01-05T08:00:00Z",
            "privateIp": "10.0.0.12",
            "region": asked.region,
            "version": "2017-09-30",
        },
        indent=2,
    )
    key = await local_key(service, "aws")
    signature = base64.b64encode(sign(key.private, ALG, document.encode())).decode()
    return json_answer({"document": document, "signature": signature}, headers=NO_STORE)


@control(
    "Azure: a managed identity's token",
    answers=SignedToken,
    body=AzureMachine,
    refusals=(404, 503),
    learners=True,
)
async def azure_token(request: Request) -> Response:
    """As a virtual machine reads it from its metadata service, for the audience configured."""
    service, asked = service_of(request), await read_json(request, AzureMachine)
    platform = _local(service, "azure")
    tenant = platform.issuer.rstrip("/").rpartition("/")[2]
    claims = {
        "aud": platform.audience,
        "appid": _uid("app", asked.principal),
        "oid": asked.principal,
        "sub": asked.principal,
        "tid": tenant,
        "ver": "1.0",
    }
    return await _token(request, platform, claims)


@control(
    "GCP: a machine's identity token",
    answers=SignedToken,
    body=GcpMachine,
    refusals=(404, 503),
    learners=True,
)
async def gcp_token(request: Request) -> Response:
    """As the metadata server signs it, for the audience that the machine names, in full format."""
    service, asked = service_of(request), await read_json(request, GcpMachine)
    engine = {
        "project_id": asked.project,
        "instance_id": "4183502679151740229",
        "instance_name": "lesson-08",
        "zone": "europe-west3-a",
    }
    claims = {
        "aud": asked.audience,
        "azp": asked.account,
        "sub": asked.account,
        "email": f"lessons@{asked.project}.iam.gserviceaccount.com",
        "email_verified": True,
        "google": {"compute_engine": engine},
    }
    return await _token(request, _local(service, "gcp"), claims)


async def _token(request: Request, platform: Platform, claims: Mapping[str, Any]) -> Response:
    """`claims` with issuer and times, signed by the local platform."""
    service = service_of(request)
    realm = await service.find_realm(platform.realm)
    now = int(clock.now(realm) if realm else clock.machine_now())
    times = {"iss": platform.issuer, "iat": now, "nbf": now, "exp": now + LIFETIME}
    key = await local_key(service, platform.name)
    signed = sign_token(key.private, {**claims, **times}, kid=key.kid, alg=ALG)
    return json_answer({"token": signed}, headers=NO_STORE)


def _local(service: Service, name: PlatformName) -> Platform:
    """The platform's configuration. 404 if other keys are configured."""
    platform = service.part(SpiffeSettings).platforms[name]
    if platform.keys is not None:
        raise Refusal(404, "not_found", f"spiffe.toml names keys of another {name}: ask that one.")
    return platform


def _uid(*names: str) -> str:
    """The same UUID for the same names: a platform knows its objects."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names)))
