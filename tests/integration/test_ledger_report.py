"""What the ledger tells about documents and calls afterwards."""

from __future__ import annotations

from datetime import timedelta

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    ORG,
    Dropped,
    document,
    event,
    key,
    lease_of,
    open_call,
    parked_in,
    put_documents,
    waiting_in,
    write,
)
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState, Purpose

SECOND = timedelta(seconds=1)
ONE_CALL = Limits(day=1)


async def test_settling_unchanged_raises_versions_and_drops_what_was_held(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(
        ledger, lease, document(1, part="payment/1"), document(2, part="payment/1", version=START + SECOND)
    )
    await ledger.held.hold(lease, [event(1), event(2, version=START + 2 * SECOND)])
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, event_id="parked", version=START - SECOND)])

    settled = [(key(1, "payment/1"), START + SECOND, "new"), (key(2, "payment/1"), START, "old"), (key(9), START, "")]
    completed = [(one.owner, version) for one, version, _ in settled]
    dropped = Dropped()
    await ledger.documents.settle_unchanged(lease, settled, completed=completed, count=dropped)

    assert {one.event_id for one in dropped} == {"event-1", "parked"}
    assert await parked_in(ledger) == []
    known = await ledger.documents.get([key(1, "payment/1"), key(2, "payment/1"), key(9)])
    assert {one.version for one in known.values()} == {START + SECOND}
    assert [known[key(n, "payment/1")].content_hash == "new" for n in (1, 2)] == [True, False]
    assert len(known) == 2
    assert (await waiting_in(ledger))[HoldState.TIME] == 1


async def test_what_is_held_stays_until_all_of_its_documents_are_settled(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1)])

    await ledger.documents.settle_unchanged(lease, [(key(1, "payment/1"), START + SECOND, "new")], completed=[])

    assert (await waiting_in(ledger))[HoldState.TIME] == 1


async def test_documents_are_found_by_key_code_and_number(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    many = [document(n) for n in range(2500)]
    item = document(1, part="item")._replace(kind=Kind.ITEM, number="SKU")
    await put_documents(ledger, lease, *many, item)

    everything = await ledger.documents.get(key(n) for n in range(3000))
    numbers = await ledger.documents.by_number(ORG, Kind.INVOICE, (f"I-shop-{n}" for n in range(3000)))

    assert everything == {one.key: one for one in many}
    assert numbers["I-shop-7"] == document(7)
    assert len(numbers) == 2500
    assert await ledger.documents.by_number("other", Kind.INVOICE, ["I-shop-7"]) == {}
    assert await ledger.documents.by_number(ORG, Kind.ITEM, ["SKU", "sku", "I-shop-7"]) == {"SKU": item}
    assert await ledger.documents.get([]) == {}


async def test_items_are_forgotten_by_their_code_whichever_products_they_were(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    mug, same, tea = (
        document(n, part="item")._replace(kind=Kind.ITEM, number=code)
        for n, code in ((1, "MUG"), (2, "MUG"), (3, "TEA"))
    )
    sale = document(4)._replace(number="MUG")
    await put_documents(ledger, lease, mug, same, tea, sale)

    await ledger.documents.forget_items(lease, ["MUG", "CUP"])

    assert await ledger.documents.get([mug.key, same.key, tea.key, sale.key]) == {tea.key: tea, sale.key: sale}
    assert await ledger.documents.by_number(ORG, Kind.ITEM, ["MUG", "TEA"]) == {"TEA": tea}


async def test_the_report_counts_requests_by_day_purpose_endpoint_and_status(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    for n, status in enumerate((200, 200, 400)):
        call = await open_call(ledger, lease, write(2 * n), write(2 * n + 1))
        await ledger.calls.close(lease, call.id, status=status)
    clock.advance(86_400)
    await open_call(ledger, lease, write(8))

    usage = await ledger.calls.usage(ORG, START)

    assert [
        (one.day.isoformat(), one.purpose, one.endpoint, one.status, one.requests, one.documents) for one in usage
    ] == [
        ("2026-03-02", Purpose.WRITE, "Invoices", 200, 2, 4),
        ("2026-03-02", Purpose.WRITE, "Invoices", 400, 1, 2),
        ("2026-03-03", Purpose.WRITE, "Invoices", None, 1, 1),
    ]
    assert await ledger.calls.usage("other", START) == []


async def test_purging_drops_the_bodies_of_closed_calls_only(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    closed, waiting = await open_call(ledger, lease, write(1)), await open_call(ledger, lease, write(2))
    await ledger.calls.close(lease, closed.id, status=200)
    clock.advance(30 * 86_400 + 1)
    fresh = await open_call(ledger, await lease_of(ledger), write(3))

    first, second = await ledger.calls.purge(30), await ledger.calls.purge(30)

    assert (first, second) == (1, 0)
    assert await ledger.calls.unsettled(ORG) == [waiting, fresh]
    assert sum(usage.requests for usage in await ledger.calls.usage(ORG, START)) == 3
