"""A store that can only write files: a worked example of `producers.store.StoreSource`.

The shop writes `customers.jsonl` and `sales.jsonl` into a folder, one JSON object in UTF-8 on each line, and puts a new
file in the place of the old one by renaming it. A paid sale becomes an invoice and a payment. Configure it with

    [stores.lamps]
    kind = "examples.stores.export_folder:open_store"
    url = "file:///srv/lamps/export"
    organisation = "main"
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from producers.store import (
    Broken,
    Changes,
    Cursor,
    Found,
    Page,
    Place,
    Row,
    Selection,
    StoreRefuses,
    StoreSource,
    StoreUnreachable,
    Stream,
)
from schemas.entities import Customer, Entity, Invoice, Payment
from schemas.parts import ZERO, Buyer, Line, SaleReference, Tender, Totals
from schemas.text import one_line

CUSTOMERS = Stream("customers", frozenset({Entity.CUSTOMER}))
SALES = Stream("sales", frozenset({Entity.INVOICE, Entity.PAYMENT}))
PAGE_ROWS = 100
Raw = Mapping[str, Any]


@asynccontextmanager
async def open_store(url: str, token: str) -> AsyncIterator[StoreSource]:
    """What `kind` names. `url` is `file:///FOLDER`, a space in it `%20`; a folder needs no token."""
    del token
    yield ExportFolder(Path(unquote(urlsplit(url).path)))


@dataclass(frozen=True, slots=True)
class Exported:
    """One line of a file, as far as every list needs it."""

    id: int
    changed_at: datetime
    created_on: date
    raw: Raw

    @property
    def cursor(self) -> Cursor:
        """Where a reading of changes has got to with this line."""
        return Cursor(self.changed_at, self.id)


class ExportFolder:
    """Reads the shop's files. A file is read anew when the shop has put another one in its place."""

    def __init__(self, folder: Path, *, page_rows: int = PAGE_ROWS) -> None:
        self._folder = folder
        self._page_rows = page_rows
        self._files: dict[Path, tuple[int, list[Exported]]] = {}

    @property
    def streams(self) -> Sequence[Stream]:
        """Customers first: sales refer to them."""
        return (CUSTOMERS, SALES)

    async def now(self) -> datetime:
        """The shop runs on this machine."""
        return datetime.now(UTC)

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        """What is behind the cursor, oldest change first."""
        behind = [one for one in self._all(stream) if one.cursor > after and one.changed_at <= until]
        behind.sort(key=lambda one: one.cursor)
        step = behind[: self._page_rows]
        cursor = step[-1].cursor if step else after
        return Changes(*_translated(stream, step), cursor, more=len(behind) > len(step))

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        """What is above `after`, in the order of ids."""
        above = [one for one in self._all(stream) if one.id > after and _is_selected(one, selection)]
        step = above[: self._page_rows]
        return Page(*_translated(stream, step), step[-1].id if step else after, more=len(above) > len(step))

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        """What is there of these."""
        wanted = frozenset(ids)
        step = [one for one in self._all(stream) if one.id in wanted]
        return Page(*_translated(stream, step), max(ids, default=0), more=False)

    async def count(self, stream: Stream, selection: Selection) -> int:
        """Lines of the selected days."""
        return sum(_is_selected(one, selection) for one in self._all(stream))

    async def ids(self, stream: Stream, after: int) -> Sequence[int]:
        """Some more ids."""
        return [one.id for one in self._all(stream) if one.id > after][: self._page_rows]

    async def check(self, streams: Collection[Stream]) -> None:
        """The files of these are there and can be read."""
        for stream in streams:
            self._all(stream)

    def _all(self, stream: Stream) -> list[Exported]:
        """A whole file, by id. Raises `StoreUnreachable`, and `StoreRefuses` for what only a person can mend."""
        path = self._folder / f"{stream.name}.jsonl"
        try:
            stamp = path.stat().st_mtime_ns
            known = self._files.get(path)
            if known is None or known[0] != stamp:
                lines = path.read_bytes().split(b"\n")  # text.splitlines would cut at U+2028, which JSON may hold
                known = self._files[path] = (stamp, sorted(_parsed(path, lines), key=lambda one: one.id))
        except OSError as error:
            raise StoreUnreachable(f"{path}: {error.strerror}; the shop writes it every hour") from None
        return known[1]


