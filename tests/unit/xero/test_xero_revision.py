"""What of a document may still be changed in Xero, and what is a person's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.xero_fakes import document_of, sale_element, write_of
from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.xero.changes.revision import Agreed, Clash, Revised, revise
from worker.xero.facts import facts_of

LINE = {
    "Description": "Mug",
    "Quantity": Decimal(1),
    "UnitAmount": Decimal("10.0000"),
    "AccountCode": "200",
    "TaxType": "OUTPUT2",
    "TaxAmount": Decimal("2.00"),
}


def line(**changes: Any) -> dict[str, Any]:
    return {**LINE, **changes}


def ours(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    head = {"Reference": "100", "DueDate": "2026-03-01"} | changes
    return sale_element("I-1", LineItems=list(lines or (LINE,)), **head)


def theirs(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The document as Xero shows it: lines with ids and amounts."""
    kept = [
        {**one, "LineItemID": f"l-{place}", "LineAmount": one["Quantity"] * one["UnitAmount"]}
        for place, one in enumerate(lines or (LINE,))
    ]
    total = sum((one["LineAmount"] + one["TaxAmount"] for one in kept), Decimal(0))
    tax = sum((one["TaxAmount"] for one in kept), Decimal(0))
    head = {**ours(), "InvoiceID": "i-1", "LineItems": kept, "Total": total, "TotalTax": tax, "AmountPaid": Decimal(0)}
    return {**head, **changes}


def left(element: dict[str, Any]) -> Document:
    """What the ledger knows after Xero answered with `element`."""
    return document_of(write_of(Kind.INVOICE, "1"), xero_id="i-1", number="I-1", facts=facts_of(Kind.INVOICE, element))


def revised(new: dict[str, Any], there: dict[str, Any], document: Document | None = None) -> dict[str, Any]:
    verdict = revise(Kind.INVOICE, new, document or left(there), there)
    assert isinstance(verdict, Revised), verdict
    return verdict.element


def clash(new: dict[str, Any], there: dict[str, Any] | None, document: Document) -> Clash:
    verdict = revise(Kind.INVOICE, new, document, there)
    assert isinstance(verdict, Clash), verdict
    return verdict


def test_an_unpaid_document_changes_wholly_and_its_lines_keep_their_ids() -> None:
    there = theirs(LINE, line(Description="Tea", ItemCode="T"), line(Description="Old", UnitAmount=Decimal(7)))
    new = ours(
        line(Description="New", ItemCode="N"), line(Description="Tea", ItemCode="T", UnitAmount=Decimal(3)), LINE
    )

    element = revised(new, there)

    assert [one.get("LineItemID") for one in element["LineItems"]] == [None, "l-1", "l-0"]
    assert (element["InvoiceID"], element["LineItems"][1]["UnitAmount"]) == ("i-1", Decimal(3))


@pytest.mark.parametrize("now", [line(ItemCode="B"), LINE])
def test_an_item_code_never_passes_to_another_line(now: dict[str, Any]) -> None:
    element = revised(ours(now), theirs(line(ItemCode="A")))

    assert "LineItemID" not in element["LineItems"][0]


@pytest.mark.parametrize("code", ["mug", "MUG "])
def test_a_line_of_an_item_that_xero_writes_otherwise_is_that_items(code: str) -> None:
    paid = theirs(line(ItemCode=code), Status="PAID", AmountPaid=Decimal(12))

    element = revised(ours(line(ItemCode="MUG", Description="Cup")), paid)

    assert element["LineItems"] == [{"LineItemID": "l-0", "Description": "Cup", "AccountCode": "200"}]


def test_a_line_that_was_booked_before_its_item_gets_the_code() -> None:
    element = revised(ours(line(ItemCode="A", Description="Cup")), theirs())

    assert [(one.get("LineItemID"), one["ItemCode"]) for one in element["LineItems"]] == [("l-0", "A")]


def test_the_line_of_an_item_is_found_before_one_of_no_item_that_is_worth_the_same() -> None:
    there = theirs(line(Description="Shipping"), line(ItemCode="A"), Status="PAID", AmountPaid=Decimal(24))

    element = revised(ours(line(Description="Cup", ItemCode="A"), line(Description="Express")), there)

    assert [one["LineItemID"] for one in element["LineItems"]] == ["l-1", "l-0"]


def test_a_status_a_due_date_and_a_contact_that_a_person_chose_stay() -> None:
    before = left(theirs())

    element = revised(ours(line(Description="Cup")), theirs(Contact={"ContactID": "merged"}), before)

    assert not {"Status", "DueDate", "Contact"} & set(element)


def test_a_sale_that_moves_to_another_day_moves_its_due_date() -> None:
    element = revised(ours(Date="2026-04-01", DueDate="2026-04-01"), theirs())

    assert (element["Date"], element["DueDate"]) == ("2026-04-01", "2026-04-01")


@pytest.mark.parametrize(
    ("wanted", "there", "sent"),
    [("AUTHORISED", "DRAFT", "AUTHORISED"), ("DRAFT", "SUBMITTED", None), ("DRAFT", "AUTHORISED", None)],
)
def test_only_an_approval_changes_the_status(wanted: str, there: str, sent: str | None) -> None:
    element = revised(ours(line(Description="Cup"), Status=wanted), theirs(Status=there))

    assert element.get("Status") == sent


