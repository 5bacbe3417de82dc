from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.xero_fakes import call_of, key_of, member_of
from worker.documents.documents import Action, DocumentKey, Kind
from worker.ledger.records import Member
from worker.xero.endpoints import ENDPOINTS
from worker.xero.messages import STANDS_LOCKED_HINT
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.replies.verdicts import Exists, Refused, Unanswered, Verdict, Written, pair, verdicts

ZERO = "00000000-0000-0000-0000-000000000000"


def refusal(number: str, *messages: str) -> dict[str, Any]:
    """As recorded: the request is echoed, its wished status too, with an id of zeros."""
    errors = [{"Message": message} for message in messages]
    return {
        "InvoiceID": ZERO,
        "InvoiceNumber": number,
        "Status": "AUTHORISED",
        "HasErrors": True,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": errors,
    }


def written(number: str) -> dict[str, Any]:
    return {
        "InvoiceID": f"id-{number}",
        "InvoiceNumber": number,
        "Total": Decimal("12.5"),
        "CurrencyCode": "GBP",
        "Contact": {"ContactID": "c1", "ValidationErrors": []},
        "Status": "PAID",
        "StatusAttributeString": "OK",
        "ValidationErrors": [],
    }


def answered(*elements: dict[str, Any], status: int = 200) -> Reply:
    return Reply(ReplyKind.ANSWERED, status, elements)


def only(by_key: dict[Any, Verdict]) -> Verdict:
    (verdict,) = by_key.values()
    return verdict


@given(st.integers(1, 50), st.randoms(use_true_random=False))
def test_documents_are_matched_by_number_in_whatever_order(count: int, chance: random.Random) -> None:
    members = [member_of(Kind.INVOICE, str(n)) for n in range(count)]
    elements = [written(m.number) if chance.random() < 0.5 else refusal(m.number, "x") for m in members]
    expected = {m.key: "x" if "HasErrors" in e else f"id-{m.number}" for m, e in zip(members, elements, strict=True)}
    chance.shuffle(elements)

    result = verdicts(call_of(*members), answered(*elements))

    said = {key: v.xero_id if isinstance(v, Written) else "x" for key, v in result.items()}
    assert said == expected


def sent(number: str, xero_id: str | None) -> Member:
    return member_of(Kind.INVOICE, f"{number}/{xero_id}", number=number, xero_id=xero_id)


def echoed(number: str | None, xero_id: str | None) -> dict[str, Any]:
    return {"InvoiceNumber": number, "InvoiceID": xero_id}


def looked_through(members: Sequence[Member], elements: Sequence[Mapping[str, Any]]) -> dict[DocumentKey, Any]:
    """Every element for every member: of those left, the first with its id or its number answers it."""
    left = list(elements)
    pairs: dict[DocumentKey, Any] = {}
    for member in members:
        for element in left:
            number, xero_id = (element["InvoiceNumber"] or "").strip(), element["InvoiceID"]
            by_id = bool(member.xero_id) and str(xero_id).lower() == str(member.xero_id).lower()
            if by_id or (number and number == member.number.strip()):
                pairs[member.key] = element
                left = [one for one in left if one is not element]
                break
    return pairs


NUMBERS = st.sampled_from(["", " ", "1", "1 ", "a", "A", "2"])
IDS = st.sampled_from([None, "x", "X", "y"])


@given(
    st.lists(st.builds(sent, NUMBERS, IDS), min_size=2, max_size=6, unique_by=lambda member: member.key),
    st.lists(st.builds(echoed, st.none() | NUMBERS, IDS), max_size=8),
)
def test_the_index_of_numbers_finds_what_looking_through_all_finds(
    members: list[Member], elements: list[dict[str, Any]]
) -> None:
    pairs = pair(members, elements)

    expected = looked_through(members, elements)
    assert {key: id(element) for key, element in pairs.items()} == {key: id(one) for key, one in expected.items()}


def test_a_written_document_brings_its_facts() -> None:
    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(written("invoice-1"))))

    facts = {"total": "12.50", "currency": "GBP", "contact_id": "c1", "status": "PAID"}
    assert verdict == Written("id-invoice-1", "invoice-1", facts)


