"""Money that was left to an earlier connector is neither missing nor extra. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from worker.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Entry
from worker.xero.paying import leaves_money
from worker.xero.reissue import parts


def wanted_of_us(wanted: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """`wanted` without payments that nobody sends. One that is in Xero all the same is compared."""
    there = {name for one in theirs if one.kind is Kind.PAYMENT and not one.is_gone for name in one.names}
    return [one for one in wanted if one.kind is not Kind.PAYMENT or not one.is_theirs or one.number in there]


def without_earlier(theirs: Sequence[Entry], known: Iterable[Document], prefixes: Collection[str]) -> list[Entry]:
    """`theirs` without the earlier connector's payments of documents that the ledger knows."""
    settled = {(one.kind, parts(one.number)[0]): one for one in known}
    return [one for one in theirs if not (_is_of_earlier(one, settled) and not one.begins_with(prefixes))]


def _is_of_earlier(one: Entry, settled: Mapping[tuple[Kind, str], Document]) -> bool:
    kind, number = one.target
    document = settled.get((kind, parts(number)[0])) if one.kind is Kind.PAYMENT else None
    return document is not None and leaves_money(document, str(one.day))
