"""Tokens that are not bound to a key, though its thumbprint or a `cnf` is in them: for 04.mine."""

from __future__ import annotations

from collections.abc import Callable

from dialtone_kit.lesson.exercises.asking import word

# What a token holds, made from the thumbprint of the learner's key, and how it reads in a sentence.
LOOKALIKES: tuple[tuple[Callable[[str], dict[str, object]], str], ...] = (
    (lambda jkt: {"cnf": {"x5t#S256": jkt}}, "bound to a certificate: its cnf has no jkt"),
    (lambda jkt: {"jkt": jkt}, "a bearer token with your thumbprint outside cnf"),
    (
        lambda jkt: {"cnf": {"jkt": jkt.swapcase()}},
        "bound to another key: upper and lower case differ in base64url",
    ),
    (
        lambda jkt: {"cnf": {"jkt": word(16)}, "act": {"sub": "cli_a", "cnf": {"jkt": jkt}}},
        "bound to another key: your thumbprint is that of the actor in it",
    ),
    (
        lambda jkt: {"cnf": {"jkt": word(16), "kid": jkt}},
        "bound to another key: your thumbprint is in its cnf, but is not its jkt",
    ),
    (
        lambda jkt: {"cnf": {"jkt": jkt[:-1] + ("A" if jkt[-1] != "A" else "E")}},
        "bound to another key: the last character differs",
    ),
    (
        lambda jkt: {"cnf": {"jkt": f"{jkt}{word()}"}},
        "bound to something else: its jkt only begins with your thumbprint",
    ),
)
