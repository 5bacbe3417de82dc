"""A payment that a store takes back by cancelling what it was for: its row yields it no more."""

from __future__ import annotations

from typing import Any

import pytest

from producers.checkpoints import Memory
from producers.magento.translate.invoices import invoice
from producers.store import Row
from producers.translation import Batch, Translator, Wish
from schemas.entities import Entity
from schemas.envelope import Change
from tests.support.agent_fixture import routing
from tests.support.fake_store import OPENED
from tests.support.magento_samples import invoice_json, order_json, places

LATER = "2026-10-03 10:00:00"
BANK = order_json(payment={"method": "banktransfer"})


def read(raw: dict[str, Any], order: dict[str, Any], memory: Memory | None, *, wish: Wish, offline: str = "") -> Batch:
    found = invoice(raw, order, places(), captured={}, offline_methods=frozenset({offline}))
    known = {} if memory is None else {57: memory}
    row = Row(57, found[0].version, found)
    return Translator("webshop", routing()).batch([row], [], known, now=OPENED, wish=wish)


def told(batch: Batch) -> list[tuple[Entity, str, Change]]:
    return [(one.event.entity, one.event.subject, one.event.change) for one in batch.outgoing]


def test_a_capture_that_is_voided_takes_its_payment_back_before_the_sale_is_cancelled() -> None:
    [before] = read(invoice_json(state=2), order_json(), None, wish=Wish()).memories

    voided = read(invoice_json(state=3, updated_at=LATER), order_json(), before, wish=Wish())

    assert told(voided) == [
        (Entity.PAYMENT, "invoice-57", Change.REMOVED),
        (Entity.INVOICE, "57", Change.CHANGED),
    ]
    [removal, cancelled] = (one.event for one in voided.outgoing)
    assert removal.version == cancelled.version
    assert [address.entity for address in voided.memories[0].published] == [Entity.INVOICE]
    assert voided.doubtful[0].published == dict.fromkeys(before.published, "")


def test_what_was_taken_back_is_taken_back_once() -> None:
    [before] = read(invoice_json(state=2), order_json(), None, wish=Wish()).memories
    voided = invoice_json(state=3, updated_at=LATER)
    [after] = read(voided, order_json(), before, wish=Wish()).memories

    assert told(read(voided, order_json(), after, wish=Wish())) == []


def test_what_a_run_takes_back_is_among_its_events() -> None:
    [before] = read(invoice_json(state=2), order_json(), None, wish=Wish()).memories

    voided = read(invoice_json(state=3, updated_at=LATER), order_json(), before, wish=Wish(again=True, run_id="run-1"))

    assert [(one.event.entity, one.event.correlation_id) for one in voided.outgoing] == [
        (Entity.PAYMENT, "run-1"),
        (Entity.INVOICE, "run-1"),
    ]


@pytest.mark.parametrize(
    ("state", "wish"),
    [
        pytest.param(2, Wish(), id="not cancelled, and no longer counted as paid"),
        pytest.param(3, Wish(is_wanted=lambda found: found.entity is Entity.INVOICE), id="asked for in part"),
    ],
)
def test_a_payment_stays_where_nothing_says_that_it_went_back(state: int, wish: Wish) -> None:
    paid = {name: value for name, value in invoice_json().items() if name != "transaction_id"}
    [before] = read(paid, BANK, None, wish=Wish(), offline="banktransfer").memories

    later = read({**paid, "state": state, "updated_at": LATER}, BANK, before, wish=wish)

    assert Entity.PAYMENT not in {entity for entity, _, _ in told(later)}


def test_a_cancellation_dated_back_takes_the_payment_only_with_the_sale() -> None:
    order = order_json(updated_at="2026-03-01 06:00:00")
    paid = invoice_json(state=2, updated_at="2026-03-01 10:00:00")
    [before] = read(paid, order, None, wish=Wish()).memories
    cancelled = invoice_json(state=3, updated_at="2026-03-01 06:00:00")

    polled = read(cancelled, order, before, wish=Wish())
    read_last = read(cancelled, order, before, wish=Wish(last_word=frozenset({57})))

    assert told(polled) == [(Entity.INVOICE, "57", Change.CHANGED)]
    assert polled.late == {57}
    assert "" in polled.memories[0].published.values()
    assert told(read_last) == [
        (Entity.PAYMENT, "invoice-57", Change.REMOVED),
        (Entity.INVOICE, "57", Change.CHANGED),
    ]
    assert before.version is not None
    assert all(one.event.version > before.version for one in read_last.outgoing)
