"""Money that was left to an earlier connector is neither missing nor extra. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from worker.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Entry
from worker.xero.paying import leaves_money
from worker.xero.reissue import parts


def numbers_left(documents: Iterable[Document]) -> frozenset[str]:
    """The numbers of those whose payments an earlier connector has made."""
    return frozenset(parts(one.number)[0] for one in documents if leaves_money(one))


def wanted_of_us(wanted: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """`wanted` without payments that nobody sends. One that is in Xero all the same is compared."""
    there = {name for one in theirs if one.kind is Kind.PAYMENT and not one.is_gone for name in one.names}
    return [one for one in wanted if one.kind is not Kind.PAYMENT or not one.is_theirs or one.number in there]


def without_earlier(theirs: Sequence[Entry], left: Collection[str], prefixes: Collection[str]) -> list[Entry]:
    """`theirs` without the earlier connector's payments of documents that are numbered as `left` says."""
    return [one for one in theirs if not (_settles(one, left) and not one.begins_with(prefixes))]


def _settles(one: Entry, left: Collection[str]) -> bool:
    return one.kind is Kind.PAYMENT and parts(one.settles)[0] in left
