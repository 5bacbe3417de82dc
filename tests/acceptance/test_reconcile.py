"""Store against Xero after a worker's day: what people did behind its back, and a ledger that was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.books_stage import BooksStage
from tests.acceptance.stage import Stage
from tests.acceptance.test_people import invoice_document
from tests.support.store_fixture import StoreSandbox, run_store
from worker.documents.documents import Write
from worker.ledger.records import Purpose
from worker.xero.facts import date_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def store() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "60", "--seed", "3", "--open-source")


@pytest.fixture
def books(sqlite_stage: Stage, store: StoreSandbox) -> BooksStage:
    return BooksStage(sqlite_stage, store)


async def test_a_clean_time_has_no_difference_and_each_thing_people_do_is_found(books: BooksStage) -> None:
    books.stage.worker()
    first, last = span(await books.resync())
    clean_code, clean = books.reconcile(first, last)
    invoices = {one["InvoiceNumber"]: one for one in books.stage.sandbox.documents("invoices")}
    voided, edited = [number for number, one in invoices.items() if is_open(one)][:2]
    payment = next(one for one in books.stage.sandbox.documents("payments") if "CreditNote" not in one)
    person = books.stage.person

    person("void-invoice", name=voided)
    lines = raised_by_a_cent(invoices[edited])
    person("edit-invoice", name=edited, document={"LineItems": lines})
    move_to_paypal(books, payment)
    contact = person("create-contact", document={"Name": "Another app's customer"})
    stranger = invoice_document("OTHER-0001", contact["ContactID"]) | {"Date": str(last), "DueDate": str(last)}
    person("create-invoice", document=stranger)

    code, found = books.reconcile(first, last)

    assert (clean_code, clean["differences"], clean["calls"]) == (0, [], 3)
    assert {row["difference"] for row in clean["sums"]} == {"0.00"}
    assert {row["by"] for row in clean["sums"]} == {"day", "tax", "account"}
    assert clean["equal"] > 40
    assert code == 1
    key = payment["Reference"].split()[0]
    assert {(one["number"], one["finding"], one["detail"], one["cents"]) for one in found["differences"]} == {
        (voided, "missing", "voided in Xero", -cents(invoices[voided]["Total"])),
        (edited, "different", "", 1),
        (key, "different", "", 0),
        ("OTHER-0001", "extra", "of another app or a person", cents("8.40")),
    }
    assert {"name": "account", "store": "092", "xero": "091", "cents": None} in fields_of(found, key)
    assert {field["cents"] for field in fields_of(found, edited)} == {1}


async def test_a_lost_ledger_is_rebuilt_and_a_resync_then_makes_nothing(books: BooksStage) -> None:
    books.stage.worker()
    writes = await books.resync()
    before = await books.documents(writes)
    documents = books.stage.sandbox.counts()["documents"]
    refused = books.run("ledger", "rebuild")
    await books.lose_ledger()

    code, rebuilt = books.command("ledger", "rebuild", "--yes")
    _, again = books.command("ledger", "rebuild", "--yes")
    after = await books.documents(writes)
    books.stage.worker()
    await books.resync(later=SECOND)

    assert (refused.returncode, "a worker serves it" in refused.stderr) == (3, True)
    assert (code, rebuilt["not_in_xero"], rebuilt["unreadable"]) == (0, {}, [])
    assert rebuilt["restored"] == Counter(str(one.kind) for one in before.values())
    own = {write.key for write in writes if not write.only_if_absent} & after.keys()
    assert (again["calls"], again["restored"], again["known_before"]) == (0, {}, len(own))
    assert {key: (one.xero_id, one.number) for key, one in after.items()} == {
        key: (one.xero_id, one.number) for key, one in before.items()
    }
    assert {key: after[key].content_hash for key in own} == {key: before[key].content_hash for key in own}
    audit = books.stage.sandbox.audit()
    assert (audit["documents"], audit["duplicates"]) == (documents, [])
    ledger = await books.stage.ledger()
    usage = await ledger.calls.usage(books.stage.organisation, await ledger.now() - timedelta(days=2))
    assert sum(one.requests for one in usage if one.purpose is Purpose.REBUILD) == rebuilt["calls"]
    assert {one.purpose for one in usage}.isdisjoint({Purpose.WRITE, Purpose.LOOKUP})
    assert books.reconcile(*span(writes))[0] == 0


def span(writes: list[Write]) -> tuple[date, date]:
    """The first and the last day that has a document."""
    days = [write.payload["Date"] for write in writes if "Date" in write.payload]
    return date.fromisoformat(min(days)), date.fromisoformat(max(days))


def is_open(invoice: dict[str, Any]) -> bool:
    """Nobody paid it, and nothing is set against it."""
    return bool(invoice["Status"] == "AUTHORISED" and invoice["AmountDue"] == invoice["Total"] and invoice["Total"])


def raised_by_a_cent(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    """Its lines, the first of them a cent dearer, its tax as it was."""
    names = ("Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "TaxAmount", "ItemCode")
    lines = [{name: line[name] for name in names if name in line} for line in invoice["LineItems"]]
    net = Decimal(str(invoice["LineItems"][0]["LineAmount"])) + Decimal("0.01")
    return [{**lines[0], "Quantity": 1, "UnitAmount": float(net)}, *lines[1:]]


def move_to_paypal(books: BooksStage, payment: dict[str, Any]) -> None:
    """Payments cannot be edited: a person deletes one and makes it anew from another account."""
    books.stage.person("delete-payment", name=payment["PaymentID"])
    anew = {name: payment[name] for name in ("Amount", "Reference")}
    anew |= {"Invoice": {"InvoiceID": payment["Invoice"]["InvoiceID"]}, "Account": {"Code": "091"}}
    books.stage.person("create-payment", document={**anew, "Date": date_of(payment)})


def fields_of(found: dict[str, Any], number: str) -> list[dict[str, Any]]:
    return next(one["fields"] for one in found["differences"] if one["number"] == number)


def cents(amount: Any) -> int:
    return int(Decimal(str(amount)) * 100)
