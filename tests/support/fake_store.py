"""A store in memory with the habits of real ones: rows show late, break, vanish, or change without a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from producers.store import Broken, Changes, Cursor, Found, Page, Place, Row, Selection, StoreRefuses, Stream
from schemas.entities import CreditMemo, Customer, Entity, Invoice, Payment, Snapshot
from schemas.parts import Buyer, Line, SaleReference, Tender, Totals

CUSTOMERS = Stream("customers", frozenset({Entity.CUSTOMER}))
INVOICES = Stream("invoices", frozenset({Entity.INVOICE, Entity.PAYMENT}))
CREDIT_MEMOS = Stream("credit_memos", frozenset({Entity.CREDIT_MEMO, Entity.PAYMENT}))
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHOP = Place("base", "english")


@dataclass
class Kept:
    """One row of the store's database."""

    id: int
    created_at: datetime
    changed_at: datetime
    snapshots: tuple[tuple[Entity, Snapshot], ...]
    places: tuple[Place, ...] = (SHOP,)
    visible_at: datetime | None = None
    broken: str = ""


@dataclass
class FakeStore:
    """Implements `StoreSource`. `now` is its clock; `faults` are raised, one a call, before it answers."""

    page_size: int = 3
    time: Callable[[], datetime] = lambda: OPENED
    faults: list[Exception] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    streams: Sequence[Stream] = (CUSTOMERS, INVOICES, CREDIT_MEMOS)
    checked: list[str] = field(default_factory=list)
    rows_of: dict[str, dict[int, Kept]] = field(default_factory=dict)

    def put(self, stream: Stream, row: Kept) -> None:
        self.rows_of.setdefault(stream.name, {})[row.id] = row

    def row(self, stream: Stream, row_id: int) -> Kept:
        return self.rows_of[stream.name][row_id]

    def touch(self, stream: Stream, row_id: int, at: datetime) -> None:
        """Write a row again as it is, as a store does for flags that we do not read."""
        self.row(stream, row_id).changed_at = at

    def delete(self, stream: Stream, row_id: int) -> None:
        del self.rows_of[stream.name][row_id]

    def customer(self, number: int, at: datetime, *, name: str = "Ada", **more: object) -> None:
        found = Customer(id=str(number), first_name=name, email=f"c{number}@example.com")
        self.put(CUSTOMERS, _kept(number, at, ((Entity.CUSTOMER, found),), **more))

    def invoice(self, number: int, at: datetime, *, net: str = "10.00", **more: object) -> None:
        invoice = an_invoice(number, at, net=net)
        self.put(INVOICES, _kept(number, at, ((Entity.INVOICE, invoice), (Entity.PAYMENT, _paid(invoice))), **more))

    def refund(self, number: int, of: int, at: datetime) -> None:
        invoice = next(data for _, data in self.row(INVOICES, of).snapshots if isinstance(data, Invoice))
        memo = CreditMemo.model_validate(
            invoice.model_dump(exclude={"order_id"})
            | {"id": str(number), "number": f"R{number}", "date": at.date(), "sale": _sale(invoice)}
        )
        payment = _paid(invoice).model_copy(
            update={"id": f"refund-{number}", "direction": "out", "credit_memo_id": str(number), "date": at.date()}
        )
        self.put(CREDIT_MEMOS, _kept(number, at, ((Entity.CREDIT_MEMO, memo), (Entity.PAYMENT, payment))))

    async def now(self) -> datetime:
        self._answer("now")
        return self.time()

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        self._answer("changes")
        late = [
            row for row in self._visible(stream) if after < Cursor(row.changed_at, row.id) and row.changed_at <= until
        ]
        late.sort(key=lambda row: (row.changed_at, row.id))
        step = late[: self.page_size]
        cursor = Cursor(step[-1].changed_at, step[-1].id) if step else after
        return Changes(*_split(step), cursor, more=len(late) > len(step))

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        self._answer("page")
        wanted = [row for row in self._visible(stream) if row.id > after and _is_selected(row, selection)]
        step = sorted(wanted, key=lambda row: row.id)[: self.page_size]
        return Page(*_split(step), step[-1].id if step else after, more=len(wanted) > len(step))

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        self._answer("rows")
        step = sorted((row for row in self._visible(stream) if row.id in ids), key=lambda row: row.id)
        return Page(*_split(step), max(ids, default=0), more=False)

    async def count(self, stream: Stream, selection: Selection) -> int:
        self._answer("count")
        return sum(_is_selected(row, selection) for row in self._visible(stream))

    async def ids(self, stream: Stream, after: int) -> Sequence[int]:
        self._answer("ids")
        return sorted(row.id for row in self._visible(stream) if row.id > after)[: self.page_size]

    async def check(self, streams: Collection[Stream]) -> None:
        self._answer("check")
        self.checked = [stream.name for stream in streams]

    def _answer(self, method: str) -> None:
        self.calls[method] += 1
        if self.faults:
            raise self.faults.pop(0)

    def _visible(self, stream: Stream) -> list[Kept]:
        rows = self.rows_of.get(stream.name, {}).values()
        return [row for row in rows if row.visible_at is None or row.visible_at <= self.time()]


