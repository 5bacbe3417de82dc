"""When the demo calls a day right, and what its report says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.against import SumRow, account_rows, tax_rows
from deploy.demo.books import Difference
from deploy.demo.chain import Evening
from deploy.demo.report import is_right, summary
from deploy.demo.spoiled import Bad
from deploy.demo.wire import Wire
from producers.runs import Progress, RunState
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.demo_day import audit, expected, truth
from worker.ledger.records import Held, HoldState
from worker.ledger.runs.run_reports import RunStatus


def calls(**counts: int) -> list[dict[str, Any]]:
    return [{"endpoint": endpoint, "count": count} for endpoint, count in counts.items()]


RECONCILED: dict[str, Any] = {"differences": [], "equal": 7, "calls": 3}
FOUND = RECONCILED | {"differences": [{"finding": "extra", "number": "INV-1", "detail": "of another app or a person"}]}
COUNTS = {"contacts": 2, "items": 2, "invoices": 2, "credit_notes": 2, "payments": 3, "allocations": 1}


def run(*, published: int, written: int, calls: int) -> RunStatus:
    return RunStatus(
        id="1",
        store="shop",
        command="resync-all",
        state=RunState.DONE,
        joined_to=None,
        detail="",
        recorded_at=datetime(2026, 11, 12, tzinfo=UTC),
        started_at=None,
        finished_at=None,
        written=written,
        unchanged=published - written,
        parked=0,
        calls=calls,
        streams={"invoices": Progress(pages=2, published=published)},
    )


def parked(reason: str) -> Held:
    return Held("1", "main", HoldState.PERSON, Lane.IMMEDIATE, b"", "bad-0", None, None, reason, "because")


def evening(**changes: Any) -> Evening:
    counted = {"calls": calls(Contacts=1, Invoices=3), "calls_total": 4, "refused_429": 0}
    found = audit() | counted | {"documents": COUNTS, "duplicates": []}
    right = Evening(
        audit=found,
        expected=expected(truth()),
        difference=Difference(),
        taxes=tax_rows(expected(truth()), found),
        accounts=account_rows(expected(truth()), found),
        cases={"Several rates": 2},
        wire=Wire(),
        run=run(published=12, written=5, calls=2),
        again=run(published=12, written=0, calls=0),
        before_again=found,
        orders_in_store=2,
        requests=9,
        bad=[Bad(Entity.INVOICE, b"", "totals")],
        parked=[parked("totals")],
        calls_left=4996,
        reconciled=RECONCILED,
        seconds=61.27,
    )
    return dataclasses.replace(right, **changes)


def test_a_day_is_right_when_nothing_differs_and_only_spoiled_messages_are_parked() -> None:
    assert is_right(evening())


SUM = SumRow("invoices", "GBP", "OUTPUT2", (Decimal(1), Decimal(0)), (Decimal(2), Decimal(0)))


@pytest.mark.parametrize(
    "day",
    [
        lambda: evening(difference=Difference(missing=["I-shop-1"])),
        lambda: evening(difference=Difference(extra=["I-shop-1"])),
        lambda: evening(difference=Difference(cents=1, wrong=["I-shop-1: …"])),
        lambda: evening(difference=Difference(wrong=["I-shop-1: date"])),
        lambda: evening(audit={**evening().audit, "duplicates": [{"kind": "payments"}]}),
        lambda: evening(taxes=[SUM]),
        lambda: evening(accounts=[SUM]),
        lambda: evening(parked=[]),
        lambda: evening(parked=[parked("totals"), parked("totals")]),
        lambda: evening(parked=[parked("tax_unmapped")]),
        lambda: evening(again=None),
        lambda: evening(again=run(published=0, written=0, calls=0)),
        lambda: evening(before_again={"calls": calls(Contacts=1, Invoices=2)}),
        lambda: evening(before_again={"calls": calls(Invoices=3)}),
        lambda: evening(reconciled=FOUND),
    ],
    ids=[
        "lost",
        "too many",
        "a cent off",
        "another date",
        "doubled",
        "sum by tax type",
        "sum by account",
        "not parked",
        "parked twice",
        "parked for another reason",
        "not resynced again",
        "nothing resynced again",
        "a call for an invoice that was there",
        "a call for contacts of which none was written",
        "reconcile finds something",
    ],
)
def test_a_day_is_wrong_for_each_of_these(day: Callable[[], Evening]) -> None:
    assert not is_right(day())


def test_a_contact_whose_address_only_the_resync_can_find_is_written() -> None:
    again = run(published=12, written=2, calls=1)

    assert is_right(evening(again=again, before_again={"calls": calls(Invoices=3)}))


def test_the_report_counts_what_is_lost_doubled_and_off() -> None:
    difference = Difference(missing=["a"], extra=["b", "c"], cents=7, wrong=["d"])

    report = summary(evening(difference=difference, audit={**evening().audit, "duplicates": [{}]}))

    assert (report["lost"], report["duplicated"], report["cents_off"]) == (1, 3, 7)
    assert report["differences"] == ["missing: a", "too many: b", "too many: c", "d"]


def test_the_report_has_the_figures_of_the_chain() -> None:
    report = summary(evening())

    assert report["documents_per_call"] == 3.0
    assert report["resync"] == {
        "pages": 2,
        "published": 12,
        "written": 5,
        "unchanged": 7,
        "parked": 0,
        "calls": 2,
    }
    assert report["resync_of_complete_books"]["calls"] == 0
    assert report["taxes"][0] == {
        "of": "credit_notes",
        "currency": "GBP",
        "code": "OUTPUT2",
        "store": {"net": "20.00", "tax": "4.00"},
        "xero": {"net": "20.00", "tax": "4.00"},
    }
    assert report["parked"] == [{"entity": "message bad-0", "reason": "totals", "detail": "because"}]
    assert report["cases"] == {"Several rates": 2}
    assert report["reconcile"] == {"differences": 0, "equal": 7, "calls": 3}
    assert report["seconds"] == 61.3
