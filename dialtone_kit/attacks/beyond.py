"""The attacks that go beyond one request to an API: at the doors where tokens are issued.

They go on with the numbers of the catalogue. In a room of the lab each takes a few steps.
"""

from __future__ import annotations

from dialtone_kit.attacks.catalogue import Attack

BEYOND = (
    Attack(
        15,
        "A stolen token, laundered by exchange",
        "foreign_needs_leave",
        "RFC 8693 §4.4",
        ("ASI03", "MCP07"),
        "Any client could exchange a stolen token for one that is bound to its own key: ask the "
        "token's `may_act`, or a policy, who may.",
        "M29",
        (),
    ),
    Attack(
        16,
        "More scope by exchange",
        "scope_narrows",
        "RFC 8693 §2.1",
        ("ASI03", "MCP07"),
        "An exchange brought a scope that the subject token doesn't have: allow what both the "
        "token and the client have, and nothing more.",
        "",
        (),
    ),
    Attack(
        17,
        "A used refresh token",
        "refresh_is_new",
        "RFC 9700 §4.14.2",
        ("ASI03", "MCP01"),
        "A refresh token worked twice, so a copy of it is as good as the original: when a used one "
        "comes back, end all that came from it.",
        "M34",
        (),
    ),
    Attack(
        18,
        "Five codes, and five more",
        "codes_lock",
        "RFC 8628 §5.1",
        ("ASI03", "MCP07"),
        "A short code could be tried out: after a few wrong ones, lock what it opens.",
        "",
        (),
    ),
    Attack(
        19,
        "A challenge again",
        "challenge_is_new",
        "RFC 9334 §10",
        ("ASI07", "MCP07"),
        "An old challenge was taken with the evidence that goes with it: a challenge is good for "
        "one attempt, right or wrong.",
        "",
        (),
    ),
    Attack(
        20,
        "A discovery document that lies",
        "issuer_is_asked",
        "RFC 8414 §3.3",
        ("ASI07", "MCP01"),
        "An agent sent its secret where a stranger's document told it to: the document's `issuer` "
        "has to be the one that you asked.",
        "M19",
        (),
    ),
)
