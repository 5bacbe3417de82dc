"""A shop of two months and its books in Xero, both in memory, with a real ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from producers.store import Broken, Selection, Stream
from producers.translation import Translator
from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.agent_fixture import routing
from tests.support.fake_store import FakeStore
from tests.support.fakes import FakeClock
from tests.support.mapping_cases import organisation
from tests.support.sample_ledger import AMPLE, ORG, lease_of
from worker.calls.paging import Lists, Told
from worker.documents.documents import DocumentKey, Kind
from worker.documents.literals import decode, encode
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Document, Purpose
from worker.mapping.plan import Writes, plan
from worker.rebuild.rebuilding import Rebuilding
from worker.rebuild.windows import Window
from worker.reconcile.compare import Comparison, Days
from worker.reconcile.reconciliation import Reconciliation
from worker.settings import OrganisationSettings
from worker.stores.store_reading import StoreReader
from worker.xero.endpoints import ENDPOINTS
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.sameness import totals_of

SETTINGS = organisation(number_prefix="", start_date=date(2026, 1, 1))
JANUARY, FEBRUARY = Window(date(2026, 1, 1), date(2026, 1, 31)), Window(date(2026, 2, 1), date(2026, 2, 28))
_DAYS = re.compile(r"DateTime\((\d+), (\d+), (\d+)\)")


@dataclass
class Books:
    """Xero's lists; `silent_after` so many calls it refuses all."""

    elements: dict[Kind, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    calls: list[Kind] = field(default_factory=list)
    silent_after: int = 1000

    async def send(self, call: Call) -> Reply:
        assert call.kind is not None
        self.calls.append(call.kind)
        if len(self.calls) > self.silent_after:
            return Reply(ReplyKind.CONSENT, detail="the consent was revoked")
        days = ["-".join(found) for found in _DAYS.findall(call.params.get("where", ""))]
        shown = [one for one in self.elements[call.kind] if not days or days[0] <= one["Date"] < days[1]]
        return Reply(ReplyKind.ANSWERED, 200, tuple(shown), raw=encode({"pagination": {"pageCount": 1}}))

    def book(self, events: list[Event]) -> None:
        """Have all that these events ask for."""
        ids: dict[DocumentKey, str] = {}
        for event in events:
            planned = plan(event, SETTINGS)
            assert isinstance(planned, Writes)
            for write in planned.made:
                ids.setdefault(write.key, f"{write.kind}-{len(ids)}")
                if not any(one["key"] == write.key for one in self.elements[write.kind]):
                    self._put(write.kind, write.key, decode(write.content.filled(ids, ())), ids[write.key])

    def _put(self, kind: Kind, key: DocumentKey, element: Mapping[str, Any], xero_id: str) -> None:
        total, tax = totals_of(element)
        shown = {"Status": "AUTHORISED", **element, ENDPOINTS[kind].id: xero_id, "Total": total, "TotalTax": tax}
        lines = element.get("LineItems", ())
        shown["LineItems"] = [{**line, "LineAmount": line["Quantity"] * line["UnitAmount"]} for line in lines]
        for name, target in (("Invoice", Kind.INVOICE), ("CreditNote", Kind.CREDIT_NOTE)):
            if name in element:
                number = ENDPOINTS[target].number
                settled = next(one for one in self.elements[target] if one[f"{name}ID"] == element[name][f"{name}ID"])
                shown[name] = {**element[name], number: settled[number]}
        self.elements[kind].append(shown | {"key": key})


@dataclass
class Case:
    """A shop of two months whose books are complete, and a ledger that knows nothing of it."""

    ledger: Ledger
    clock: FakeClock
    store: FakeStore = field(default_factory=lambda: FakeStore(time=lambda: datetime(2026, 3, 1, tzinfo=UTC)))
    xero: Books = field(default_factory=Books)

    def __post_init__(self) -> None:
        self.broken: list[tuple[Stream, Broken]] = []
        note = lambda stream, row: self.broken.append((stream, row))  # noqa: E731 - a callback of one line
        known = self.ledger.store("shop", holder="")[0].memories
        self.reader = StoreReader(self.store, Translator("shop", routing()), ORG, self.clock.now, note, known)
        for number in range(1, 6):
            self.store.customer(number, datetime(2026, 1, 2, tzinfo=UTC))
        for number in range(1, 9):
            self.store.invoice(number, datetime(2026, 1 + number % 2, 10, tzinfo=UTC))
        self.store.refund(3, 3, datetime(2026, 2, 20, tzinfo=UTC))

    async def events(self) -> list[Event]:
        return [event async for page in self.reader.events(Selection(), frozenset(Entity)) for event in page]

    def lists(self, purpose: Purpose) -> Lists:
        """Xero's lists; its calls are counted from now on."""
        self.xero.calls.clear()
        return Lists(
            org=ORG,
            purpose=purpose,
            ledger=self.ledger,
            client=self.xero,  # type: ignore[arg-type] # a Xero in memory
            limits=AMPLE,
            clock=self.clock,
            told=Told(),
        )

    async def reconcile(self, first: date, last: date) -> Comparison:
        task = Reconciliation(SETTINGS, Days(first, last), {"shop": self.reader}, self.ledger)
        await task.read_store()
        lists = self.lists(Purpose.RECONCILE)
        assert task.price == 3
        await task.read_xero(lists)
        for stream, row in self.broken:
            task.note_broken("shop", stream, row)
        return task.compared()

    async def rebuild(self, *windows: Window, settings: OrganisationSettings = SETTINGS) -> Rebuilding:
        lists = self.lists(Purpose.REBUILD)
        lease = await lease_of(self.ledger)
        task = Rebuilding(settings, {"shop": self.reader}, self.ledger, lists, lease)
        await task.run(windows or (JANUARY, FEBRUARY))
        return task

    async def leave(self, number: int, facts: Mapping[str, object], *, paid_by_them: bool = True) -> None:
        """Have an earlier connector's invoice of that number, with `facts`, and its payment unless we had made one."""
        await self.rename(Kind.INVOICE, number, f"OLD-{number}", facts)
        if paid_by_them:
            await self.give_payment(f"invoice-{number}")

    async def rename(self, kind: Kind, number: int, name: str, facts: Mapping[str, object]) -> None:
        """Have an earlier connector's document of that name, with `facts`, in the place of ours."""
        sale = await self._row("invoice" if kind is Kind.INVOICE else "credit_memo", str(number))
        lease = await lease_of(self.ledger)
        await self.ledger.documents.forget(lease, [sale.key])
        await self.ledger.documents.restore(lease, [sale._replace(number=name, facts={**sale.facts, **facts})])
        called, place = ENDPOINTS[kind].number, ENDPOINTS[kind].id.removesuffix("ID")
        shown = next(one for one in self.xero.elements[kind] if one["key"] == sale.key)
        shown[called] = name
        for payment in self.xero.elements[Kind.PAYMENT]:
            if payment.get(place, {}).get(f"{place}ID") == shown[f"{place}ID"]:
                payment[place] = {**payment[place], called: name}

    async def give_payment(self, payment_id: str) -> None:
        """Have it made by an earlier connector, not by us."""
        paid = await self._row("payment", payment_id)
        await self.ledger.documents.forget(await lease_of(self.ledger), [paid.key])
        next(one for one in self.xero.elements[Kind.PAYMENT] if one["key"] == paid.key)["Reference"] = "their own words"

    async def _row(self, entity: str, entity_id: str) -> Document:
        return next(row for row in (await self.rows()).values() if row.key.owner[2:] == (entity, entity_id))

    async def rows(self) -> dict[DocumentKey, Document]:
        planned = [plan(event, SETTINGS) for event in await self.events()]
        keys = [write.key for one in planned if isinstance(one, Writes) for write in one.writes]
        return await self.ledger.documents.get(keys)
