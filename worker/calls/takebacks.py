"""Payments and credit that are to be deleted, where paid sales are or were issued anew: some are on an old invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.envelope import Lane
from worker.calls.reissuing import Look
from worker.calls.settlement import Settlement
from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import Document
from worker.session.session import Session
from worker.xero.changes.reissue import BEGUN, later_numbers, parts
from worker.xero.changes.taken_back import by_hand, stands_on
from worker.xero.looks import places_of

_Known = Mapping[DocumentKey, Document]

_CHANGING_S = 1.0


class Takebacks:
    """`look` reads documents from Xero, as for a revision."""

    def __init__(self, *, session: Session, settlement: Settlement, look: Look) -> None:
        self._s = session
        self._settlement = settlement
        self._look = look

    async def cleared(self, kind: Kind, lane: Lane, writes: Sequence[Write], known: _Known) -> list[Write]:
        """Those of `writes`, all in flight, that can be deleted as they are. The others wait, or are parked."""
        cleared = []
        for reading in places_of(kind, writes, known):
            seen = await self._look(Kind.CREDIT_NOTE if kind is Kind.ALLOCATION else kind, lane, reading)
            if seen is not None:
                call, status, elements = seen
                await self._settlement.close(call, status)
                places = {write: stands_on(known[write.key], elements) for write in reading.writes}
                cleared += await self._sorted(places, known)
        self._s.readings.elements.update({write.key: None for write in cleared})
        return cleared

    async def _sorted(self, places: Mapping[Write, str], known: _Known) -> list[Write]:
        """By the number of the invoice that each is on."""
        numbers = {one for number in places.values() for one in _may_be_called(number)}
        issued = await self._s.ledger.documents.by_number(self._s.org.name, Kind.INVOICE, numbers)
        sales = await self._s.ledger.documents.get(map(_sale, issued.values()))
        cleared = []
        for write, number in places.items():
            last = next((issued[one] for one in _may_be_called(number) if one in issued), None)
            if last is not None and self._is_under_way(sales.get(_sale(last))):
                await self._settlement.free([write], not_before=self._s.clock.monotonic() + _CHANGING_S)
            elif last is not None and last.number != number:
                await self._settlement.park(write, "sale_reissued", *by_hand(known[write.key], number, last.number))
            else:
                cleared.append(write)
        return cleared

    def _is_under_way(self, sale: Document | None) -> bool:
        return sale is not None and sale.content_hash == BEGUN and self._s.buffer.wants(sale.key)


def _may_be_called(number: str) -> list[str]:
    """The numbers that a sale may have by now of which this is an invoice's, the last first."""
    return [*reversed(later_numbers(Kind.INVOICE, number)), number] if number else []


def _sale(issued: Document) -> DocumentKey:
    """The key of the sale of which this may be a copy."""
    return issued.key._replace(part=parts(issued.key.part)[0])
