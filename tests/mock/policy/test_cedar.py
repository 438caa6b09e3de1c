"""Cedar source: what is accepted, on which line a mistake is reported, what names can't do."""

import string
from typing import Any

import cedarpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialtone_kit.base.email import canonical_domain, canonical_email
from dialtone_kit.mock.policy import cedar
from dialtone_kit.mock.policy.cedar import Party, Question, Verdict
from dialtone_kit.mock.policy.cedar_text import (
    KIT_POLICIES,
    MAX_TEXT,
    Policies,
    PolicyProblem,
    compiled,
)

ANYTHING = "permit (principal, action, resource)"
REGISTER = 'action == Action::"register"'


def policies(text: str) -> Policies:
    found = compiled(text)
    assert isinstance(found, Policies), found
    return found


def problem(text: str) -> PolicyProblem:
    found = compiled(text)
    assert isinstance(found, PolicyProblem), found
    return found


def sponsor(email: str) -> Party:
    spelled = canonical_email(email)
    domain = spelled.rpartition("@")[2]
    return Party("Sponsor", spelled, domain, (("email", spelled), ("domain", domain)))


def asked(text: str, email: str, scope: str = "openid") -> Verdict:
    question = Question(sponsor(email), "register", Party("Scope", scope))
    return cedar.decide(policies(text), question)


# --- texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["default.cedar", "strict.cedar", "acme.cedar"])
def test_the_kits_own_policies_are_good_and_each_has_a_name(name: str) -> None:
    kit = policies((KIT_POLICIES / name).read_text(encoding="utf-8"))
    ids = [one.id for one in kit.named.values()]
    assert len(ids) == len(set(ids)) > 0
    assert not any(one.startswith("line-") for one in ids)


BROKEN: list[tuple[int, str, str]] = [
    # line, part of the message, source
    (2, "unexpected token", f"{ANYTHING}\npermit (principal, action, resource);"),
    (3, "unexpected token `resource`", "permit (\n  principal, action\n  resource\n);"),
    (3, "princpal", f"{ANYTHING};\n\npermit (princpal, action,\nresource);"),
    (3, "'=' is not a valid operator", f"{ANYTHING}\nwhen {{\n  1 = 1\n}};"),
    (3, "`startsWith` is not", f"{ANYTHING}\nwhen {{\n  context.startsWith(1)\n}};"),
    (2, "`endsWith` is not", f"{ANYTHING} when\n{{ endsWith(1)\n}};"),
    (4, "attribute `nope`", f'{ANYTHING};\n\n{ANYTHING} when {{\n  principal.nope == "x"\n}};'),
    (2, 'Action::"registr"', 'permit (principal,\naction == Action::"registr", resource);'),
    (2, "`Domein`", f'permit (\nprincipal in Domein::"x", {REGISTER}, resource);'),
    (
        1,
        "Long and String",
        f"permit (principal, {REGISTER}, resource) when {{ principal.email == 1 }};",
    ),
    (3, "invalid token", f'{ANYTHING}\nwhen {{\n "open }};\n'),
    (
        4,
        "begins on line 2 does not end with a semicolon",
        f"{ANYTHING};\n{ANYTHING}\nwhen\n{{true}}",
    ),
    (1, "does not end with a semicolon", "Hello"),
    (2, "invalid token", f"{ANYTHING};\n\0"),
    (2, "half a character", f"{ANYTHING};\n// \ud800"),
    (2, "a template permits nothing here", "permit (\nprincipal == ?principal, action, resource);"),
    (1, "duplicate annotation", f'@id("a")\n@id("b")\n{ANYTHING};'),
    (
        2,
        'write Domain::"acme.example"',
        'permit (principal\nin Domain::"Acme.Example", action, resource);',
    ),
    (
        1,
        'write Domain::"xn--bcher-kva.example"',
        f'permit (principal in Domain::"bücher.example", {REGISTER}, resource);',
    ),
    (
        0,
        "write Domain",
        f'permit (principal in Domain::"ACM\\u{{45}}.example", {REGISTER}, resource);',
    ),
    (
        1,
        "this is not a valid one",
        f'permit (principal in Domain::"@acme.example", {REGISTER}, resource);',
    ),
    (
        1,
        'write Sponsor::"a@x.example"',
        f'permit (principal == Sponsor::"A@X.example", {REGISTER}, resource);',
    ),
]


