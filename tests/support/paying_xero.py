"""A Xero in memory that knows what is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.support.serving_fakes import MemoryXero
from worker.documents.documents import MONEY, Action, Kind
from worker.ledger.records import Call, Member, Purpose
from worker.xero.endpoints import ENDPOINTS
from worker.xero.replies.reply import Reply, ReplyKind

PAID = "This document cannot be edited as it has a payment or credit note allocated to it."
TOO_MUCH = "Payment amount exceeds the amount outstanding on this document"
_OUTSTANDING = {Kind.INVOICE: "AmountDue", Kind.CREDIT_NOTE: "RemainingCredit"}


def voids(call: Call) -> bool:
    return call.purpose is Purpose.WRITE and call.members[0].action is Action.VOID


def refusing(call: Call, said: str = PAID) -> Reply:
    return Reply(ReplyKind.ANSWERED, 200, tuple(_refused(member, said) for member in call.members))


@dataclass
class PayingXero(MemoryXero):
    """Says what is due, voids nothing that is paid, and takes no more money than is due."""

    def take(self, call: Call) -> Reply:
        if voids(call) and call.kind in _OUTSTANDING and any(self._paid(member.xero_id) for member in call.members):
            return refusing(call)
        return super().take(call)

    def _element(self, member: Member) -> Mapping[str, Any]:
        if member.kind in MONEY and member.action is not Action.VOID and self._is_too_much(member.element):
            return _refused(member, TOO_MUCH)
        return super()._element(member)

    def _is_too_much(self, money: Mapping[str, Any]) -> bool:
        identifiers = [ENDPOINTS[kind].id for kind in _OUTSTANDING]
        on = [one for one in self.written.values() if "Type" in one and _targets(money) & {*map(one.get, identifiers)}]
        return any(Decimal(money["Amount"]) > one["Total"] - self._paid(_id(one)) for one in on)

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        for element in super()._listed(call):
            if "Total" not in element:
                yield element
                continue
            paid = self._paid(_id(element))
            due, status = element["Total"] - paid, element["Status"]
            is_paid = status == "AUTHORISED" and not due
            said = {"AmountPaid": paid, _OUTSTANDING[call.kind or Kind.INVOICE]: due}
            yield {**element, **said, "Status": "PAID" if is_paid else status}

    def _paid(self, target: Any) -> Decimal:
        money = (one for one in self.written.values() if "Amount" in one and one.get("Status") != "DELETED")
        return sum((Decimal(one["Amount"]) for one in money if target in _targets(one)), Decimal(0))


def _refused(member: Member, said: str) -> Mapping[str, Any]:
    return {**member.element, "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": said}]}


def _id(element: Mapping[str, Any]) -> Any:
    return element.get("InvoiceID") or element.get("CreditNoteID")


def _targets(money: Mapping[str, Any]) -> set[Any]:
    return {money.get("Invoice", {}).get("InvoiceID"), money.get("CreditNote", {}).get("CreditNoteID")} - {None}
