"""What Xero takes with a warning is there; where the books are wrong by it, a person is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, key, line
from tests.support.serving_fakes import MemoryXero, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Member
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"
SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
ACCOUNT = "Account code '476' has been removed as it does not match a recognised account."
RATE = "The CurrencyRate looks implausible."


@dataclass
class WarningXero(MemoryXero):
    """Has the same to say of each sale that it takes."""

    says: str = ""

    def take(self, call: Call) -> Reply:
        reply = super().take(call)
        return Reply(ReplyKind.ANSWERED, 200, reply.elements, has_messages=True) if call.kind is Kind.INVOICE else reply

    def _element(self, member: Member) -> Mapping[str, Any]:
        element = super()._element(member)
        if member.kind is not Kind.INVOICE:
            return element
        return {**element, "StatusAttributeString": "WARNING", "Warnings": [{"Message": self.says}]}


@pytest.mark.parametrize("says", [ACCOUNT, RATE])
async def test_what_makes_the_books_wrong_is_parked_with_its_words_once(tmp_path: Path, says: str) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=WarningXero(says=says)) as one:
        await one.acked(*one.receive(SALE))
        await one.acked(*one.receive(SALE))

        [held] = await one.parked()
        assert (held.reason, held.detail) == ("xero_warned", f"xero has taken {NUMBER} and warns: {says}")
        assert await one.ledger.documents.get([key("invoice", "31", "invoice")])


async def test_what_makes_no_difference_is_no_reason_to_call_a_person(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=WarningXero(says="You have a nice day.")) as one:
        await one.acked(*one.receive(SALE))

        assert await one.parked() == []
