"""Lines that the store edited before the ledger was lost: sums that stayed the same do not hide them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, writes
from worker.documents.documents import Kind, Write
from worker.ledger.records import Document, Known
from worker.rebuild.index import Index
from worker.rebuild.restoring import UNKNOWN, restored
from worker.xero.changes.revision import Revised, revise
from worker.xero.elements import element_of
from worker.xero.endpoints import ENDPOINTS

MUG, MAT = line("10.00", "2.00", tax_rate="20", name="Mug"), line("10.00", "2.00", tax_rate="20", name="Mat")
BUYER, SOLD = writes(event(Entity.INVOICE, invoice(MUG, MAT)))
_, REFUNDED, _ = writes(event(Entity.CREDIT_MEMO, credit_memo(MUG, MAT)))
KNOWN = Known({BUYER.key: Document(BUYER.key, Kind.CONTACT, "c-1", "webshop:7", BUYER.version, "x")}, frozenset())
SECOND = timedelta(seconds=1)
EDITS = [
    [{"Description": "Cup"}],
    [{"AccountCode": "210"}],
    [{"TaxType": "RROUTPUT"}],
    [{"LineAmount": Decimal(12)}, {"LineAmount": Decimal(8)}],
]


def shown(write: Write, edits: Sequence[Mapping[str, Any]] = (), *, at: datetime | None = None) -> dict[str, Any]:
    """As Xero lists it, last changed `at`; its first lines are others by `edits`."""
    element = element_of(write, KNOWN)
    lines = [{**one, "LineAmount": one["UnitAmount"], "LineItemID": one["Description"]} for one in element["LineItems"]]
    for one, edit in zip(lines, edits, strict=False):
        one.update(edit)
    net, tax = (sum(one[name] for one in element["LineItems"]) for name in ("UnitAmount", "TaxAmount"))
    ticks = {"UpdatedDateUTC": f"/Date({at.timestamp() * 1000:.0f}+0000)/"} if at else {}
    sums = {"Total": net + tax, "TotalTax": tax, "AmountDue": net + tax}
    return {**element, **sums, **ticks, "LineItems": lines, ENDPOINTS[write.kind].id: "x-1"}


def rebuilt(write: Write, element: Mapping[str, Any]) -> Document:
    index = Index(["SHOP-"])
    index.add(write.kind, [element])
    row = restored(write, index.candidates(write.kind, write.number), KNOWN)
    assert row is not None
    return row


@pytest.mark.parametrize("write", [SOLD, REFUNDED], ids=["sale", "refund"])
@pytest.mark.parametrize("edits", EDITS, ids=["words", "account", "tax type", "amounts"])
def test_what_the_store_edited_since_is_sent_by_the_next_event(write: Write, edits: list[dict[str, Any]]) -> None:
    theirs = shown(write, edits, at=write.version - SECOND)

    row = rebuilt(write, theirs)

    assert row.content_hash == UNKNOWN
    verdict = revise(write.kind, element_of(write, KNOWN), row, theirs)
    assert isinstance(verdict, Revised)
    assert verdict.element["LineItems"][0].items() >= element_of(write, KNOWN)["LineItems"][0].items()


@pytest.mark.parametrize("write", [SOLD, REFUNDED], ids=["sale", "refund"])
@pytest.mark.parametrize("edits", EDITS, ids=["words", "account", "tax type", "amounts"])
def test_what_was_edited_in_xero_since_is_left_alone(write: Write, edits: list[dict[str, Any]]) -> None:
    row = rebuilt(write, shown(write, edits, at=write.version + SECOND))

    assert row.content_hash == write.content_hash


@pytest.mark.parametrize(
    "edits",
    [
        {"ItemCode": "mug", "AccountID": "a-1", "Tracking": [{"Name": "Region", "Option": "North"}]},
        {"UnitAmount": Decimal("5.0000"), "Quantity": Decimal("2.0000"), "LineAmount": Decimal("10.00")},
    ],
    ids=["what xero adds, and a person chose", "the same amount of other factors"],
)
def test_the_stores_lines_are_known_as_xero_shows_them(edits: dict[str, Any]) -> None:
    element = shown(SOLD, [edits], at=VERSION - SECOND)

    row = rebuilt(SOLD, element | {"LineItems": element["LineItems"][::-1]})

    assert row.content_hash == SOLD.content_hash


def test_lines_that_xero_does_not_show_are_no_other_ones() -> None:
    element = {name: value for name, value in shown(SOLD).items() if name != "LineItems"}

    assert rebuilt(SOLD, element).content_hash == SOLD.content_hash


def test_the_index_keeps_no_lines_for_it() -> None:
    index = Index(["SHOP-"])
    index.add(Kind.INVOICE, [shown(SOLD)])

    [found] = index.candidates(Kind.INVOICE, SOLD.number)

    assert "LineItems" not in found.element
