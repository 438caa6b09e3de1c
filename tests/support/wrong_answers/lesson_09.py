"""Wrong answers to the exercises of lesson 09, and unusual right ones."""

from __future__ import annotations

import re
from dataclasses import replace

from dialtone_kit import ProofKey
from dialtone_kit.base.masking import Secret
from tests.support.wrong_answers import Chameleon, ChameleonText, right, value, wrong


def _actors(claims):
    """The actors, the newest first."""
    act = claims.get("act")
    return [act["sub"], *_actors(act)] if act else []


@wrong("09.chain", "M30", "outermost `act` is the newest")
def newest_first(claims):
    return [claims["sub"], *_actors(claims)]


@wrong("09.chain", "M30", "outermost `act` is the newest|nobody acts|raised")
def from_the_outside_in_and_the_subject_last(claims):
    return [*_actors(claims), claims["sub"]]


@wrong("09.chain", "M30", "inside: each `act`|look into `act`")
def one_level(claims):
    return [claims["sub"], *_actors(claims)[:1]]


@wrong("09.chain", "M30", "look into `act`")
def the_subject_alone(claims):
    return [claims["sub"]]


@wrong("09.chain", "", "The subject is missing|nobody acts")
def the_actors_alone(claims):
    return _actors(claims)[::-1]


@wrong("09.chain", "", "isn't one of the actors|nobody acts")
def the_subject_among_the_actors(claims):
    return [claims["sub"], *_actors(claims)[::-1], claims["sub"]]


@wrong("09.chain", "M30", "twice")
def each_once(claims):
    return list(dict.fromkeys([claims["sub"], *_actors(claims)[::-1]]))


@wrong("09.chain", "M30", "Expected the subject|outermost")
def by_a_search_in_the_text(claims):
    names = re.findall(r"'sub': '([^']+)'", str(claims.get("act", {})))
    return [claims["sub"], *names[::-1]]


@wrong("09.chain", "", "raised KeyError")
def always_an_act(claims):
    return [claims["sub"], *_actors({"act": claims["act"]})[::-1]]


@wrong("09.chain", "", "list of names")
def as_text(claims):
    return ", ".join([claims["sub"], *_actors(claims)[::-1]])


@wrong("09.chain", "", "list of names")
def names_that_equal_all(claims):
    return [Chameleon()] * 3


def _chain_by_recursion(claims):
    def actors(act):
        return [*actors(act.get("act", {})), act["sub"]] if act else []

    return (claims["sub"], *actors(claims.get("act", {})))


right("09.chain", "by-recursion-as-a-tuple", _chain_by_recursion)


def _chain_by_insert(claims):
    names, holder = [], claims
    while "act" in holder:
        holder = holder["act"]
        names.insert(0, holder["sub"])
    return [claims["sub"], *names]


right("09.chain", "by-insert", _chain_by_insert)


def _chain_at_most_five(claims):
    names, act = [], claims.get("act") or {}
    for _ in range(5):
        if act:
            names += [act["sub"]]
            act = act.get("act") or {}
    return [claims["sub"], *names[::-1]]


right("09.chain", "at-most-five", _chain_at_most_five)

READ = 'permit (principal, action == Action::"notes:read", resource);'
ALL = "permit (principal, action, resource);"
WRITE = 'permit (principal, action == Action::"notes:write", resource)'


def _policy(name, says, text, code=""):
    value("09.policy", name, says, lambda lesson: text, code)


_policy("permit-all", "A delegated write got 201", ALL)
_policy("forbid-all-writes", "The good write got 403", READ)
_policy(
    "no-permit",
    "Nothing permits reading",
    'forbid (principal, action == Action::"notes:write", resource) when { context.delegated };',
    "M32",
)
_policy(
    "bearer-writes", "bearer token, and got 201", f"{READ} {WRITE} when {{ !context.delegated }};"
)
_policy(
    "delegated-writes", "A delegated write got 201", f"{READ} {WRITE} when {{ context.bound }};"
)
_policy(
    "only-bound-ones-read",
    "Every agent may read",
    f"{WRITE} when {{ context.bound && !context.delegated }}; "
    'permit (principal, action == Action::"notes:read", resource) when { context.bound };',
    "M32",
)
_policy("or-for-and", "got 201", f"{READ} {WRITE} when {{ context.bound || !context.delegated }};")
_policy("a-typo", "at line 2: .*bond", f"{READ}\n{WRITE} when {{ context.bond }};")
_policy("no-semicolon", "Cedar can't read this, at line", "permit (principal, action, resource)")
_policy("longer-than-a-body", "doesn't take this: A body may have at most 64 KiB", READ * 1500)
_policy("nothing-at-all", "Nothing permits reading", " ", "M32")
_policy("claims-to-be-all", "Nothing permits reading|can't read", ChameleonText(" "), "M32")
_policy("a-function", "a string of Cedar", lambda: READ)
right(
    "09.policy",
    "permit-all-and-forbid-unless",
    f'{ALL} forbid (principal, action == Action::"notes:write", resource) '
    "unless { context.bound && !context.delegated };",
)
right(
    "09.policy",
    "two-forbids",
    f'{ALL} forbid (principal, action == Action::"notes:write", resource) '
    "when { context.delegated }; "
    'forbid (principal, action == Action::"notes:write", resource) when { !context.bound };',
)
right(
    "09.policy",
    "one-policy",
    'permit (principal, action in [Action::"notes:read", Action::"notes:write"], resource == '
    'Api::"notes") when { action == Action::"notes:read" || '
    "(context.bound && context.delegated == false) };",
)