def test_a_document_that_the_reply_passes_over_is_unanswered() -> None:
    members = [member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2")]

    result = verdicts(call_of(*members), answered(written("invoice-1")))

    assert result[members[1].key] == Unanswered()


def test_a_refusal_names_reason_hint_and_messages() -> None:
    message = "You have reached the limit of invoices you can approve"

    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(refusal("invoice-1", message))))

    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.messages, verdict.pauses_kind) == ("plan_limit", (message,), True)


@pytest.mark.parametrize("name", ["Message", "Description"])
def test_errors_of_lines_count_whatever_their_field_is_called(name: str) -> None:
    element = written("invoice-1")
    element["LineItems"] = [{"ValidationErrors": [{name: "Item code 'X' is not valid"}]}]

    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(element)))

    assert isinstance(verdict, Refused)
    assert verdict.reason == "item_unknown"


def test_an_error_without_messages_is_still_a_refusal() -> None:
    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(refusal("invoice-1"))))

    assert isinstance(verdict, Refused)
    assert verdict.reason == "refused"


def test_a_warning_is_written_and_told() -> None:
    element = {**written("invoice-1"), "StatusAttributeString": "WARNING", "Warnings": [{"Message": "rate is odd"}]}

    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(element)))

    assert isinstance(verdict, Written)
    assert verdict.warnings == ("rate is odd",)


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        (Kind.INVOICE, "Invoice # must be unique.", "number_taken"),
        (Kind.ITEM, "Price List Item with Code 'item-1' already exists", "item_code_taken"),
        (Kind.CONTACT, "The contact name A is already assigned to another contact.", "contact_name_taken"),
        (Kind.CONTACT, "The contact number A is already assigned to another contact.", "number_taken"),
    ],
)
def test_what_is_there_already_is_to_be_looked_up(kind: Kind, message: str, reason: str) -> None:
    number = {ENDPOINTS[kind].number: f"{kind}-1"}
    element = {**number, "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": message}]}

    verdict = only(verdicts(call_of(member_of(kind, "1")), answered(element)))

    assert verdict == Exists((message,), reason)


def test_a_400_that_lists_the_bad_ones_says_nothing_of_the_others() -> None:
    members = [member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2")]

    result = verdicts(call_of(*members), answered(refusal("invoice-2", "bad"), status=400))

    assert result[members[0].key] == Unanswered()
    assert isinstance(result[members[1].key], Refused)


def test_a_created_document_without_an_id_is_unanswered() -> None:
    element = {**written("invoice-1"), "InvoiceID": ZERO}

    assert only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(element))) == Unanswered()


def test_an_update_is_matched_by_id_when_the_number_changed() -> None:
    member = member_of(Kind.CONTACT, "1", xero_id="ABC")
    other = member_of(Kind.CONTACT, "2", xero_id="DEF")
    elements = [{"ContactID": "def", "Name": "B"}, {"ContactID": "abc", "Name": "A"}]

    result = verdicts(call_of(member, other), answered(*elements))

    assert result[member.key] == Written("ABC", "contact-1", {"name": "A", "digests": {}})


def test_a_payment_alone_may_leave_out_its_reference() -> None:
    member = member_of(Kind.PAYMENT, "1")
    element = {"PaymentID": "p-1", "Amount": Decimal(3), "Status": "AUTHORISED"}

    verdict = only(verdicts(call_of(member), answered(element)))

    assert verdict == Written("p-1", "payment-1", {"amount": "3.00", "status": "AUTHORISED"})


def test_of_several_payments_one_without_reference_is_nobodys() -> None:
    members = [member_of(Kind.PAYMENT, "1"), member_of(Kind.PAYMENT, "2")]

    result = verdicts(call_of(*members), answered({"PaymentID": "p-1", "Amount": Decimal(3)}))

    assert set(result.values()) == {Unanswered()}


def test_an_answer_for_another_number_is_not_taken() -> None:
    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), answered(written("invoice-9"))))

    assert verdict == Unanswered()


