"""Strings on the wire, and how a producer makes one fit.

Control characters (Unicode category Cc) are refused: PostgreSQL cannot store NUL, and none of them belongs in a name
or in Xero's JSON. Lone surrogates are refused by the parser. Only `Text` may hold line breaks and tabs.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
SEVERAL_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
VISIBLE_ASCII = r"^[\x21-\x7e]*$"
PRINTABLE_ASCII = r"^[\x20-\x7e]*$"

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=VISIBLE_ASCII)]
"""What the store calls a thing."""

Number = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE_ASCII)]
"""The number a person reads on a document."""

Text = Annotated[str, StringConstraints(max_length=4000, pattern=SEVERAL_LINES)]
"""Prose; may hold line breaks and tabs."""

ShortText = Annotated[str, StringConstraints(max_length=255, pattern=ONE_LINE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=ONE_LINE)]
Code = Annotated[str, StringConstraints(max_length=64, pattern=ONE_LINE)]
"""A SKU, a payment method: short, in any script."""

_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def one_line(value: str, limit: int = 255) -> str:
    """`value` as `ShortText`, `Name` or `Code` takes it: white space and control characters become single spaces."""
    return _SPACES.sub(" ", value).strip()[:limit].rstrip()


def several_lines(value: str, limit: int = 4000) -> str:
    """`value` as `Text` takes it: control characters are dropped, line breaks and tabs stay."""
    return _NOT_IN_TEXT.sub("", value).strip()[:limit].rstrip()