def _row(events, note):
    return next(n for n, event in enumerate(events) if event.get("note") == note)


def _found(events, note):
    row = _row(events, note)
    written, decision = events[row], events[row - 1]
    return written["client_id"], written["subject"], decision["policy_id"]


@wrong("09.who", "M33", "That is the person")
def by_sub(events, note):
    _, person, policy = _found(events, note)
    return person, person, policy


@wrong("09.who", "", "asked for a token|wrote note|another agent")
def by_the_last_token(events, note):
    asked = [e for e in events[: _row(events, note)] if e["event"] == "token_issued"]
    return asked[-1]["client_id"], *_found(events, note)[1:]


@wrong("09.who", "", "That agent wrote note|asked for a token|another agent")
def the_first_writer(events, note):
    first = next(event for event in events if event.get("note"))
    return first["client_id"], *_found(events, note)[1:]


@wrong("09.who", "M30", "acted before")
def the_inner_actor(events, note):
    _, person, policy = _found(events, note)
    return events[_row(events, note)]["act"]["act"]["sub"], person, policy


@wrong("09.who", "", "sponsor vouches")
def for_the_sponsor(events, note):
    agent, _, policy = _found(events, note)
    return agent, "team@example.com", policy


@wrong("09.who", "M33", "That is the agent")
def for_itself(events, note):
    agent, _, policy = _found(events, note)
    return agent, agent, policy


@wrong("09.who", "", "let the agent register")
def by_the_policy_of_its_registration(events, note):
    agent, person, _ = _found(events, note)
    mine = [e for e in events if e.get("client_id") == agent and "policy_id" in e]
    return agent, person, mine[0]["policy_id"]


@wrong("09.who", "", "permitted notes:read|said no|permitted another")
def by_its_first_decision(events, note):
    agent, person, _ = _found(events, note)
    decided = [e for e in events if e["event"] == "authorization_decision"]
    return agent, person, next(e for e in decided if e["client_id"] == agent)["policy_id"]


@wrong("09.who", "", "permitted another note")
def by_the_first_policy_that_let_it_write(events, note):
    agent, person, _ = _found(events, note)
    asked = {"client_id": agent, "action": "notes:write", "decision": "allow"}
    return agent, person, next(e for e in events if asked.items() <= e.items())["policy_id"]


@wrong("09.who", "", "`policy_id` of the trail")
def without_a_policy(events, note):
    agent, person, _ = _found(events, note)
    return agent, person, "the owner of the realm"


@wrong("09.who", "", "`policy_id` of the trail; you returned None")
def with_no_policy(events, note):
    return *_found(events, note)[:2], None


@wrong("09.who", "", "three things")
def the_agent_alone(events, note):
    return _found(events, note)[0]


@wrong("09.who", "", "another agent")
def whoever_you_mean(events, note):
    return Chameleon(), Chameleon(), Chameleon()


right("09.who", "as-a-list", lambda events, note: list(_found(events, note)))


def _who_backwards(events, note):
    for row in range(len(events) - 1, -1, -1):
        if events[row]["event"] == "note_written" and events[row]["note"] == note:
            act = events[row]["act"]
            return act["sub"], events[row]["subject"], events[row - 1]["policy_id"]
    return None


right("09.who", "from-the-end-by-act", _who_backwards)


def _who_while_reading(events, note):
    allowed = {}
    for event in events:
        agent = event.get("client_id")
        if event["event"] == "authorization_decision" and event["decision"] == "allow":
            allowed[agent, event["action"]] = event["policy_id"]
        if event.get("note") == note:
            return agent, event["subject"], allowed[agent, "notes:write"]
    return None


