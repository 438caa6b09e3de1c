"""What every request has in common: its base class, and how its errors are reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dialtone_kit.mock.schemas.problem import ErrorCode

DECIMAL = re.compile("0|[1-9][0-9]{0,17}")  # below 10**18, as every column for a number


class Sent(BaseModel):
    """Something that a caller sends, in JSON, a form or a query: unknown members are ignored.

    `codes`: the error code of a wrong value by its member, where it is not `invalid_request`.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)
    codes: ClassVar[Mapping[str, ErrorCode]] = {}


class ClientForm(Sent):
    """Who asks: the part that the forms of all clients share."""

    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    client_assertion_type: str = ""
    client_assertion: str = Field(
        default="", repr=False, description="a workload's JWT-SVID, for a client with a SPIFFE ID"
    )


def decimal(value: Any) -> Any:
    """A number in its one spelling: digits, without a sign, a space or a leading zero."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise ValueError("expected a number in decimal digits")
    return int(value)


FromDecimal = BeforeValidator(decimal)  # for a query, where everything is text
