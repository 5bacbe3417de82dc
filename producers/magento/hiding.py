"""Secrets in what a store says, which may repeat a request: found as they are, and as an address writes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection


def hiding(secrets: Collection[str]) -> Callable[[str], str]:
    """How to read a text without `secrets`. Shorten it afterwards: half a secret is not found."""
    given = sorted(filter(None, secrets), key=len, reverse=True)
    if not given:
        return str
    pattern = re.compile("|".join("".join(map(_written, secret)) for secret in given))
    return lambda text: pattern.sub("…", text)


def _written(character: str) -> str:
    """A character of a secret; an address may have any of them as `%71` (RFC 3986, 2.1)."""
    encoded = "".join(f"%{byte:02x}" for byte in character.encode())
    return f"(?:{re.escape(character)}|(?i:{encoded}))"
