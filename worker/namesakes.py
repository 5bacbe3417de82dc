"""Customers of one name: Xero takes a name once. Pure state.

Whoever comes second gets the suffix at once, instead of a refusal, a look-up and a second try. Only what this session
has seen is known; the others are told apart by Xero's refusal.
"""

from __future__ import annotations

from collections.abc import Iterable

from worker.documents import CONTACT, Action, DocumentKey, Write
from worker.ledger.records import Known
from worker.xero.elements import suffixed

_REMEMBERED = 50_000


class Namesakes:
    """Which contact has which name. The case of letters does not count, as in Xero."""

    def __init__(self) -> None:
        self._owners: dict[str, DocumentKey] = {}

    def told_apart(self, writes: Iterable[Write], known: Known) -> list[Write]:
        """The same writes; new contacts whose name another one has carry their suffix. Twice gives the same."""
        return [self._told_apart(write, known) if write.kind is CONTACT else write for write in writes]

    def _told_apart(self, write: Write, known: Known) -> Write:
        document = known.documents.get(write.key)
        if document is not None:
            self._own(str(document.facts.get("name") or ""), write.key)
            return write
        name = write.payload.get("Name") if write.action is Action.SAVE else None
        if not name or self._own(str(name), write.key) == write.key:
            return write
        payload = suffixed(write.payload, write.number)
        if self._own(payload["Name"], write.key) != write.key:
            payload = suffixed(payload, write.number)
        return write._replace(content=write.content.with_payload(payload))

    def _own(self, name: str, key: DocumentKey) -> DocumentKey:
        """Whose the name is; from now on this one's, if it was nobody's."""
        if len(self._owners) >= _REMEMBERED:
            self._owners.clear()
        return self._owners.setdefault(name.strip().lower(), key)
