"""Documents of one kind, found by id and by any indexed field without looking at all of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deploy.sandbox.xero.errors import Json


def folded(value: str) -> str:
    """A text for comparison without case and accents [xero 7]."""
    if value.isascii():
        return value.lower()
    plain = unicodedata.normalize("NFKD", value.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def at(document: Json, path: str) -> Any:
    """The value under a dotted path, or None."""
    value: Any = document
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


class _Index:
    """Ids by what a field of their documents holds, folded for comparison."""

    def __init__(self, path: str, fold: Callable[[str], str]) -> None:
        self._path = path
        self._fold = fold
        self._ids: dict[str, dict[str, None]] = {}
        self._keys: dict[str, str] = {}

    def find(self, value: str) -> Iterable[str]:
        return self._ids.get(self._fold(value), ())

    def put(self, document_id: str, document: Json) -> None:
        value = at(document, self._path)
        key = self._fold(value) if value and isinstance(value, str) else None
        before = self._keys.get(document_id)
        if key == before:
            return
        if before is not None:
            self.remove(document_id)
        if key is not None:
            self._keys[document_id] = key
            self._ids.setdefault(key, {})[document_id] = None

    def remove(self, document_id: str) -> None:
        key = self._keys.pop(document_id, None)
        if key is not None:
            del self._ids[key][document_id]
            if not self._ids[key]:
                del self._ids[key]


class Table:
    """Documents by id. `indexes` maps dotted paths to what the value is folded with before it is compared.

    An index is made when it is first asked, and kept from then on: most sandboxes never ask some of them.
    """

    def __init__(self, id_field: str, indexes: Mapping[str, Callable[[str], str]]) -> None:
        self.id_field = id_field
        self._folds = dict(indexes)
        self._documents: dict[str, Json] = {}
        self._indexes: dict[str, _Index] = {}

    def __iter__(self) -> Iterator[Json]:
        return iter(self._documents.values())

    def __len__(self) -> int:
        return len(self._documents)

    def indexed(self, path: str) -> str | None:
        """The index that serves a path, whatever its case."""
        return next((own for own in self._folds if own.lower() == path.lower()), None)

    def get(self, document_id: str) -> Json | None:
        """One document by its id, or None."""
        return self._documents.get(document_id.lower())

    def find(self, path: str, value: str) -> list[Json]:
        """The documents whose indexed field holds a value, oldest first."""
        index = self._indexes.get(path) or self._indexed(path)
        return [self._documents[document_id] for document_id in index.find(value)]

    def _indexed(self, path: str) -> _Index:
        index = self._indexes[path] = _Index(path, self._folds[path])
        for document_id, document in self._documents.items():
            index.put(document_id, document)
        return index

    def put(self, document: Json) -> None:
        """Add a document, or bring its indexes up to date after a change."""
        document_id = document[self.id_field]
        self._documents[document_id] = document
        for index in self._indexes.values():
            index.put(document_id, document)

    def remove(self, document_id: str) -> None:
        """Delete a document."""
        del self._documents[document_id]
        for index in self._indexes.values():
            index.remove(document_id)