def _parsed(path: Path, lines: Sequence[bytes]) -> Iterator[Exported]:
    """The lines that are not blank. A byte order mark is ignored, as `json` does."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line, parse_float=Decimal)
            changed_at = datetime.fromisoformat(raw["changed_at"]).astimezone(UTC).replace(microsecond=0)
            yield Exported(int(raw["id"]), changed_at, date.fromisoformat(raw["created_on"]), raw)
        except (ValueError, KeyError, TypeError) as error:
            expected = "expected a JSON object with id, changed_at and created_on, in UTF-8"
            raise StoreRefuses(f"{path} line {number}: {expected}, {type(error).__name__}: mend the export") from None


def _is_selected(one: Exported, selection: Selection) -> bool:
    since, until = selection.since or date.min, selection.until or date.max
    return since <= one.created_on <= until


def _translated(stream: Stream, lines: Sequence[Exported]) -> tuple[tuple[Row, ...], tuple[Broken, ...]]:
    """The rows, and those that make no sense: one bad sale does not keep the others from the books."""
    rows: list[Row] = []
    broken: list[Broken] = []
    for one in lines:
        try:
            rows.append(Row(one.id, one.changed_at, _TRANSLATIONS[stream](one)))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            broken.append(Broken(one.id, f"{'.'.join(map(str, first['loc']))}: {first['msg']}"))
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            broken.append(Broken(one.id, f"cannot be read: {type(error).__name__}"))
    return tuple(rows), tuple(broken)


def _customer(one: Exported) -> tuple[Found, ...]:
    raw = one.raw
    customer = Customer(id=str(one.id), first_name=one_line(raw["name"]), email=one_line(raw.get("email") or ""))
    return (_found(one, Entity.CUSTOMER, customer),)


def _sale(one: Exported) -> tuple[Found, ...]:
    raw = one.raw
    lines = tuple(_line(line) for line in raw["lines"])
    gross = sum((line.gross for line in lines), Decimal(0))
    paid = Decimal(raw["paid"]) if raw.get("method") else Decimal(0)
    invoice = Invoice(
        id=str(one.id),
        number=raw["number"],
        order_id=str(one.id),
        order_number=raw["number"],
        currency=raw["currency"],
        date=one.created_on,
        website=raw.get("site") or "",
        customer=_buyer(raw),
        lines=lines,
        tenders=(Tender(method=raw["method"], amount=paid),) if paid else (),
        totals=Totals(
            net=sum((line.net for line in lines), ZERO), tax=sum((line.tax for line in lines), ZERO), gross=gross
        ),
    )
    found = _found(one, Entity.INVOICE, invoice)
    return (found, _found(one, Entity.PAYMENT, _payment(one, invoice, paid))) if paid else (found,)


def _buyer(raw: Raw) -> Buyer:
    """A guest has no id: one that all guests share would book them to one contact."""
    number = raw["customer"]
    return Buyer(id=None if number is None else str(number), name=one_line(raw["name"]))


def _line(raw: Raw) -> Line:
    net, tax = Decimal(raw["net"]), Decimal(raw["tax"])
    return Line(
        sku=raw["sku"],
        name=one_line(raw["name"]),
        quantity=Decimal(raw["quantity"]),
        net=net,
        tax=tax,
        gross=net + tax,
        tax_code=raw["tax_code"],
    )


def _payment(one: Exported, invoice: Invoice, paid: Decimal) -> Payment:
    sale = SaleReference(
        order_id=invoice.order_id,
        order_number=invoice.order_number,
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        date=invoice.date,
    )
    return Payment(
        id=f"sale-{one.id}",
        direction="in",
        sale=sale,
        method=one.raw["method"],
        amount=paid,
        currency=invoice.currency,
        date=invoice.date,
        transaction_id=one.raw.get("charge", ""),
    )


def _found(one: Exported, entity: Entity, data: Customer | Invoice | Payment) -> Found:
    return Found(entity, one.changed_at, (Place(one.raw.get("site", "main")),), data)


_TRANSLATIONS: Mapping[Stream, Callable[[Exported], tuple[Found, ...]]] = {CUSTOMERS: _customer, SALES: _sale}
