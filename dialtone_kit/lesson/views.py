"""What a lesson shows of what happened: a refusal, a proof, a token, the way of an attack.

Each view is imported when it's used: no lesson needs all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from dialtone_kit.base.display import Shown
from dialtone_kit.base.masking import Secret, escaped, masked
from dialtone_kit.base.notebook import link
from dialtone_kit.base.urls import require_https_or_loopback
from dialtone_kit.client.quiet import hiding
from dialtone_kit.keys import ProofKey
from dialtone_kit.lesson.stage import Stage

if TYPE_CHECKING:
    from dialtone_kit.lesson.said import Story
    from dialtone_kit.lesson.tree import Tree
    from dialtone_kit.rules import Request
    from dialtone_kit.tokens import Token
    from dialtone_kit.widgets import ProofChecker, TokenExplorer


class Views(Stage):
    """The part of a lesson that shows what happened."""

    realm: str
    interactive: bool

    @cached_property
    def _story(self) -> Story:
        from dialtone_kit.lesson.said import Story

        return Story()

    @cached_property
    def _tree(self) -> Tree:
        from dialtone_kit.lesson.tree import Tree

        return Tree()

    @hiding
    def proof_checker(
        self,
        proof: str | Sequence[str] | None = None,
        request: Request | None = None,
        *,
        key: ProofKey | None = None,
    ) -> ProofChecker:
        """The thirteen rules applied to a proof, which you can edit and send.

        Without arguments: on the requests this lesson sent, the last one first. With `proof` and
        `request`: on a proof made by hand. Edits are signed with `key`, by default a new one.
        """
        from dialtone_kit.lesson.proof_desk import proof_checker

        return proof_checker(self, proof, request, key)

    def said(self, *responses: httpx.Response) -> Shown:
        """What the service said, a card for each response: the rule, the reason, what to do.

        Below them, everything shown so far in this lesson, as a diagram.
        """
        from dialtone_kit.lesson.answers import read_answer

        return self._story.add([read_answer(response) for response in responses])

    def wall(self, *responses: httpx.Response, off: str | None = None) -> Shown:
        """The thirteen rules as a wall, and for each response the tile that stopped the request.

        `off` is the rule that is off in the rooms that the responses came from, once you know it.
        """
        from dialtone_kit.lesson.answers import read_answer
        from dialtone_kit.lesson.wall import Attempt, tile_named, wall_picture

        hole = off if off is None else tile_named(off)
        answers = [read_answer(response) for response in responses]
        return wall_picture(
            [Attempt(one, hole if self._rooms.holed(one.asked) else "") for one in answers]
        )

    def attacks(self) -> Shown:
        """All attacks of the lab, with what stops each, its source and its OWASP numbers."""
        from dialtone_kit.lesson.attack_list import attack_list

        return attack_list()

    def tree(self) -> Shown:
        """What to do about each refusal so far: retry, wait, fix or stop."""
        return self._tree.draw(self.wire.round_trips)

    @hiding
    def replay_timeline(self, proof: str | None = None) -> Shown:
        """The life of a proof: how long it is good, when it was used, how long it is remembered.

        Without `proof`: of the last one that was sent twice, or else the last one sent.
        """
        from dialtone_kit.lesson.replay import replay_timeline

        return replay_timeline(self.wire, proof)

    @hiding
    def token_explorer(
        self,
        token: Token | Secret | str,
        beside: Token | Secret | str | None = None,
        *,
        key: ProofKey | None = None,
    ) -> TokenExplorer:
        """Inside a token: its parts, its claims, whether it is genuine, and whose key it has.

        With `beside`, both are shown, with what differs in the second. `key` is the one to compare
        with `cnf.jkt`, by default that of the Token. The issuer's keys are fetched if need be.
        """
        from dialtone_kit.lesson.token_desk import token_explorer

        return token_explorer(self, [token] if beside is None else [token, beside], key)

    def misconception(self, code: str) -> Shown:
        """What people get wrong, and what's true: the entry for a code such as M05."""
        from dialtone_kit.lesson.misconceptions import misconception, show

        return show(misconception(code))

    def family(self, token: Token, realm: str | None = None) -> Shown:
        """The tokens that came from the approval behind `token`, by the audit trail (mock only)."""
        from dialtone_kit.lesson.family import family_picture, read_family

        events = self.controls.audit(realm or str(token.claims.get("realm", self.realm)))
        return family_picture(read_family(events, str(token.claims["sub"])))

    def link(self, url: str, text: str = "") -> Shown:
        """A link that a person can follow, under JupyterHub and Binder too."""
        target = link(require_https_or_loopback(url))
        anchor = (
            f'<a href="{escaped(target)}" target="_blank" rel="noopener noreferrer" '
            f'style="padding-left: 5px">{escaped(text or url)}</a>'
        )
        return Shown(anchor, masked(f"{text}: {url}" if text else url))
