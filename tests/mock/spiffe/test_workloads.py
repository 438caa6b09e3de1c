"""The kit's workload against the running service: four platforms, SVIDs, bundle, refusals."""

from __future__ import annotations

import time

import pytest

from dialtone_kit.base.errors import MockOnly, ServiceError, SvidRefused
from dialtone_kit.base.masking import Secret
from dialtone_kit.client.credentials import read_members
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.keys import ProofKey
from dialtone_kit.local.controls import Controls
from dialtone_kit.local.record import Record
from dialtone_kit.local.running import LocalService
from dialtone_kit.spiffe.evidence import PLATFORMS, Evidence, PlatformName
from dialtone_kit.spiffe.svids import ALGS, WorkloadKey
from dialtone_kit.spiffe.trust_bundle import verify_jwt_svid, verify_x509_svid
from dialtone_kit.spiffe.workload import Workload, jwt_svid_for
from tests.support.running_mock import Mock, Registered
from tests.support.spiffe_scene import ID, NAMES


@pytest.fixture
def controls(mock: Mock) -> Controls:
    record = Record(mock.base_url, mock.port, Secret(mock.secret))
    return Controls(lambda: LocalService(record, None, ""))


@pytest.fixture
def workload(mock: Mock, controls: Controls) -> Workload:
    return Workload(mock.base_url, ID, controls.platform("kubernetes"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_vouches(mock: Mock, controls: Controls, platform: PlatformName) -> None:
    about, name = {}, NAMES[platform]
    if platform == "aws":  # an instance of this test's own: its first key is the only one
        about, name = {"instance": "i-kit"}, name.rpartition("/")[0] + "/i-kit"
    workload = Workload(mock.base_url, name, controls.platform(platform, **about))
    bundle = workload.trust_bundle()
    svid = workload.x509_svid()
    assert str(verify_x509_svid(svid.chain, bundle, time.time())) == name
    token = workload.jwt_svid("https://api.example.com")
    found = verify_jwt_svid(token, bundle, "https://api.example.com", time.time())
    assert (str(found.spiffe_id), found.expires_at) == (name, token.expires_at)


@pytest.mark.parametrize("alg", ALGS)
@pytest.mark.parametrize("platform", ["kubernetes", "azure"])
def test_with_every_kind_of_key(
    mock: Mock, controls: Controls, platform: PlatformName, alg: str
) -> None:
    key = WorkloadKey.generate(alg)
    workload = Workload(mock.base_url, NAMES[platform], controls.platform(platform), key=key)
    assert workload.x509_svid().key is key
    workload.jwt_svid("a")


def test_the_lifetime_can_be_shorter(workload: Workload) -> None:
    svid = workload.x509_svid(lifetime=60)
    assert 45 < svid.expires_at.timestamp() - time.time() <= 60
    assert 45 < workload.jwt_svid("a", lifetime=60).expires_at.timestamp() - time.time() <= 60


def test_an_svid_is_renewed_with_the_same_key(workload: Workload) -> None:
    one, other = workload.x509_svid(), workload.x509_svid()
    assert one.leaf.serial_number != other.leaf.serial_number
    assert one.key is other.key


def test_a_token_is_for_its_audience_alone(workload: Workload) -> None:
    token = workload.jwt_svid("https://api.example.com")
    with pytest.raises(SvidRefused, match=r"aud: .*\[M24\]"):
        verify_jwt_svid(token, workload.trust_bundle(), "https://other.example", time.time())


def test_evidence_taken_by_another_workload_serves_it_nothing(
    mock: Mock, controls: Controls, workload: Workload
) -> None:
    """A thief who reads the evidence on its way has another key: the audience names ours."""
    challenge = workload.challenge()
    stolen = workload.evidence(challenge)
    thief = Workload(mock.base_url, ID, lambda _: stolen)
    thief.challenge = lambda: challenge  # type: ignore[method-assign]
    with pytest.raises(ServiceError) as refused:
        thief.x509_svid()
    assert refused.value.status == 401
    assert "another key" in refused.value.description


def test_a_name_that_the_platform_does_not_vouch_for(mock: Mock, controls: Controls) -> None:
    workload = Workload(mock.base_url, ID + "2", controls.platform("kubernetes"))
    with pytest.raises(ServiceError) as refused:
        workload.x509_svid()
    assert refused.value.status == 403
    assert ID in refused.value.description  # it says which one would be right


def test_the_same_name_by_jwt_is_not_taken_for_another(mock: Mock, controls: Controls) -> None:
    workload = Workload(mock.base_url, ID + "2", controls.platform("kubernetes"))
    with pytest.raises(SvidRefused, match="spiffe_id"):
        workload.jwt_svid("a")


def test_a_client_gets_an_svid_for_its_token(mock: Mock, registered_client: Registered) -> None:
    credentials = read_members(registered_client.answer)
    client = IdentityClient(mock.base_url, registered_client.realm, credentials=credentials)
    token = client.get_token(key=ProofKey.generate())
    svid = jwt_svid_for(client, token, "a")
    assert str(svid.spiffe_id).endswith(f"/workload/{registered_client.client_id}")


def test_the_wire_shows_no_token_in_full(workload: Workload) -> None:
    token = workload.jwt_svid("a").token.reveal()
    views = (workload.wire.show(last=10), workload.wire.sequence())
    shown = "".join(repr(view) + view._repr_html_() for view in views) + workload.wire.curl()
    assert "/v1/svid/jwt" in shown
    assert token not in shown
    assert token.rpartition(".")[2] not in shown


def test_the_real_service_has_no_local_platform() -> None:
    platform = Controls(None).platform("aws")
    with pytest.raises(MockOnly, match="local aws"):
        platform("a")


def test_a_platform_of_ones_own_is_a_function(mock: Mock, controls: Controls) -> None:
    """What a real cluster does: read the projected token of the audience that is asked for."""
    vouch = controls.platform("kubernetes")
    asked: list[str] = []

    def projected(audience: str) -> Evidence:
        asked.append(audience)
        return vouch(audience)

    workload = Workload(mock.base_url, ID, projected)
    workload.x509_svid()
    challenge, _, thumbprint = asked[0].partition(".")
    assert challenge
    assert thumbprint == workload.key.thumbprint
