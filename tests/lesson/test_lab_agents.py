"""Several agents in a private realm, its policies, its whole trail, and the demo's own script."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dialtone_kit import IdentityClient, ServiceError, start
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.client import credentials as store
from dialtone_kit.lesson import lab_realm
from dialtone_kit.lesson.demo_client import SCRIPT
from dialtone_kit.lesson.lesson import Lesson


@pytest.fixture
def lesson(shared_home: Path) -> Lesson:
    return start(9)


def test_each_agent_has_its_own_key_and_none_leaves_anything_behind(lesson: Lesson) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        agents = [lab.agent(name) for name in ("one", "two")]
        tokens = [agent.client.get_token(key=agent.key) for agent in agents]
        assert len({token.claims["cnf"]["jkt"] for token in tokens}) == 2
        assert [token.claims["client_id"] for token in tokens] == [a.client_id for a in agents]
        assert all(store.path_for(agent.client_id).exists() for agent in agents)
    assert not any(store.path_for(agent.client_id).exists() for agent in agents)


def test_a_realm_that_is_only_half_made_is_removed(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def interrupted(client: IdentityClient, *_: object, **__: object) -> None:
        made.append(str(client.realm))
        raise KeyboardInterrupt

    monkeypatch.setattr(lab_realm, "ensure_credentials", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lesson.lab_realm()
    with pytest.raises(ServiceError, match="no realm"):
        lesson.controls.move_clock(made[0], 1)


def test_more_agents_of_one_sponsor_than_an_hour_allows(lesson: Lesson) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        agents = {lab.agent("many", email="team@example.com").client_id for _ in range(4)}
        assert len(agents) == 4


def test_a_sponsor_whom_the_policies_deny_gets_the_services_refusal(lesson: Lesson) -> None:
    with lesson.lab_realm("acme", scopes=()) as lab:
        with pytest.raises(ServiceError, match="contractors-are-not-staff") as refused:
            lab.agent("helper", ["notes:read"], email="sam@contractors.acme.example")
        assert refused.value.status == 403
        assert lab.agent("helper", ["notes:read"], email="sam@acme.example").client_id


def test_a_policy_is_in_force_at_once_and_one_with_a_mistake_never(lesson: Lesson) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        agent = lab.agent("reader")
        token = agent.client.get_token("notes:read", key=agent.key)
        notes = f"{lab.issuer}/api/notes"
        lab.policy('permit (principal, action == Action::"whoami", resource);')
        assert agent.client.call("GET", notes, token).status_code == 403
        with pytest.raises(ServiceError, match=r"\.cedar:2: .*bond"):
            lab.policy("permit (principal, action, resource)\nwhen { context.bond };")
        assert agent.client.call("GET", notes, token).status_code == 403
        lab.policy("permit (principal, action, resource);")
        assert agent.client.call("GET", notes, token).status_code == 200


def test_the_trail_is_read_to_its_end(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        kept = [{"id": n} for n in range(5, 455)]

        def audit(realm: str, *, after: int) -> list[dict[str, int]]:
            assert realm == lab.realm
            return [one for one in kept if one["id"] > after][:200]

        monkeypatch.setattr(lab.controls, "audit", audit)
        assert lab.events() == kept


def test_the_demos_script_writes_a_note_and_the_trail_has_it(lesson: Lesson) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        agent, other = lab.agent("stranger"), lab.agent("idle")
        shown = lab.run_demo(agent, "<b>Hello</b>")
        assert shown.text == ("token_type: DPoP\nsub is my client_id: True\nwritten: <b>Hello</b>")
        assert "<b>" not in shown.html
        assert agent.client_id in lab.trail(agent, other).text.splitlines()[-1]
        assert "wrote note" in lab.trail(last=1).text


def test_a_script_that_fails_says_so_without_a_secret(lesson: Lesson) -> None:
    with lesson.lab_realm(scopes=()) as lab:
        agent = lab.agent("stranger")
        lesson.controls.lock_client(agent.client_id)
        with pytest.raises(DialtoneError, match=r"demo's script failed: .*HTTP Error 40\d"):
            lab.run_demo(agent, "Hello")


def test_the_demos_script_needs_nothing_of_the_kit() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"))
    modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    modules |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert modules >= {"jwt", "urllib.request"}
    assert [name for name in modules if name.startswith("dialtone_kit")] == []