def test_of_a_paid_document_only_words_and_accounts_change() -> None:
    there = theirs(Status="PAID", AmountPaid=Decimal(12))

    element = revised(ours(line(Description="Cup", AccountCode="260"), Reference="200"), there)

    words = {"LineItemID": "l-0", "Description": "Cup", "AccountCode": "260"}
    assert element["LineItems"] == [words]
    assert not {"Date", "Status", "CurrencyCode", "LineAmountTypes", "DueDate"} & set(element)
    assert element["Reference"] == "200"


def test_words_of_a_paid_sale_change_that_was_booked_before_its_items() -> None:
    shipping = {"UnitAmount": Decimal(5), "TaxAmount": Decimal(1)}
    there = theirs(LINE, line(Description="Shipping", **shipping), Status="PAID", AmountPaid=Decimal(18))

    element = revised(ours(line(Description="Cup", ItemCode="A"), line(Description="Express", **shipping)), there)

    words = [{"LineItemID": f"l-{place}", "AccountCode": "200"} for place in (0, 1)]
    assert element["LineItems"] == [words[0] | {"Description": "Cup"}, words[1] | {"Description": "Express"}]


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(ours(line(UnitAmount=Decimal(11))), id="price"),
        pytest.param(ours(line(TaxType="RROUTPUT")), id="tax type"),
        pytest.param(ours(LINE, LINE), id="one more line"),
        pytest.param(ours(Date="2026-03-02"), id="date"),
    ],
)
def test_amounts_of_a_paid_document_clash_with_both_versions_shown(new: dict[str, Any]) -> None:
    there = theirs(Status="PAID", AmountPaid=Decimal(12))

    found = clash(new, there, left(there))

    assert found.reason == "document_paid"
    assert "total 12.00, tax 2.00, paid or credited 12.00" in found.detail
    assert "the store says" in found.detail


def test_what_is_gone_of_a_refund_shows_as_paid_or_credited() -> None:
    there = {**theirs(Status="PAID", RemainingCredit=Decimal("4.50")), "Type": "ACCRECCREDIT"}

    found = revise(Kind.CREDIT_NOTE, ours(line(UnitAmount=Decimal(11))), left(there), there)

    assert isinstance(found, Clash)
    assert "total 12.00, tax 2.00, paid or credited 7.50" in found.detail


def test_what_a_person_changed_is_theirs() -> None:
    recoded = theirs(line(AccountCode="260"))

    found = clash(ours(line(UnitAmount=Decimal(11))), recoded, left(theirs()))

    assert found.reason == "changed_in_xero"
    assert "left with total 12.00" in found.detail


def test_a_currency_that_a_person_changed_is_theirs() -> None:
    found = clash(ours(Reference="200"), theirs(CurrencyCode="EUR"), left(theirs()))

    assert found.reason == "changed_in_xero"


def test_a_person_who_made_it_what_the_store_says_is_agreed_with() -> None:
    new, there = ours(line(UnitAmount=Decimal(15))), theirs(line(UnitAmount=Decimal(15), Description="By hand"))

    assert isinstance(revise(Kind.INVOICE, new, left(theirs()), there), Agreed)


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_what_a_person_voided_stays_void(status: str) -> None:
    found = clash(ours(), theirs(Status=status), left(theirs()))

    assert (found.reason, status.lower() in found.detail) == ("voided_in_xero", True)


def test_what_is_no_longer_there_is_not_made_anew() -> None:
    assert clash(ours(), None, left(theirs())).reason == "not_found"


def test_facts_of_an_older_release_that_kept_no_lines_are_no_change() -> None:
    old = document_of(write_of(Kind.INVOICE, "1"), xero_id="i-1", facts={"total": "12.00", "status": "AUTHORISED"})

    assert revised(ours(line(Description="Cup")), theirs(), old)


def test_of_a_row_that_kept_no_day_the_stores_day_goes_to_xero() -> None:
    old = left(theirs())
    old = old._replace(facts={name: fact for name, fact in old.facts.items() if name != "date"})

    assert revised(ours(line(Description="Cup")), theirs(Date="2026-03-05"), old)["Date"] == "2026-03-01"


def test_the_note_of_a_move_stays_when_the_store_comes_to_the_same_day() -> None:
    note = {"Description": "Dated 2026-03-02 in the store. That period is locked, so this is booked on 2026-04-01."}
    there = theirs(Date="2026-04-01", AmountPaid=Decimal(12))
    there["LineItems"].append({**note, "LineItemID": "l-1"})

    element = revised(ours(line(Description="Cup"), Date="2026-04-01"), there)

    assert [one["LineItemID"] for one in element["LineItems"]] == ["l-0", "l-1"]


def test_a_quantity_that_stands_in_the_words_now_is_no_change_of_money() -> None:
    there = theirs(line(Quantity=Decimal(275), UnitAmount=Decimal("2.7510")), AmountPaid=Decimal(12))
    there["LineItems"][0]["LineAmount"] = Decimal("756.53")

    element = revised(ours(line(Description="Mug (quantity 275)", UnitAmount=Decimal("756.53"))), there)

    assert element["LineItems"][0] == {
        "LineItemID": "l-0",
        "Description": "Mug (quantity 275)",
        "AccountCode": "200",
    }
    assert clash(ours(line(Description="Mug", UnitAmount=Decimal("756.53"))), there, left(there)).reason == (
        "document_paid"
    )
