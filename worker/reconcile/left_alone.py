"""Sales and money that were left to an earlier connector are neither missing, nor extra, nor different. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Entry
from worker.xero.changes.reissue import parts
from worker.xero.paying import leaves_money


def wanted_of_us(wanted: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """`wanted` without payments that nobody sends. One that is in Xero all the same is compared."""
    there = {name for one in theirs if one.kind is Kind.PAYMENT and not one.is_gone for name in one.names}
    return [one for one in wanted if one.kind is not Kind.PAYMENT or not one.is_theirs or one.number in there]


def as_left(wanted: Iterable[Entry], found: Mapping[int, Entry]) -> Iterator[Entry]:
    """`wanted` for the sums: a sale or refund that was left to it counts as it has booked it, for no field is compared.

    `found` has the entry of Xero for the id() of a wanted one.
    """
    for one in wanted:
        theirs = found.get(id(one))
        is_left = one.is_theirs and one.kind is not Kind.PAYMENT and not one.is_gone
        yield theirs if is_left and theirs is not None and not theirs.is_gone else one


def without_earlier(theirs: Sequence[Entry], known: Iterable[Document], prefixes: Collection[str]) -> list[Entry]:
    """`theirs` without the earlier connector's payments of documents that the ledger knows."""
    settled = {(one.kind, parts(one.number)[0]): one for one in known}
    return [one for one in theirs if not (_is_of_earlier(one, settled) and not one.begins_with(prefixes))]


def _is_of_earlier(one: Entry, settled: Mapping[tuple[Kind, str], Document]) -> bool:
    kind, number = one.target
    document = settled.get((kind, parts(number)[0])) if one.kind is Kind.PAYMENT else None
    return document is not None and leaves_money(document, str(one.day))
