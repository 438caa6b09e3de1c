"""The token explorer: what it says of good and odd tokens, and what never leaves the kernel."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dialtone_kit import ProofKey
from dialtone_kit.base.jws import b64url, b64url_decode
from dialtone_kit.base.masking import Secret
from dialtone_kit.lesson.content.lesson_04.forgeries import new_key
from dialtone_kit.tokens import Token, sign_token
from dialtone_kit.widgets.token_cover import COVER, covered
from dialtone_kit.widgets.token_explorer import TokenCase, TokenExplorer, TokenVerdict
from dialtone_kit.widgets.token_reading import LONGEST

NOW = 1_800_000_000.0
PRIVATE, KEY, OTHER = new_key(), ProofKey.generate(), ProofKey.generate()
ADDRESS, SECRET = "robin@mail.example", "sec_" + "Zq3" * 15
CLAIMS = {
    "iss": "https://id.example/realms/default",
    "sub": "cli_my_agent_0a1b",
    "token_type": "access_token",
    "scope": "openid notes:read",
    "iat": 1_799_999_400,
    "exp": 1_800_003_000,
    "jti": "one",
    "cnf": {"jkt": KEY.thumbprint},
}
GOOD = TokenVerdict("verified", "In time.", kid="k1", keys_url="https://id.example/jwks")


def token(**claims: Any) -> str:
    """A signed token; a claim given as None is left out."""
    kept = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return sign_token(PRIVATE, kept, kid="k1")


def unsigned(payload: str) -> str:
    return f"{b64url(b'{}')}.{b64url(payload.encode())}."


def explorer(*tokens: object, own: str = "", interactive: bool = True) -> TokenExplorer:
    cases = [TokenCase(one, own, lambda: GOOD, lambda: NOW) for one in tokens or (token(),)]
    return TokenExplorer(cases, interactive)


def first(panel: TokenExplorer) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.dumps(panel.state()))["tokens"][0]
    return state


def row(panel: TokenExplorer, name: str) -> dict[str, Any]:
    rows = {one["name"]: one for one in first(panel)["header"] + first(panel)["claims"]}
    return rows[name]


# -- one token ---------------------------------------------------------------------------------


HOLDERS: dict[str, Callable[[str], object]] = {
    "a string": str,
    "a string with space around it": lambda text: f" {text}\n",
    "a Secret": Secret,
    "a Token": lambda text: Token(Secret(text), "DPoP", 1, "", None, 0),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_token_is_read_whatever_a_notebook_holds_it_in(holder: str) -> None:
    given = HOLDERS[holder](token())
    panel = explorer(given)
    assert first(panel)["problem"] == ""
    assert row(panel, "alg")["value"] == "ES256"
    assert row(panel, "cnf.jkt")["value"] == KEY.thumbprint
    assert "bound to" in row(panel, "cnf.jkt")["meaning"]


def test_a_time_has_its_unit_and_its_date() -> None:
    exp = row(explorer(), "exp")
    assert (exp["moment"], exp["utc"]) == (1_800_003_000, "2027-01-15 08:50:00 UTC")
    assert exp["meaning"].endswith("(Unix seconds)")
    state = first(explorer())
    assert (state["now"], state["expires"], state["lifetime"]) == (NOW, 1_800_003_000, 3600)


@pytest.mark.parametrize(
    ("exp", "note"),
    [(1_800_003_000_000, "milliseconds"), ("soon", "not a number"), (True, "not a number")],
)
def test_a_time_that_is_none_is_named_and_not_counted_down(exp: object, note: str) -> None:
    panel = explorer(token(exp=exp))
    assert note in row(panel, "exp")["note"]
    assert first(panel)["expires"] is None


def test_a_time_beyond_the_calendar_has_no_date() -> None:
    assert row(explorer(token(exp=2**52, iat=1)), "exp")["utc"] == ""


@pytest.mark.parametrize(
    ("claims", "whose", "kind", "text"),
    [
        ({}, "mine", "your key", "Equal in all 43 characters"),
        ({}, "nearly mine", "another key", "1 of 43 characters differ"),
        ({}, "nobody's", "no key", "add `key=key`"),
        ({"cnf": None}, "mine", "bearer", "bearer token"),
        ({"cnf": {"jkt": 7}}, "mine", "unclear", "no thumbprint"),
    ],
)
def test_the_binding_is_said_in_words(
    claims: dict[str, Any], whose: str, kind: str, text: str
) -> None:
    mine = KEY.thumbprint
    own = {"mine": mine, "nearly mine": f"!{mine[1:]}", "nobody's": ""}[whose]
    bound = first(explorer(token(**claims), own=own))["binding"]
    assert bound["kind"] == kind
    assert text in bound["text"]


JUNK: dict[str, tuple[object, str]] = {
    "nothing": (None, "This is nothing."),
    "a number": (7, "a value of type int"),
    "empty": ("", "the string is empty"),
    "a word": ("junk", "not a JWT: 1 part(s)"),
    "encrypted": ("a.b.c.d.e", "encrypted JWT"),
    "with its scheme": (f"Bearer {token()}", "authentication scheme"),
    "not ASCII": ("é.ü.ß", "not a JWT"),
    "too long": ("x" * (LONGEST + 1), "65,537 characters"),
    "a list": (unsigned("[]"), "not an object"),
    "deep": (unsigned('{"a":' * 60 + "1" + "}" * 60), "nested too deeply"),
    "bottomless": (unsigned('{"a":' * 7000 + "1" + "}" * 7000), "nested too deeply"),
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_gets_one_clear_line_and_no_verdict(name: str) -> None:
    junk, line = JUNK[name]
    panel = explorer(junk)
    assert line in first(panel)["problem"]
    assert "\n" not in first(panel)["problem"]
    assert panel.verdicts == (None,)
    assert line in panel.outcome()


def test_a_token_of_many_members_shows_the_first_hundred() -> None:
    rows = first(explorer(token(**{f"c{n}": n for n in range(300)})))["claims"]
    assert len(rows) == 101
    assert rows[-1]["value"] == "208 more"


def test_verifying_again_asks_again() -> None:
    verdicts = [GOOD, TokenVerdict("refused", "Expired 1 s ago.", "exp")]
    panel = TokenExplorer([TokenCase(token(), verify=lambda: verdicts.pop(0))])
    assert panel.verdicts == (GOOD,)
    panel.receive({"kind": "verify", "round": panel.round})
    assert first(panel)["verdict"]["rule"] == "exp"


def test_a_check_that_breaks_is_reported_and_leaves_the_verdict() -> None:
    answers: list[TokenVerdict] = [GOOD]
    panel = TokenExplorer([TokenCase(token(), verify=lambda: answers.pop())])
    panel.receive({"kind": "verify", "round": panel.round})
    assert "IndexError" in panel.state()["problem"]["text"]
    assert panel.verdicts == (GOOD,)
    answers.append(GOOD)
    panel.receive({"kind": "verify", "round": panel.round})
    assert panel.state()["problem"] == {}


# -- who acts for whom -------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_name_tags_are_stacked_with_the_latest_actor_on_top(depth: int) -> None:
    act: dict[str, Any] = {}
    for number in range(depth):  # agent 0 acted first
        act = {"sub": f"cli_agent_{number}", **({"act": act} if act else {})}
    tags = first(explorer(token(sub="usr_ada_1c9d", act=act)))["tags"]
    agents = [f"cli_agent_{number}" for number in reversed(range(depth))]
    assert [tag["who"] for tag in tags] == [*agents, "usr_ada_1c9d"]
    before = ["acted before that"] * (depth - 1)
    assert [tag["role"] for tag in tags] == ["acts now", *before, "on behalf of"]
    assert tags[-1]["kind"] == "person"


def test_without_act_no_one_acts_for_someone_else() -> None:
    assert first(explorer())["tags"] == []


@pytest.mark.parametrize("act", ["cli_a", [], {"sub": 7}, {"act": {"sub": "cli_a"}}])
def test_an_actor_without_a_name_has_a_tag_that_says_so(act: object) -> None:
    assert first(explorer(token(act=act)))["tags"][0]["who"] == "no name"


def test_a_chain_without_end_ends_on_the_screen() -> None:
    act: dict[str, Any] = {"sub": "cli_0"}
    for number in range(1, 12):
        act = {"sub": f"cli_{number}", "act": act}
    tags = first(explorer(token(act=act)))["tags"]
    assert len(tags) == 10
    assert tags[8] == {"who": "…", "role": "and more before that", "kind": ""}


# -- two tokens --------------------------------------------------------------------------------


def test_two_tokens_are_compared_member_by_member() -> None:
    panel = explorer(token(), token(scope="openid", cnf=None, aud="notes", jti="two"))
    found = {one.name: (one.difference, one.detail) for one in panel.differences}
    assert found == {
        "alg": ("same", ""),
        "typ": ("same", ""),
        "kid": ("same", ""),
        "iss": ("same", ""),
        "sub": ("same", ""),
        "token_type": ("same", ""),
        "scope": ("changed", "without notes:read"),
        "iat": ("same", ""),
        "exp": ("same", ""),
        "jti": ("changed", ""),
        "cnf.jkt": ("removed", ""),
        "aud": ("added", ""),
    }


@pytest.mark.parametrize(
    ("one", "two", "detail"),
    [
        ("a b", "b a", "in another order"),
        ("a", ["a", "b"], "with b"),
        (["a"], ["b"], "without a; with b"),
    ],
)
def test_a_changed_list_says_what_it_lost_and_gained(one: Any, two: Any, detail: str) -> None:
    panel = explorer(token(aud=one), token(aud=two))
    assert [d.detail for d in panel.differences if d.name == "aud"] == [detail]


@pytest.mark.parametrize(("one", "two"), [(1, True), (1, 1.0), (ADDRESS, "rx@mail.example")])
def test_what_looks_alike_is_told_apart(one: Any, two: Any) -> None:
    panel = explorer(token(x=one), token(x=two))
    assert [d.difference for d in panel.differences if d.name == "x"] == ["changed"]


def test_a_token_next_to_junk_is_still_shown() -> None:
    panel = explorer(token(), "junk")
    assert panel.differences == []
    assert panel.verdicts == (GOOD, None)
    assert first(panel)["claims"]


# -- what is not shown -------------------------------------------------------------------------


def everything(panel: TokenExplorer) -> str:
    panel._repr_mimebundle_()
    kept = panel._view.get_state() if panel._view else {}
    return json.dumps([panel.state(), kept], default=str, ensure_ascii=False) + repr(panel)


def test_the_signature_stays_in_the_kernel() -> None:
    signature = token().split(".")[2]
    for interactive in (True, False):
        panel = explorer(token(), token(), interactive=interactive)
        assert first(panel)["wire"][2] == len(signature) == 86
        assert not any(one in everything(panel) for one in (signature, KEY.sign(b"x").hex()))
        assert "eyJ" not in repr(panel)


def test_nothing_of_the_token_is_in_a_trait() -> None:
    panel = explorer()
    panel._repr_mimebundle_()
    traits = json.dumps(panel._view.get_state(), default=str)
    assert not any(part in traits for part in (*token().split(".")[:2], "cli_my_agent_0a1b"))


@pytest.mark.parametrize(
    "claims",
    [
        {"email": ADDRESS},
        {"sub": f"mailto:{ADDRESS}"},
        {"act": {"sub": ADDRESS}},
        {ADDRESS: "x"},
        {"aud": [ADDRESS, "notes"]},
        {"note": f"it is {SECRET}"},
        {"code": SECRET},
        {"jwk": {"kty": "EC", "d": SECRET}},
    ],
)
def test_an_address_or_a_secret_is_masked_in_rows_tags_differences_and_on_the_wire(
    claims: dict[str, Any],
) -> None:
    panel = explorer(token(), token(**claims))
    assert ADDRESS not in everything(panel)
    assert SECRET not in everything(panel)
    payload = panel.state()["tokens"][1]["wire"][1]
    assert COVER in payload
    assert payload[:8] == token().split(".")[1][:8]  # only the letters that spell it are covered
    spelled = b64url_decode(payload.replace(COVER, "A")).decode("utf-8", "replace")
    assert not any(value in spelled for value in (ADDRESS, "robin", SECRET, "Zq3Zq3"))


def test_the_cover_fits_the_letters_and_leaves_the_rest() -> None:
    for before in ("", "a", "ab"):
        members = {"n": before, "email": ADDRESS, "z": 1}
        segment = b64url(json.dumps(members).encode())
        shown = b64url_decode(covered(segment, members).replace(COVER, "A"))
        assert shown.startswith(f'{{"n": "{before}", "email": '.encode())
        assert shown.endswith(b', "z": 1}')


@pytest.mark.parametrize(
    "text",
    [
        '{"x":"robin\\u0040mail.example"}',  # no usual spelling of JSON
        '{"a@mail.example":1,"ab@mail.example":2}',  # two that look the same when masked
        '{"jwk":{"kty":"EC","d":[1,2]}}',
    ],
)
def test_what_can_not_be_found_in_the_text_covers_all_of_it(text: str) -> None:
    segment = b64url(text.encode())
    assert covered(segment, json.loads(text)) == COVER * len(segment)


def test_text_that_acts_is_made_visible() -> None:
    panel = explorer(token(note="\u202egnp.exe"))
    assert row(panel, "note")["value"] == "\\u202egnp.exe"


# -- in plain text -----------------------------------------------------------------------------


def test_the_text_form_says_the_same_and_is_the_same_on_every_run() -> None:
    def text(issued: int, jti: str, agent: str, key: ProofKey) -> str:
        changes = {"iat": issued, "exp": issued + 3600, "jti": jti, "cnf": {"jkt": key.thumbprint}}
        two = token(**changes, act={"sub": f"cli_notes_reader_{agent}"}, scope="openid")
        return repr(explorer(token(), two, own=key.thumbprint, interactive=False))

    one = text(1_800_000_000, "x", "aaaa", OTHER)
    assert one == text(1_800_000_007, "yy", "bbbb", ProofKey.generate())
    for line in (
        "Second token",
        "    typ  JWT – what kind of JWT this is",
        "  Lifetime: about 60 min",
        "  Signature: verified with the key that kid names in the issuer's key set",
        "  Key: Not equal: it is bound to another key.",
        "  Key: Equal in all 43 characters: it is bound to your key, and only that key.",
        "  Name tag: cli_notes_reader_… (acts now)",
        "  Name tag: cli_my_agent_… (on behalf of)",
        "    scope: changed (without notes:read)",
        "    act.sub: added",
    ):
        assert line in one.split("\n")