right("09.who", "while-reading", _who_while_reading)


def _handed(parent, token, child, leave_scope, scope=None):
    leave = parent.exchange(token, scope=leave_scope, may_act=child.client_id)
    return child.client.exchange(leave, scope=scope, key=child.key)


@wrong("09.least", "", "could (read|write)|nothing more")
def the_parents_scope_passed_on(parent, token, children):
    return {child.name: _handed(parent, token, child, None) for child in children}


@wrong("09.least", "", "bound to one key")
def one_token_for_all(parent, token, children):
    return dict.fromkeys([child.name for child in children], token)


@wrong("09.least", "", "name the child in `may_act`")
def no_leave(parent, token, children):
    return {c.name: c.client.exchange(token, scope=c.scope, key=c.key) for c in children}


@wrong("09.least", "", "name the child in `may_act`")
def leave_for_the_first_one_only(parent, token, children):
    if not children:
        return {}
    leave = parent.exchange(token, may_act=children[0].client_id)
    return {c.name: c.client.exchange(leave, scope=c.scope, key=c.key) for c in children}


@wrong("09.least", "M07", "another key")
def a_key_of_its_own(parent, token, children):
    return {
        child.name: child.client.exchange(
            parent.exchange(token, may_act=child.client_id),
            scope=child.scope,
            key=ProofKey.generate(),
        )
        for child in children
    }


@wrong("09.least", "M07", "another key")
def narrowed_by_the_parent_alone(parent, token, children):
    return {child.name: parent.exchange(token, scope=child.scope) for child in children}


@wrong("09.least", "M33", "works for itself")
def each_asks_for_itself(parent, token, children):
    return {c.name: c.client.get_token(c.scope, key=c.key) for c in children}


@wrong("09.least", "M07", "another key")
def the_childs_key_pasted_on(parent, token, children):
    return {
        child.name: replace(parent.exchange(token, scope=child.scope), key=child.key)
        for child in children
    }


@wrong("09.least", "", "didn't sign")
def written_by_the_parent(parent, token, children):
    tokens = {child.name: _handed(parent, token, child, child.scope) for child in children}
    return {name: replace(one, access_token=_unsigned(one)) for name, one in tokens.items()}


def _unsigned(token):
    """The same text with another signature."""
    return Secret(token.access_token.reveal().rpartition(".")[0] + "." + "A" * 86)


class _TokensAtFirstSight(dict):
    """Holds tokens when asked for the first time, and nothing of use from then on."""

    def __init__(self, tokens):
        super().__init__(tokens)
        self.asked = set()

    def __getitem__(self, name):
        if name in self.asked:
            return Chameleon()
        self.asked.add(name)
        return super().__getitem__(name)


def _least_read_once(parent, token, children):
    return _TokensAtFirstSight({c.name: _handed(parent, token, c, c.scope) for c in children})


@wrong("09.least", "", "Return a dict")
def as_a_list(parent, token, children):
    return [_handed(parent, token, child, child.scope) for child in children]


@wrong("09.least", "", "There is no token for")
def only_the_first_child(parent, token, children):
    return {child.name: _handed(parent, token, child, child.scope) for child in children[:1]}


@wrong("09.least", "", "needs the Token itself")
def the_text_of_the_tokens(parent, token, children):
    return {c.name: _handed(parent, token, c, c.scope).access_token for c in children}


def _least_narrowed_by_the_child(parent, token, children):
    return {c.name: _handed(parent, token, c, None, c.scope) for c in children}


right("09.least", "narrowed-by-the-child", _least_narrowed_by_the_child)


def _least_narrowed_twice(parent, token, children):
    return {c.name: _handed(parent, token, c, c.scope, c.scope) for c in children}


def _least_and_closes(parent, token, children):
    given = _least_read_once(parent, token, children)
    for client in (parent, *(child.client for child in children)):
        client.http.close()
    return given


right("09.least", "closes-every-client", _least_and_closes)
right("09.least", "narrowed-twice", _least_narrowed_twice)


def _least_in_two_rounds(parent, token, children):
    leaves = [parent.exchange(token, scope=c.scope, may_act=c.client_id) for c in children]
    pairs = zip(children, leaves, strict=True)
    return {c.name: c.client.exchange(leave.access_token, key=c.key) for c, leave in pairs}


right("09.least", "in-two-rounds", _least_in_two_rounds)
right("09.least", "read-once", _least_read_once)
