"""What a form brings: urlencoded fields, read within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.requests import Request

NUL = b"%00"
"""As it stands in an address or a form. No text of ours has one, and PostgreSQL takes none."""

_TYPE = "application/x-www-form-urlencoded"
_MOST_BYTES = 100_000
_MOST_FIELDS = 1_500
_PATIENCE_S = 20.0


class BadForm(Exception):
    """The body is not a form of ours; `status` is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Form:
    """Fields by name; each may come several times."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        """The first value without spaces around it; empty where there is none."""
        return (self._fields.get(name) or [""])[0].strip()

    def all(self, name: str) -> Sequence[str]:
        """Every value."""
        return self._fields.get(name, [])


async def read_form(request: Request) -> Form:
    """The request's fields. Raises `BadForm`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE:
        raise BadForm(415, f"expected a form as {_TYPE}")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            body = await _body(request)
    except TimeoutError:
        raise BadForm(408, f"expected the whole form within {_PATIENCE_S:.0f} seconds") from None
    if NUL in body or b"\0" in body:
        raise BadForm(400, "expected fields without NUL (%00)")
    try:
        text = body.decode("ascii")
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError:
        raise BadForm(400, f"expected at most {_MOST_FIELDS} urlencoded fields in UTF-8") from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise BadForm(413, f"expected a form of at most {_MOST_BYTES} bytes")
    return bytes(body)
