"""Makes the files of an older tree that test_upgrade.py opens. Run once, with that tree's own code:

    git worktree add /tmp/old 8ad70f8
    cd /tmp/old && PYTHONPATH=. DIALTONE_STATE_DIR=/tmp/state DIALTONE_CONFIG_DIR=/tmp/config \\
        python .../tests/upgrade/make_files.py .../tests/upgrade/from_8ad70f8

Everything goes through the old tree's client and service. The output is text alone: the
database as SQL, and in `memory.json` what a notebook and a person would still know (keys, tokens).
All secrets in it were made for this purpose.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dialtone_kit.controls import Controls
from dialtone_kit.progress import Answer, Progress

from dialtone_kit import IdentityClient, ProofKey, Workload, questions, service

STATE, CONFIG = Path(os.environ["DIALTONE_STATE_DIR"]), Path(os.environ["DIALTONE_CONFIG_DIR"])
REALM, PERSON = "default", "sponsor@example.com"
SCOPES = ("openid", "notes:read", "notes:write")
FORBIDDEN = """
@id("no-late-writers")
@ask("notes:read alone")
forbid (principal, action == Action::"register", resource == Scope::"notes:write");
"""


def main(target: Path) -> None:
    base_url = service.ensure().base_url
    controls = Controls(service.find)
    memory = {
        "base_url": base_url,
        "confidential": confidential(base_url, controls),
        "public": public(base_url, controls),
        "svid": svid(base_url, controls),
    }
    edit_policy()
    memory["pending"] = pending(base_url)
    learn()
    memory["jwks"] = httpx.get(f"{base_url}/realms/{REALM}/jwks").json()
    memory["bundle"] = httpx.get(f"{base_url}/.well-known/spiffe-trust-bundle").json()
    assert service.stop()
    memory["made_at"] = int(time.time()) + 1
    keep(target, memory)


def confidential(base_url: str, controls: Controls) -> dict[str, object]:
    """A client with a secret, a note, a token that lives and one that was revoked."""
    client, key = registered(base_url, controls, "courier"), ProofKey.generate()
    live, revoked = (client.get_token("openid notes:read notes:write", key=key) for _ in "12")
    notes = f"{client.issuer}/api/notes"
    assert client.call("POST", notes, live, json={"text": "from before"}).status_code == 201
    client.revoke(revoked)
    assert client.credentials is not None
    return {
        "client_id": client.credentials.client_id,
        "key": pem(key),
        "live": live.access_token.reveal(),
        "revoked": revoked.access_token.reveal(),
    }


def public(base_url: str, controls: Controls) -> dict[str, object]:
    """A client without a secret: one approval in use, and one that was not yet collected."""
    client, key = registered(base_url, controls, "kiosk", public=True), ProofKey.generate()
    first = client.start_device("openid")
    approve(client, first, controls)
    token = client.refresh(client.wait_for_device(first, key))
    waiting = client.start_device("openid")
    approve(client, waiting, controls)
    assert client.credentials is not None
    assert token.refresh_token is not None
    return {
        "client_id": client.credentials.client_id,
        "key": pem(key),
        "refresh_token": token.refresh_token.reveal(),
        "device_code": waiting.device_code.reveal(),
    }


def svid(base_url: str, controls: Controls) -> dict[str, object]:
    """What a workload was issued."""
    platform = controls.platform("kubernetes", namespace="lessons", service_account="reader")
    workload = Workload(base_url, "spiffe://dialtone.test/ns/lessons/sa/reader", platform)
    return {
        "chain": workload.x509_svid().pem,
        "jwt": workload.jwt_svid("https://api.example").token.reveal(),
    }


def pending(base_url: str) -> dict[str, object]:
    """A registration that no one has confirmed yet; its poll token is on the disk."""
    client = IdentityClient(base_url, REALM)
    enrollment = client.request_enrollment("late@example.com", "late-agent")
    return {"email": enrollment.email, "enrollment_id": enrollment.enrollment_id}


def registered(
    base_url: str, controls: Controls, name: str, *, public: bool = False
) -> IdentityClient:
    client = IdentityClient(base_url, REALM)
    email = f"{name}-{PERSON}"
    enrollment = client.request_enrollment(email, name, scopes=SCOPES, public=public)
    client.confirm_enrollment(enrollment, controls.code_for(email, REALM))
    return client


def approve(client: IdentityClient, login: object, controls: Controls) -> None:
    """What a person does on the device page."""
    url, email = f"{client.issuer}/device", f"person-{time.time_ns()}@example.com"
    with httpx.Client(headers={"Accept": "text/html"}, trust_env=False) as browser:
        page = browser.get(url)
        code = login.user_code.reveal()  # type: ignore[attr-defined]
        page = browser.post(url, data={**hidden(page), "user_code": code, "email": email})
        mailed = {"verification_code": controls.code_for(email, REALM), "decision": "approve"}
        page = browser.post(url, data={**hidden(page), **mailed})
    assert "Approved" in page.text, page.text


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def edit_policy() -> None:
    with (STATE / "policies" / "default.cedar").open("a") as file:
        file.write(FORBIDDEN)


def learn() -> None:
    """A prediction, a quiz answer, and two exercises of lesson 03."""
    progress = Progress(STATE / "progress.json")
    items = questions.load("03")
    progress.predicted(Answer.to(next(iter(items.predictions.values())), 0, "sure"))
    quiz = next(iter(items.quiz.values()))
    progress.answered(Answer.to(quiz, quiz.right))
    progress.opened("03")
    progress.hinted("03.signature")
    progress.checked("03.signature", "wrong", "M13")
    progress.checked("03.coordinates", "right")
    progress.done("03")


def keep(target: Path, memory: dict[str, object]) -> None:
    """Everything as text below `target`."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(STATE, target / "state", ignore=shutil.ignore_patterns("mock.*", "*.lock"))
    shutil.copytree(CONFIG, target / "config")
    with sqlite3.connect(STATE / "mock.sqlite3") as database:
        dump = "\n".join(database.iterdump())
    (target / "state" / "mock.sql").write_text(dump + "\n")
    (target / "memory.json").write_text(json.dumps(memory, indent=1) + "\n")


def pem(key: ProofKey) -> str:
    private = key._private
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
