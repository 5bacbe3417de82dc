"""Sales that a store numbered alike, as its websites may: which of them has the one document of that number. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from worker.documents.documents import EntityKey
from worker.ledger.records import Document
from worker.rebuild.restoring import UNKNOWN
from worker.xero.changes.reissue import BEGUN

_UNSURE = frozenset({UNKNOWN, BEGUN})


def one_each(found: Sequence[Sequence[Document]], owners: Mapping[str, EntityKey]) -> set[EntityKey]:
    """The sales that keep their rows of `found`, so that no document is that of two.

    What another sale has already, as `owners` says by Xero's ids, it keeps. Then a document goes to the sale whose
    content it holds, the first of several; then to the one that alone is left to ask for it. Of two whose content it
    does not hold neither gets it: an update would put one's content over the other's.
    """
    given = dict(owners)
    keep: set[EntityKey] = set()
    for rows in found:
        if rows[0].content_hash not in _UNSURE and _is_free(rows, given):
            given |= {row.xero_id: row.key.owner for row in rows}
            keep.add(rows[0].key.owner)
    left = [rows for rows in found if rows[0].key.owner not in keep and _is_free(rows, given)]
    asked = Counter(rows[0].xero_id for rows in left)
    return keep | {rows[0].key.owner for rows in left if asked[rows[0].xero_id] == 1}


def _is_free(rows: Sequence[Document], given: Mapping[str, EntityKey]) -> bool:
    return all(given.get(row.xero_id, row.key.owner) == row.key.owner for row in rows)