@pytest.mark.parametrize(("line", "says", "text"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_broken_text_is_refused_with_its_line(line: int, says: str, text: str) -> None:
    found = problem(text)
    assert (found.line, says in found.text) == (line, True), found


@pytest.mark.parametrize(("line", "says", "text"), BROKEN, ids=lambda value: str(value)[:40])
def test_comments_and_policies_above_move_the_line_and_change_nothing_else(
    line: int, says: str, text: str
) -> None:
    above = f'// a comment with "quotes" and a ;\n@id("x;//") {ANYTHING}; // and ;\n\n'
    found = problem(above + text)
    assert (found.line - 3 * bool(line), says in found.text) == (line, "begins on" not in says), (
        found
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// nothing but words\n",
        f"// lines as an old Mac ended them\r{ANYTHING};\r",
        f"// and Windows\r\n{ANYTHING};\r\n",
        f"{ANYTHING};",
        f"{ANYTHING};\n" * 50,
        f'@id("a // b; c")\n{ANYTHING} when {{ "//;\\"" == "x" }};',
        f'permit (principal in Domain::"acme.example", {REGISTER}, resource);',
        f"{ANYTHING} when {{ {'(' * 30}true{')' * 30} }};",
        f"{ANYTHING} when {{ [{', '.join(['1'] * 2000)}].contains(1) }};",
    ],
)
def test_a_good_text_is_accepted(text: str) -> None:
    policies(text)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("(" * 5000 + "true" + ")" * 5000, "nested"),
        ("(" * 5000, "nested"),
        ("[" * 5000 + "]" * 5000 + " == []", "nested"),
        ("{a:" * 5000 + "1" + "}" * 5000 + " == {a:1}", "nested"),
        ("if true then " * 2000 + "true" + " else true" * 2000, "operators"),
        ("true" + " && true" * 5000, "operators"),
        ("context" + ".x" * 5000, "operators"),
        ("context" + '["x"]' * 5000, "operators"),
        ("!" * 5000 + "true", "operators"),
    ],
    ids=lambda value: value[:12],
)
def test_a_text_that_would_end_the_process_never_reaches_the_engine(
    expression: str, says: str
) -> None:
    """Found by trying: cedarpy 4.12 dies of some of these, and with it the whole service."""
    found = problem(f"{ANYTHING};\n{ANYTHING} when {{\n{expression} }};")
    assert (found.line, says in found.text) == (3, True), found


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_ends_where_the_engine_ends_it(end: str) -> None:
    """Otherwise a comment would hide from us what the engine goes on to read."""
    deep = f"{ANYTHING} when {{ {'(' * 5000}true{')' * 5000} }};"
    assert problem(f"// one{end}{deep}").line == 2
    assert (
        problem(f"// one{end}{end}permit (principal, action, resource) when {{ nope }};").line == 3
    )
    assert next(iter(policies(f"// one{end}{ANYTHING};").named.values())).id == "line-2"


