"""A private realm has a Kubernetes of its own: its evidence counts there, and nowhere else."""

from typing import Any

import pytest

from tests.support.grant_desk import events, says
from tests.support.running_mock import Mock
from tests.support.spiffe_scene import ID, Scene, csr, pod_in, pod_name


def test_its_workloads_are_named_below_the_realm(mock: Mock, realm: str) -> None:
    pod, sent = pod_in(mock, realm)
    assert pod.post("x509", sent).json()["spiffe_id"] == pod_name(realm)
    issued = [one for one in events(mock, realm) if one["event"] == "svid_issued"]
    assert [one["spiffe_id"] for one in issued] == [pod_name(realm)]


def test_none_of_them_is_a_workload_of_the_public_realm(mock: Mock, realm: str) -> None:
    pod, sent = pod_in(mock, realm)
    says(pod.post("x509", sent | {"csr": csr(pod.key, [ID])}), 403, "access_denied", "spiffe_id")


def test_evidence_of_a_realm_that_is_gone_is_refused(mock: Mock) -> None:
    gone = mock.new_realm()
    pod, sent = pod_in(mock, gone)
    mock.remove_realm(gone)
    says(pod.post("jwt", sent), 401, "unauthorized", "evidence iss")


@pytest.mark.parametrize(
    ("realm", "status"), [("default", 403), ("strict", 403), ("lab-000000000000", 404)]
)
def test_only_a_private_realm_has_one(mock: Mock, realm: str, status: int) -> None:
    body: dict[str, Any] = {"audience": "x", "realm": realm}
    assert mock.control("POST", "platform/kubernetes", json=body).status_code == status


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.e30", "é"])
def test_unreadable_evidence_names_no_realm(mock: Mock, token: str) -> None:
    pod = Scene(mock)
    says(pod.post("jwt", pod.request(evidence={"token": token})), 401, "unauthorized", "evidence")
