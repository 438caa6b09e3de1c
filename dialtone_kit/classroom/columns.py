"""Which columns of a roster hold the name and the email address: by their headers, or their look.

Headers are compared without case, accents and punctuation: "E-Mail-Adresse" is "emailadresse".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dialtone_kit.base.email import NotAnAddress, one_address
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import visible

_SHOWN = 8  # columns


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English, German, French, Spanish
_EMAIL = _words(
    "email mail emailaddress mailaddress emailadresse mailadresse adresseemail adressemail "
    "courriel adresseelectronique correo correoelectronico"
)
_NAME = _words(
    "name fullname displayname learner learnername student studentname participant teilnehmer "
    "teilnehmerin nomcomplet participante nombrecompleto"
)
_GIVEN = _words("firstname givenname givennames first forename vorname prenom nombre")
_FAMILY = _words(
    "lastname familyname surname last nachname familienname nom nomdefamille apellido apellidos"
)


class NoColumns(DialtoneError):
    """The first row doesn't say where the names and the addresses are."""

    @classmethod
    def in_row(cls, cells: Sequence[str]) -> NoColumns:
        """About a first row with these cells."""
        have = ", ".join(visible(cell.strip(), keep="")[:40] for cell in cells[:_SHOWN])
        return cls(
            'The first row must name the columns, such as "name" and "email"'
            f"{f'; it has {have}' if have else ''}."
        )


@dataclass(frozen=True)
class Columns:
    """Where to find what: `name` has the columns whose texts make up the name, in order."""

    name: tuple[int, ...]
    email: int


def columns_of(header: Sequence[str]) -> Columns | None:
    """The columns that `header` names; None if it isn't a header. NoColumns if two are the same."""
    words = [_plain(cell) for cell in header]
    email = _only(words, _EMAIL)
    name, given, family = (_only(words, kind) for kind in (_NAME, _GIVEN, _FAMILY))
    # In German and French, "Name" and "Nom" next to a first name are the family name.
    last = family if family is not None else name
    parts = (given, last) if given is not None else (name if name is not None else family,)
    names = tuple(part for part in parts if part is not None)
    return Columns(names, email) if names and email is not None else None


def columns_without_header(first: Sequence[str]) -> Columns | None:
    """The columns when the first row is a person already: two cells, one of them an address."""
    filled = [index for index, cell in enumerate(first) if cell.strip()]
    addresses = [index for index in filled if _is_address(first[index])]
    if filled != [0, 1] or len(addresses) != 1:
        return None
    return Columns((1 - addresses[0],), addresses[0])


def _only(words: Sequence[str], kind: frozenset[str]) -> int | None:
    found = [index for index, word in enumerate(words) if word in kind]
    if len(found) > 1:
        raise NoColumns(
            f"Columns {found[0] + 1} and {found[1] + 1} have the same meaning. Remove or rename "
            "one of them."
        )
    return found[0] if found else None


def _plain(cell: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", cell.casefold())))


def _is_address(cell: str) -> bool:
    try:
        return bool(one_address(cell.strip()))
    except NotAnAddress:
        return False
