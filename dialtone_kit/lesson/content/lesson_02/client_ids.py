"""Hostile names, and IDs that must get a path: for 02.safe-path."""

from __future__ import annotations

import random
import string

from dialtone_kit.lesson.exercises.asking import word

ALLOWED = string.ascii_lowercase + string.digits + "_"
PRINTED = "".join(sorted(set(string.punctuation + " ") - {"_"}))
CONTROLS = "".join(chr(code) for code in (*range(1, 32), 127))  # NUL has a line of its own
BEYOND = "\u200b\u202e\u2028\ufeff\x85"  # outside ASCII, and invisible
HOSTILE: tuple[tuple[str, str], ...] = (
    ("../../.ssh/authorized_keys", "it climbs out of the folder"),
    ("/etc/passwd", "an absolute name replaces the whole path: pathlib forgets the folder"),
    ("cli_ok/../../x", "a slash in the middle is enough"),
    ("CLI_OK", "the service writes IDs in lower case"),
    ("cli_", "nothing comes after the prefix"),
    ("cli_" + "a" * 65, "65 characters after the prefix is one more than any ID has"),
    ("cli_agent²", r"\w and isdigit accept letters and digits of every script"),
    ("cli_a\x00b", "a NUL ends the name for the operating system"),
    ("", "an empty name is the folder itself"),
    ("agent_1", "every ID starts with cli_"),
    ("xcli_a", "cli_ is not at the start"),
    ("cli_..\\..\\x", "a backslash is a slash on Windows"),
    ("cli_..", "a dot is not on the list"),
    ("cli_é", "a lower-case letter, but not one of a to z"),
    ("cli_٣", "a digit, but not one of 0 to 9"),
    ("cli_ok\n", "`$` also matches before a final newline: use re.fullmatch"),
    *((f"cli_a{sign}b", "that character is not on the list") for sign in PRINTED),
    *((f"cli_a{sign}b", "a control character is not on the list") for sign in CONTROLS),
    *((f"cli_a{sign}b", "an invisible character is not on the list") for sign in BEYOND),
    *((f"{sign}cli_a", "whatever comes before cli_ counts too") for sign in PRINTED + CONTROLS),
    *((f"cli_a{sign}", "whatever comes at the end counts too") for sign in PRINTED + CONTROLS),
    ("cli_OK", "the service writes IDs in lower case, after the prefix too"),
)


def good_ids() -> list[str]:
    """IDs that must get a path: fresh ones of every length, the shortest and the longest."""
    lengths = (1, 2, 10, 63, 64)
    fresh = ["cli_" + "".join(random.choices(ALLOWED, k=length)) for length in lengths]  # noqa: S311
    return [f"cli_my_agent_{word()}", "cli_a", "cli_" + "z" * 64, "cli_0", "cli__", *fresh]
