"""Customers of one name: Xero takes a name once. Pure state.

Whoever comes second gets the suffix at once, instead of a refusal, a look-up and a second try. Only what this session
has seen is known; the others are told apart by Xero's refusal. That is remembered: while calls are scarce the event may
go back to the broker before there is one for the suffix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from worker.documents.documents import CONTACT, Action, DocumentKey, Write
from worker.ledger.records import Known
from worker.xero.elements import suffixed

_REMEMBERED = 50_000
_NAMES = 3


class Namesakes:
    """Which contact has which name. The case of letters does not count, as in Xero."""

    def __init__(self) -> None:
        self._owners: dict[str, DocumentKey] = {}
        self._refused: dict[DocumentKey, tuple[str, ...]] = {}

    def refused(self, key: DocumentKey, name: str) -> None:
        """Xero has another contact of the name that was tried for `key`."""
        if len(self._refused) >= _REMEMBERED:
            self._refused.clear()
        before = [one for one in self._refused.get(key, ()) if one != _folded(name)]
        self._refused[key] = (*before, _folded(name))[-_NAMES:]

    def told_apart(self, writes: Iterable[Write], known: Known) -> list[Write]:
        """The same writes; contacts whose name another one has carry their suffix. Twice gives the same.

        Of those that are there this is so once Xero has refused the name: its owner may have another one by now.
        """
        return [self._told_apart(write, known) if write.kind is CONTACT else write for write in writes]

    def _told_apart(self, write: Write, known: Known) -> Write:
        document, refused = known.documents.get(write.key), self._refused.get(write.key, ())
        if document is not None:
            self._own(str(document.facts.get("name") or ""), write.key)
            if not refused:
                return write
        if write.action is not Action.SAVE or not write.payload.get("Name"):
            return write
        for payload in _called(write):
            name = payload["Name"]
            if _folded(name) not in refused and (document is not None or self._own(name, write.key) == write.key):
                return (
                    write if payload is write.payload else write._replace(content=write.content.with_payload(payload))
                )
        return write

    def _own(self, name: str, key: DocumentKey) -> DocumentKey:
        """Whose the name is; from now on this one's, if it was nobody's."""
        if len(self._owners) >= _REMEMBERED:
            self._owners.clear()
        return self._owners.setdefault(_folded(name), key)


def _called(write: Write) -> Iterator[Mapping[str, Any]]:
    """The payloads that a contact may have: as it is, and with either suffix."""
    payload = write.payload
    for _ in range(_NAMES):
        yield payload
        payload = suffixed(payload, write.number)


def _folded(name: str) -> str:
    return name.strip().lower()
