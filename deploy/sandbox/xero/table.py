"""Documents of one kind, found by id and by any indexed field without looking at all of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.sandbox.xero.errors import Json


def folded(value: str) -> str:
    """A text for comparison without case and accents [xero 7]."""
    plain = unicodedata.normalize("NFKD", value.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def at(document: Mapping[str, Any], path: str) -> Any:
    """The value under a dotted path, or None."""
    value: Any = document
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


class Table:
    """Documents by id. `indexes` maps dotted paths to what the value is folded with before it is compared."""

    def __init__(self, id_field: str, indexes: Mapping[str, Callable[[str], str]]) -> None:
        self.id_field = id_field
        self._fold = dict(indexes)
        self._documents: dict[str, Json] = {}
        self._by: dict[str, dict[str, dict[str, None]]] = {path: {} for path in indexes}
        self._entries: dict[str, list[tuple[str, str]]] = {}

    def __iter__(self) -> Iterator[Json]:
        return iter(self._documents.values())

    def __len__(self) -> int:
        return len(self._documents)

    def indexed(self, path: str) -> str | None:
        """The index that serves a path, whatever its case."""
        return next((own for own in self._by if own.lower() == path.lower()), None)

    def get(self, document_id: str) -> Json | None:
        """One document by its id, or None."""
        return self._documents.get(document_id.lower())

    def find(self, path: str, value: str) -> list[Json]:
        """The documents whose indexed field holds a value, oldest first."""
        ids = self._by[path].get(self._fold[path](value), {})
        return [self._documents[document_id] for document_id in ids]

    def put(self, document: Json) -> None:
        """Add a document, or bring its indexes up to date after a change."""
        document_id = document[self.id_field]
        self._forget(document_id)
        self._documents[document_id] = document
        for path, fold in self._fold.items():
            value = at(document, path)
            if isinstance(value, str) and value:
                key = fold(value)
                self._by[path].setdefault(key, {})[document_id] = None
                self._entries[document_id].append((path, key))

    def remove(self, document_id: str) -> None:
        """Delete a document."""
        self._forget(document_id)
        del self._entries[document_id]
        del self._documents[document_id]

    def _forget(self, document_id: str) -> None:
        for path, key in self._entries.get(document_id, []):
            del self._by[path][key][document_id]
        self._entries[document_id] = []
