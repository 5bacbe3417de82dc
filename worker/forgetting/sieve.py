"""Which messages may be about a person, told from their bytes: to read them all takes several times as long. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from worker.forgetting.person import Person, guest_id, unescaped
from worker.mapping.keys import GUEST
from worker.settings import OrganisationSettings

Sieve = Callable[[bytes], bool]
"""False where a message cannot be about them, nor have an address of theirs in it."""

_POWER = re.compile(r'"id"\s*:\s*[\d.]+e')
"""Of a number such as 4.711e3, whose digits do not stand there."""


def sieve_for(person: Person, org: OrganisationSettings) -> Sieve:
    """A guest's message has the address and not the id: where nobody knows the address, it may be any."""
    addresses = person.emails | person.addresses
    known = {guest_id(one, org) for one in addresses}
    ids = {one for _, one in person.ids}
    if any(one.startswith(GUEST) and one not in known for one in ids):
        return _any
    return _sieve(ids | addresses)


def _sieve(words: Collection[str]) -> Sieve:
    if not all(map(_is_plain, words)):
        return _any
    wanted = [word.lower() for word in words]

    def may_have_one(body: bytes) -> bool:
        if b"\0" in body or b"\\\\" in body:  # in UTF-16, or with what looks like an escape and is none
            return True
        said = body.decode(errors="replace")
        said = (unescaped(said) if "\\" in said else said).lower()
        return any(word in said for word in wanted) or _POWER.search(said) is not None

    return may_have_one


def _is_plain(word: str) -> bool:
    """Whether JSON can escape it by code points alone, and no letter beside it changes how it is folded.

    A question mark may stand for half a surrogate pair, as `message_of` reads it.
    """
    return word.isascii() and word.isprintable() and not {'"', "\\", "?"} & set(word)


def _any(_body: bytes) -> bool:
    return True
