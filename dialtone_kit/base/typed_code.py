"""Codes as people type and paste them: one rule for the forms, the client, the pages and the API.

What it can't read as one code is never judged, so it costs no try.
"""

from __future__ import annotations

import re
import unicodedata

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 characters: no 0 or O, no 1 or I
_HALF = f"[{ALPHABET}{ALPHABET.lower()}]{{4}}"
_TYPED = re.compile(f"{_HALF}{_HALF}")  # nothing but the code, once blanks and dashes are gone
# In a text: first with its dash, as the email writes it, else without. Half a UUID is no code.
_APART = r"(?<!\w)(?<!\w-)(?=({half}{between}{half})(?!-?\w))"
_DASHED = re.compile(_APART.format(half=_HALF, between=r"\s*[-–]\s*"))
_BARE = re.compile(_APART.format(half=_HALF, between=r"\s*"))


class NotACode(ValueError):
    """A text holds no code, or two. Says which, and never quotes the text."""


def find_code(text: str) -> str:
    """The one code in `text`, as XXXX-XXXX.

    Case, width, blanks, invisible characters and the kind of dash don't matter, and a sentence may
    stand around it. Raises NotACode if there is none, or more than one.
    """
    plain = _plain(text)
    together = re.sub(r"[\s–-]", "", plain)
    codes = {together.upper()} if _TYPED.fullmatch(together) else _codes_in(plain)
    if not codes:
        raise NotACode("That can't be a code: it has 8 characters, none of them 0, O, 1 or I.")
    if len(codes) > 1:
        raise NotACode("There is more than one code in this text: enter only one.")
    code = codes.pop()
    return f"{code[:4]}-{code[4:]}"


def _codes_in(plain: str) -> set[str]:
    dashed = {_joined(found) for found in _DASHED.findall(plain)}
    # An ordinary word of eight letters is no code: without a dash it needs a digit or capitals.
    return dashed or {_joined(found) for found in _BARE.findall(plain) if _looks_minted(found)}


def _looks_minted(found: str) -> bool:
    return found.isupper() or any(character.isdigit() for character in found)


def _joined(found: str) -> str:
    return re.sub(r"[\s–-]", "", found).upper()


def _plain(text: str) -> str:
    """`text` in NFKC without format characters; every dash but the ASCII one becomes "–"."""
    read = unicodedata.normalize("NFKC", text)
    shown = (one for one in read if unicodedata.category(one) != "Cf")
    return "".join("–" if _is_dash(one) else one for one in shown)


def _is_dash(character: str) -> bool:
    dash = unicodedata.category(character) == "Pd" or character == "\N{MINUS SIGN}"
    return dash and character != "-"