def test_allocations_are_matched_by_invoice_and_amount() -> None:
    def sent(entity_id: str, invoice: str, amount: str) -> Any:
        element = {
            "Invoice": {"InvoiceID": invoice},
            "Amount": Decimal(amount),
            "CreditNote": {"CreditNoteID": "n-1"},
        }
        return member_of(Kind.ALLOCATION, entity_id, element, key=key_of(Kind.ALLOCATION, entity_id))

    members = [sent("1", "i-1", "5.00"), sent("2", "i-2", "5.00"), sent("3", "i-1", "6.00")]
    elements = [
        {"AllocationID": "a-3", "Invoice": {"InvoiceID": "I-1"}, "Amount": Decimal("6.0")},
        {"AllocationID": "a-2", "Invoice": {"InvoiceID": "i-2"}, "Amount": Decimal(5)},
        {"AllocationID": "a-1", "Invoice": {"InvoiceID": "i-1"}, "Amount": Decimal("5.0")},
    ]

    result = verdicts(call_of(*members), answered(*elements))

    assert [v.xero_id for m in members if isinstance(v := result[m.key], Written)] == ["a-1", "a-2", "a-3"]
    first = result[members[0].key]
    assert isinstance(first, Written)
    assert first.facts == {"amount": "5.00", "credit_note_id": "n-1", "target_id": "i-1", "status": "AUTHORISED"}


def test_a_deleted_allocation_is_written() -> None:
    member = member_of(Kind.ALLOCATION, "1", {"CreditNote": {"CreditNoteID": "n-1"}}, xero_id="a-1", action=Action.VOID)
    element = {"AllocationID": "a-1", "Amount": Decimal(5), "IsDeleted": True}

    verdict = only(verdicts(call_of(member, method="DELETE"), answered(element)))

    assert isinstance(verdict, Written)
    assert verdict.facts["status"] == "DELETED"


def test_a_whole_refusal_is_a_verdict_for_a_single_document() -> None:
    reply = Reply(ReplyKind.REFUSED_WHOLE, 400, detail="JSON for post data was invalid")

    verdict = only(verdicts(call_of(member_of(Kind.INVOICE, "1")), reply))

    assert isinstance(verdict, Refused)


def test_a_whole_refusal_of_several_is_one_only_where_it_hits_all_alike() -> None:
    call = call_of(member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2"))

    limit = verdicts(
        call, Reply(ReplyKind.REFUSED_WHOLE, 400, detail="You have reached the limit of invoices you can approve")
    )
    other = verdicts(call, Reply(ReplyKind.REFUSED_WHOLE, 400, detail="malformed"))

    assert all(isinstance(v, Refused) and v.reason == "plan_limit" for v in limit.values())
    assert set(other.values()) == {Unanswered()}


@pytest.mark.parametrize("kind", [k for k in ReplyKind if k not in (ReplyKind.ANSWERED, ReplyKind.REFUSED_WHOLE)])
def test_any_other_reply_leaves_all_unanswered(kind: ReplyKind) -> None:
    assert only(verdicts(call_of(member_of(Kind.INVOICE, "1")), Reply(kind, 500))) == Unanswered()


LOCKED = "The document date cannot be before the period lock date, currently set at 31 March 2026"


@pytest.mark.parametrize("whole", [False, True])
def test_of_what_stands_in_a_locked_period_no_day_is_advised_that_only_new_documents_can_have(whole: bool) -> None:
    there, new = member_of(Kind.INVOICE, "1", xero_id="id-1"), member_of(Kind.INVOICE, "2")
    refused = [{**refusal(there.number, LOCKED), "InvoiceID": "id-1"}, refusal(new.number, LOCKED)]
    reply = Reply(ReplyKind.REFUSED_WHOLE, 400, detail=LOCKED) if whole else answered(*refused)

    by_key = verdicts(call_of(there, new), reply)

    hints = [verdict.hint for verdict in (by_key[there.key], by_key[new.key]) if isinstance(verdict, Refused)]
    assert hints[0] == STANDS_LOCKED_HINT
    assert "next_day" in hints[1]
