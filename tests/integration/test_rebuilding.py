"""A ledger filled window by window, from a store and a Xero in memory: its ends, its repeats, what moved."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from producers.store import Selection
from producers.translation import Translator
from schemas.entities import Entity
from schemas.envelope import Event
from tests.agent_fixture import routing
from tests.fake_store import FakeStore
from tests.fakes import FakeClock
from tests.sample_ledger import AMPLE, ORG, lease_of, opened
from tests.unit.mapping_cases import organisation
from worker.documents import DocumentKey, Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Document, Purpose
from worker.literals import decode, encode
from worker.mapping.plan import Writes, plan
from worker.paging import Lists, Told, XeroUnreadable
from worker.rebuild.rebuilding import Rebuilding, windows_of
from worker.rebuild.windows import Window
from worker.store_reading import StoreReader
from worker.xero.endpoints import ENDPOINTS
from worker.xero.reply import Reply, ReplyKind
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
            for write in planned.writes:
                ids.setdefault(write.key, f"{write.kind}-{len(ids)}")
                if not any(one["key"] == write.key for one in self.elements[write.kind]):
                    self._put(write.kind, write.key, decode(write.content.filled(ids, ())), ids[write.key])

    def _put(self, kind: Kind, key: DocumentKey, element: Mapping[str, Any], xero_id: str) -> None:
        total, tax = totals_of(element)
        shown = {"Status": "AUTHORISED", **element, ENDPOINTS[kind].id: xero_id, "Total": total, "TotalTax": tax}
        self.elements[kind].append(shown | {"key": key})


@dataclass
class Case:
    """A shop of two months whose books are complete, and a ledger that knows nothing of it."""

    ledger: Ledger
    clock: FakeClock
    store: FakeStore = field(default_factory=lambda: FakeStore(time=lambda: datetime(2026, 3, 1, tzinfo=UTC)))
    xero: Books = field(default_factory=Books)

    def __post_init__(self) -> None:
        self.reader = StoreReader(self.store, Translator("shop", routing()), ORG, self.clock.now, _broken)
        for number in range(1, 6):
            self.store.customer(number, datetime(2026, 1, 2, tzinfo=UTC))
        for number in range(1, 9):
            self.store.invoice(number, datetime(2026, 1 + number % 2, 10, tzinfo=UTC))
        self.store.refund(3, 3, datetime(2026, 2, 20, tzinfo=UTC))

    async def events(self) -> list[Event]:
        found: list[Event] = []
        for stream in self.store.streams:
            async for page in self.reader.events(stream, Selection(), frozenset(Entity)):
                found += page
        return found

    async def rebuild(self, *windows: Window) -> Rebuilding:
        lists = Lists(
            org=ORG,
            purpose=Purpose.REBUILD,
            ledger=self.ledger,
            client=self.xero,  # type: ignore[arg-type] # a Xero in memory
            limits=AMPLE,
            clock=self.clock,
            told=Told(),
        )
        self.xero.calls.clear()
        lease = await lease_of(self.ledger)
        task = Rebuilding(SETTINGS, {"shop": self.reader}, self.ledger, lists, lease)
        await task.run(windows or (JANUARY, FEBRUARY))
        return task

    async def rows(self) -> dict[DocumentKey, Document]:
        planned = [plan(event, SETTINGS) for event in await self.events()]
        keys = [write.key for one in planned if isinstance(one, Writes) for write in one.writes]
        return await self.ledger.documents.get(keys)


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        made = Case(ledger, clock)
        made.xero.book(await made.events())
        yield made


async def test_every_document_is_restored_with_what_the_store_has(case: Case) -> None:
    done = await case.rebuild()

    rows = await case.rows()
    assert done.restored == {Kind.CONTACT: 5, Kind.INVOICE: 8, Kind.CREDIT_NOTE: 1, Kind.PAYMENT: 9}
    assert not done.missing
    assert {key: row.xero_id for key, row in rows.items()} == {
        one["key"]: one[ENDPOINTS[kind].id] for kind, all_of_it in case.xero.elements.items() for one in all_of_it
    }
    for event in await case.events():
        planned = plan(event, SETTINGS)
        assert isinstance(planned, Writes)
        sent = [write for write in planned.writes if not write.only_if_absent]
        assert all(rows[write.key].content_hash == write.content_hash for write in sent)
        assert all(rows[write.key].version == write.version for write in sent)


async def test_a_rebuild_that_ended_goes_on_where_it_was(case: Case) -> None:
    case.xero.silent_after = 3  # contacts, then invoices and payments of January
    with pytest.raises(XeroUnreadable, match="revoked"):
        await case.rebuild()
    kept = len(await case.rows())

    case.xero.silent_after = 1000
    done = await case.rebuild()

    assert kept == 5 + 4 + 4
    assert case.xero.calls == [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT]
    assert len(await case.rows()) == 23
    assert done.known_before == kept


async def test_what_is_known_costs_no_call(case: Case) -> None:
    await case.rebuild()

    again = await case.rebuild()

    assert case.xero.calls == []
    assert not again.restored


async def test_a_document_whose_day_was_moved_is_found_among_other_days(case: Case) -> None:
    january, february = (
        next(one for one in case.xero.elements[Kind.PAYMENT] if one["Date"][:7] == month)
        for month in ("2026-01", "2026-02")
    )
    january["Date"], february["Date"] = "2026-02-11", "2026-01-11"

    done = await case.rebuild()

    assert done.restored[Kind.PAYMENT] == 9
    rows = await case.rows()
    assert [rows[one["key"]].content_hash for one in (january, february)] == ["", ""]


async def test_what_xero_lacks_is_told_and_left_to_the_resync(case: Case) -> None:
    lost = case.xero.elements[Kind.INVOICE].pop()
    nobody = case.xero.elements[Kind.CONTACT].pop()

    done = await case.rebuild()

    assert done.missing == {Kind.INVOICE: 1, Kind.CONTACT: 1}
    assert {lost["key"], nobody["key"]}.isdisjoint(await case.rows())


async def test_windows_are_as_many_as_the_store_needs(case: Case) -> None:
    windows, customers = await windows_of(SETTINGS, [case.reader], date(2026, 3, 2))

    assert windows == [Window(date(2026, 1, 1), date(2026, 3, 2), sales=8, refunds=1)]
    assert customers == 5


def _broken(stream: object, row: object) -> None:
    raise AssertionError(f"{stream}: {row}")