@pytest.mark.parametrize("tail", ["1]) 5 };", "", '"zz"]).foo() };'])
def test_a_mistake_far_down_is_found_in_a_few_steps(
    tail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service answers nobody else while it looks."""
    parse, calls = cedarpy.PolicySet.from_str, []

    class Counting:
        @staticmethod
        def from_str(text: str) -> cedarpy.PolicySet:
            calls.append(text)
            return parse(text)

    monkeypatch.setattr(cedarpy, "PolicySet", Counting)
    problem(f'{ANYTHING} when {{ ["a"].containsAny([\n' + "1,\n" * 6000 + tail)
    assert len(calls) < 20


@pytest.mark.timeout(15)
def test_a_string_without_an_end_is_read_once() -> None:
    """Each of these quotes could begin another string that has none either."""
    assert "a string" in problem(f"{ANYTHING} when {{ " + '"\\' * 32_000 + " };").text


def test_a_string_has_an_end() -> None:
    """Compared by `like`, two of 30,000 characters would take a third of a second, each time."""
    policy = ANYTHING + ' when {{\n"{}" like "*b" }};'
    policies(policy.format("a" * 500))
    found = problem(policy.format("a" * 501))
    assert (found.line, "more than 500" in found.text) == (2, True)


def test_a_text_has_an_end() -> None:
    assert "at most" in problem("//" + "x" * MAX_TEXT).text


SYNTAX = "permit forbid ( ) { } ; , principal action resource when context == = in :: if then else"
ODD = '"x" " \\ // @id ?principal true Domain Action 1 && ! [ ] . é'
WORDS = [*SYNTAX.split(), *ODD.split(), "\n", "\r", "\x0b", "\ud800", "\0", f"{ANYTHING};"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=60))
def test_any_typed_text_is_policies_or_a_problem_with_a_line(text: str) -> None:
    found = compiled(text)
    if isinstance(found, PolicyProblem):
        assert 0 <= found.line <= text.count("\n") + text.count("\r") + 1


# --- decisions ---------------------------------------------------------------------------------


def test_a_decision_names_its_policies_and_a_default_deny_names_none() -> None:
    text = (
        f'@id("staff") permit (principal in Domain::"acme.example", {REGISTER}, resource);\n'
        f'permit (principal in Domain::"eng.acme.example", {REGISTER}, resource);\n'
        f'@id("never") @ask("Ask for openid.") forbid (principal, {REGISTER}, resource)'
        f' when {{ resource == Scope::"admin" }};'
    )
    assert asked(text, "a@acme.example") == Verdict(True, ("staff",))
    assert asked(text, "a@eng.acme.example") == Verdict(True, ("staff", "line-2"))
    assert asked(text, "a@other.example") == Verdict(False)
    assert asked(text, "a@acme.example", "admin") == Verdict(False, ("never",), "Ask for openid.")


def test_a_policy_that_can_not_be_evaluated_decides_nothing() -> None:
    """Cedar leaves such a policy out; were it a forbid, leaving it out would be a yes."""
    text = (
        f"permit (principal, {REGISTER}, resource);\n"
        f"forbid (principal, {REGISTER}, resource) when {{ 9223372036854775807 + 1 == 0 }};"
    )
    assert asked(text, "a@acme.example") == Verdict(
        allowed=False, policies=("line-1",), failed=True
    )


def test_decisions_are_remembered_by_version_and_inputs_and_not_without_end() -> None:
    cedar.decide.cache_clear()
    text = f'permit (principal in Domain::"acme.example", {REGISTER}, resource);'
    for _ in range(3):
        asked(text, "a@acme.example")
    assert (cedar.decide.cache_info().misses, cedar.decide.cache_info().hits) == (1, 2)
    asked(text + "\n", "a@acme.example")  # another version
    asked(text, "b@acme.example")  # another principal
    assert cedar.decide.cache_info().misses == 3
    assert cedar.decide.cache_info().maxsize == cedar.REMEMBERED
    other = asked(text.replace("permit", "forbid"), "a@acme.example")
    assert not other.allowed


# --- names -------------------------------------------------------------------------------------

SAME_DOMAIN = [
    ("acme.example", "ACME.Example"),
    ("acme.example", "acme.example."),
    ("xn--bcher-kva.example", "bücher.example"),
    ("xn--bcher-kva.example", "BÜCHER.EXAMPLE"),
    ("xn--bcher-kva.example", "XN--BCHER-KVA.Example"),
    ("xn--bcher-kva.example", "bu\u0308cher.example"),  # u and a combining diaeresis
    ("acme.example", "ａｃｍｅ.example"),  # full-width letters
    ("acme.example", "acme。example"),  # the ideographic full stop
    ("xn--fa-hia.example", "faß.example"),  # not fass.example
]
NOT_IN_ACME = [
    "evilacme.example",
    "evil-acme.example",
    "acme.example.evil.test",
    "acme.test",
    "example",
    "xacme.example",
    "acmeexample",
    "аcme.example",  # a Cyrillic а
    "acme.example\u200b.evil.test",
    "localhost",
    "10.0.0.1",
    "",
]
IN_ACME = f'permit (principal in Domain::"acme.example", {REGISTER}, resource);'


@pytest.mark.parametrize(("wanted", "written"), SAME_DOMAIN)
def test_one_domain_has_one_spelling(wanted: str, written: str) -> None:
    assert canonical_domain(written) == canonical_domain(wanted) == wanted


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        "a@b",
        "a/b",
        'a"b',
        "a\n",
        "\ud800.example",
        "a\0b",
        "*.example",
        "[::1]",
    ],
)
def test_what_is_not_a_domain_has_no_spelling(written: str) -> None:
    assert canonical_domain(written) == canonical_email(f"a@{written}") == ""


@pytest.mark.parametrize("domain", NOT_IN_ACME)
def test_a_look_alike_is_not_below_a_domain(domain: str) -> None:
    assert not asked(IN_ACME, f"a@{domain}").allowed


LABEL = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
DOMAIN = st.lists(LABEL, min_size=1, max_size=5).map(".".join)
HOSTILE = st.text(
    st.sampled_from("\"\\'`;:(){}[]|&*?@/ \n\t\0acme.example\ud800\u202e\u200b-_ÄÉаß。．")
    | st.characters(),
    max_size=40,
)


def flipped(text: str, flips: list[bool]) -> str:
    return (
        "".join(
            letter.upper() if flip else letter for letter, flip in zip(text, flips, strict=False)
        )
        + text[len(flips) :]
    )


@settings(max_examples=200)
@given(DOMAIN, st.lists(st.booleans(), max_size=60))
def test_upper_and_lower_case_never_change_a_decision(below: str, flips: list[bool]) -> None:
    for domain in ("acme.example", f"{below}.acme.example"):
        assert asked(IN_ACME, f"A@{flipped(domain, flips)}").allowed
    for domain in (below, f"{below}acme.example", f"acme.example.{below}"):
        outside = not (f".{domain}".lower()).endswith(".acme.example")
        assert asked(IN_ACME, f"a@{flipped(domain, flips)}").allowed is not outside


@settings(max_examples=300)
@given(HOSTILE | DOMAIN)
def test_spelling_a_spelling_changes_nothing(written: str) -> None:
    spelled = canonical_domain(written)
    assert canonical_domain(spelled) == spelled
    assert spelled.isascii()
    assert not set(spelled) & set("\"\\'`;:(){}[]|&*?@/ \n\t\0")
    assert spelled == spelled.lower()


@settings(max_examples=400)
@given(local=HOSTILE, domain=HOSTILE, scope=HOSTILE)
@example(local='x" } || true //', domain="evil.example", scope='openid"')
@example(local="x", domain='evil.example") || (principal in Domain::"acme.example', scope="x")
@example(local='Sponsor::"root@acme.example"', domain="evil.example", scope="openid")
@example(local='{"__entity": {"type": "Domain", "id": "acme.example"}}', domain="e.x", scope="s")
def test_no_address_talks_its_way_into_a_domain(local: str, domain: str, scope: str) -> None:
    """Whatever stands in a name: only a domain that is spelled so is below acme.example."""
    email = f"{local}@{domain}"
    spelled = canonical_email(email)
    at_home = f".{spelled.rpartition('@')[2]}".endswith(".acme.example")
    assert asked(IN_ACME, email, scope).allowed in (False, at_home)
    only = f'permit (principal == Sponsor::"root@acme.example", {REGISTER}, resource);'
    assert asked(only, email, scope).allowed in (False, spelled == "root@acme.example")
    one_scope = f'permit (principal, {REGISTER}, resource == Scope::"admin");'
    assert asked(one_scope, "a@acme.example", scope).allowed is (scope == "admin")


@settings(max_examples=300)
@given(name=HOSTILE, action=HOSTILE)
@example(name='cli_x", Client::"cli_root', action='register", Action::"exchange')
def test_no_name_becomes_another_party(name: str, action: str) -> None:
    text = 'permit (principal == Client::"cli_root", action == Action::"exchange", resource);'

    def ask(who: str, what: str) -> Any:
        members = (("sponsor", "a@x"), ("domain", "x"), ("scopes", ()))
        owner = Party("Client", "cli_owner", "x", members)
        context = (("scopes", (name,)), ("subject", name))
        asker = Party("Client", who, "x", members)
        return cedar.decide(policies(text), Question(asker, what, owner, context)).allowed

    assert ask(name, "exchange") in (False, name == "cli_root")
    assert ask("cli_root", action) in (False, action == "exchange")


def test_a_long_domain_is_asked_about_only_as_far_as_policies_speak_of_it() -> None:
    long = f"{'.'.join('a' * 100)}.acme.example"
    assert asked(IN_ACME, f"a@{long}").allowed
    assert policies(IN_ACME).domains == {"acme.example"}
    entity = cedar._entity(sponsor(f"a@{long}"), policies(IN_ACME).domains)
    assert entity["parents"] == [{"type": "Domain", "id": "acme.example"}]


def test_where_the_domains_can_not_be_listed_all_are_asked_about() -> None:
    deep = IN_ACME.replace(";", f" when {{ {' && '.join(['true'] * 120)} }};")
    assert policies(deep).domains is None
    assert asked(deep, "a@eng.acme.example").allowed
    assert not asked(deep, "a@evil-acme.example").allowed