def an_invoice(number: int, at: datetime, *, net: str = "10.00") -> Invoice:
    amount = Decimal(net)
    tax = (amount * Decimal("0.2")).quantize(Decimal("0.01"))
    line = Line(sku=f"SKU-{number % 7}", name="Lamp", net=amount, tax=tax, gross=amount + tax, tax_code="GB-VAT-20")
    return Invoice(
        id=str(number),
        number=f"{number:09}",
        order_id=str(number),
        order_number=f"O{number:08}",
        currency="GBP",
        date=at.date(),
        customer=Buyer(id=f"{number % 5 + 1}", name="Ada Brandt", email=f"c{number % 5 + 1}@example.com"),
        lines=(line,),
        tenders=(Tender(method="stripe", amount=amount + tax),),
        totals=Totals(net=amount, tax=tax, gross=amount + tax),
    )


def many_invoices(store: FakeStore, count: int, *, first: int = 1, at: datetime = OPENED) -> None:
    """So many invoices, a second apart."""
    for number in range(first, first + count):
        store.invoice(number, at + timedelta(seconds=number - first))


def _kept(number: int, at: datetime, snapshots: tuple[tuple[Entity, Snapshot], ...], **more: object) -> Kept:
    return replace(Kept(number, at, at, snapshots), **more)  # type: ignore[arg-type] # the test names fields of Kept


def _sale(invoice: Invoice) -> SaleReference:
    return SaleReference(
        order_id=invoice.order_id,
        order_number=invoice.order_number,
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        date=invoice.date,
    )


def _paid(invoice: Invoice) -> Payment:
    return Payment(
        id=f"invoice-{invoice.id}",
        direction="in",
        sale=_sale(invoice),
        method="stripe",
        amount=invoice.totals.gross,
        currency=invoice.currency,
        date=invoice.date,
        transaction_id=f"ch_{invoice.id}",
    )


def _split(step: Sequence[Kept]) -> tuple[tuple[Row, ...], tuple[Broken, ...]]:
    sound = tuple(_row(kept) for kept in step if not kept.broken)
    return sound, tuple(Broken(kept.id, kept.broken) for kept in step if kept.broken)


def _row(kept: Kept) -> Row:
    found = tuple(Found(entity, kept.changed_at, kept.places, data) for entity, data in kept.snapshots)
    return Row(kept.id, kept.changed_at, found)


def _is_selected(row: Kept, selection: Selection) -> bool:
    day = row.created_at.date()
    return (selection.since is None or day >= selection.since) and (selection.until is None or day <= selection.until)


class RefusesCustomers(FakeStore):
    """Whoever may read sales, and no customers."""

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        self._allow(stream)
        return await super().changes(stream, after, until=until)

    async def count(self, stream: Stream, selection: Selection) -> int:
        self._allow(stream)
        return await super().count(stream, selection)

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        self._allow(stream)
        return await super().page(stream, after, selection)

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        self._allow(stream)
        return await super().rows(stream, ids)

    def _allow(self, stream: Stream) -> None:
        if stream == CUSTOMERS:
            raise StoreRefuses("GET /customers: allow Magento_Customer::manage")
