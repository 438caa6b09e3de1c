"""Earlier users carry on: this tree opens the files of tree 8ad70f8, and follows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509

from dialtone_kit import (
    IdentityClient,
    ServiceError,
    Token,
    load_credentials,
    read_unverified,
    verify_token,
)
from dialtone_kit.base.masking import Secret
from dialtone_kit.client import enrollments
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.commands.doctor import examine
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.local import service
from dialtone_kit.local.controls import Controls
from dialtone_kit.spiffe.trust_bundle import TrustBundle, verify_jwt_svid, verify_x509_svid
from tests.upgrade.old_home import FILES, OldHome, rebuild

REALM = "default"
LATER = 60  # seconds after the files were made: their SVIDs and tokens were good then


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldHome]:
    """The rebuilt home, with this tree's service running on it."""
    home = rebuild(tmp_path_factory.mktemp("old"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALTONE_STATE_DIR", str(home.state))
        patch.setenv("DIALTONE_CONFIG_DIR", str(home.config))
        remarks: list[str] = []
        running = service.ensure(say=remarks.append)
        try:
            assert running.base_url == home.base_url, remarks
            yield home
        finally:
            service.stop()
    assert "Traceback" not in (home.state / "mock.log").read_text()


def client_of(old: OldHome, owner: str) -> IdentityClient:
    """A client with the credentials on the disk, as a lesson finds them."""
    credentials = load_credentials(old.memory[owner]["client_id"])
    return IdentityClient(old.base_url, REALM, credentials=credentials, sleep=lambda _: None)


def held(old: OldHome, text: str) -> Token:
    """A token of then, as a notebook holds it: bound to the key of the confidential client."""
    claims = read_unverified(text).claims
    key, scope = old.key("confidential"), str(claims["scope"])
    return Token(Secret(text), "DPoP", 3600, scope, key, claims["iat"])


def test_stored_credentials_get_a_token(old: OldHome) -> None:
    client = client_of(old, "confidential")
    token = client.get_token("openid notes:read", key=old.key("confidential"))
    assert client.userinfo(token)["sub"] == old.memory["confidential"]["client_id"]


def test_a_live_token_stays_live_and_reads_the_notes_of_then(old: OldHome) -> None:
    client = client_of(old, "confidential")
    answer = client.call("GET", f"{client.issuer}/api/notes", held(old, old.token("live")))
    assert answer.status_code == 200, answer.text
    assert [note["text"] for note in answer.json()["notes"]] == ["from before"]


def test_a_revoked_token_stays_dead(old: OldHome) -> None:
    client = client_of(old, "confidential")
    token = held(old, old.token("revoked"))
    answer = client.call("GET", f"{client.issuer}/userinfo", token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert client.introspect(token) == {"active": False}


def test_a_pending_enrollment_is_confirmed_with_the_code_of_then(old: OldHome) -> None:
    client, email = IdentityClient(old.base_url, REALM), old.memory["pending"]["email"]
    enrollment = enrollments.pending(client.issuer, email)
    assert enrollment is not None
    assert enrollment.enrollment_id == old.memory["pending"]["enrollment_id"]
    credentials = client.confirm_enrollment(
        enrollment, Controls(service.find).code_for(email, REALM)
    )
    assert load_credentials(credentials.client_id) == credentials
    assert client.get_token().token_type == "Bearer"


def test_a_family_of_refresh_tokens_continues_and_still_ends_by_a_second_use(old: OldHome) -> None:
    client, key = client_of(old, "public"), old.key("public")
    first = Secret(old.memory["public"]["refresh_token"])
    before = Token(Secret(""), "DPoP", 0, "openid", key, 0.0, first)
    with pytest.raises(ServiceError, match="invalid_target"):  # no one was shown an audience
        client.refresh(before, resource="https://api.example/")
    after = client.refresh(before)
    assert after.refresh_token is not None
    assert client.userinfo(after)["sub"]
    with pytest.raises(ServiceError, match="invalid_grant"):
        client.refresh(before)
    with pytest.raises(ServiceError, match="invalid_grant"):
        client.refresh(after)


def test_an_approval_that_no_one_had_collected_is_collected(old: OldHome) -> None:
    client = client_of(old, "public")
    code = Secret(old.memory["public"]["device_code"])
    ends = datetime.now(UTC) + timedelta(minutes=5)
    login = DeviceLogin(code, Secret(""), "", None, ends, 5, "openid")
    token = client.wait_for_device(login, old.key("public"))
    assert client.userinfo(token)["sub"]


def test_signing_keys_are_the_same(old: OldHome) -> None:
    client = IdentityClient(old.base_url, REALM)
    assert client.jwks() == old.memory["jwks"]
    token = old.memory["confidential"]["live"]
    issuer = f"{old.memory['base_url']}/realms/{REALM}"
    assert verify_token(token, client.jwks(), issuer, now=old.made_at + LATER)


def test_the_services_key_moved_out_of_the_database(old: OldHome) -> None:
    before = re.search(r"'key',X'([0-9A-F]{64})'", (FILES / "state" / "mock.sql").read_text())
    assert before is not None
    key = bytes.fromhex(before[1])
    assert (old.state / "mock.key").read_text() == f"{key.hex()}\n"
    assert key not in b"".join(path.read_bytes() for path in old.state.glob("mock.sqlite3*"))


def test_spiffe_roots_are_the_same(old: OldHome) -> None:
    published = httpx.get(f"{old.base_url}/.well-known/spiffe-trust-bundle", trust_env=False).json()
    assert published == old.memory["bundle"]
    bundle, svid = TrustBundle.read(published, "dialtone.test"), old.memory["svid"]
    chain = x509.load_pem_x509_certificates(svid["chain"].encode())
    verify_x509_svid(chain, bundle, now=old.made_at + LATER)
    verify_jwt_svid(svid["jwt"], bundle, "https://api.example", now=old.made_at + LATER)


def test_an_edited_policy_is_obeyed_and_left_alone(old: OldHome) -> None:
    client = IdentityClient(old.base_url, REALM)
    with pytest.raises(ServiceError, match="no-late-writers") as refused:
        client.request_enrollment("writer@example.com", "writer", scopes=["openid", "notes:write"])
    assert refused.value.status == 403
    assert "no-late-writers" in (old.state / "policies" / "default.cedar").read_text()
    files = {one.file: one for one in Controls(service.find).policies()}
    assert all(one.valid for one in files.values())
    assert {one.file for one in files.values() if one.edited} == {"default.cedar"}


def test_progress_is_read_and_continues(old: OldHome) -> None:
    progress = Progress(old.state / "progress.jsonl")
    assert progress.exercise("03.coordinates").outcome == "right"
    wrong = progress.exercise("03.signature")
    assert (wrong.outcome, wrong.code, wrong.hints) == ("wrong", "M13", 1)
    sure = progress.prediction("03.stolen-token")
    assert sure is not None
    assert (sure.choice, sure.right, sure.confidence) == (0, False, "sure")
    quiz = progress.quiz_answer("03.private-member")
    assert quiz is not None
    assert quiz.right
    progress.checked("03.signature", "right")
    assert progress.exercise("03.signature").attempts == 2
    assert progress.exercise("03.coordinates").attempts == 1
    kept = json.loads((old.state / "progress.json").read_text())
    assert kept["exercises"]["03.signature"]["code"] == "M13"


def test_the_audit_trail_continues_where_it_ended(old: OldHome) -> None:
    events = Controls(service.find).audit(REALM)
    assert {"registration", "revocation"} <= {one["event"] for one in events[:21]}
    ids = [one["id"] for one in events]
    assert ids == sorted(set(ids))


def test_doctor_finds_all_well(old: OldHome) -> None:
    places = {"State folder", "Database", "Credentials", "Local service", "Policies"}
    seen = [finding for finding in examine() if finding.what in places]
    assert {finding.what for finding in seen} == places
    assert [finding.text for finding in seen if not finding.ok] == []
