"""A refund whose credit memo and money lie on either side of `start_date`: both are booked, or neither is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.payments import transactions
from producers.store import Found
from schemas.entities import CreditMemo, Entity, Payment
from tests.support.agent_fixture import target
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, places
from tests.support.magento_trade import wire
from tests.support.mapping_cases import event, organisation, payment
from worker.mapping.plan import Ignored, plan

ORG = organisation(payments={"default": "091"})
BEFORE, AFTER = "2025-12-31", "2026-01-01"


def refunded(*, memo: str, money: str) -> tuple[Found, Found]:
    """A credit memo of one day, whose gateway paid back on another."""
    raw = wire(credit_memo_json(created_at=f"{memo} 12:00:00", updated_at=f"{memo} 12:00:00"))
    of = OfOrder(wire(order_json()), [wire(invoice_json(created_at="2025-12-20 12:00:00"))], [raw])
    went = {"order_id": 123, "txn_id": "pi_7Q-refund", "txn_type": "refund", "created_at": f"{money} 12:00:00"}
    note, paid = credit_memo(raw, of, places(), refunded=transactions([went], ["refund"]), offline_methods=frozenset())
    return note, paid


def is_booked(found: Found) -> bool:
    return not isinstance(plan(event(found.entity, found.data.model_dump()), ORG), Ignored)


@pytest.mark.parametrize(("memo", "money", "booked"), [(BEFORE, AFTER, False), (AFTER, BEFORE, True)])
def test_the_money_goes_with_its_credit_memo(memo: str, money: str, *, booked: bool) -> None:
    found = refunded(memo=memo, money=money)

    assert [target().wants(one.entity, one.data) for one in found] == [booked] * 2
    assert [is_booked(one) for one in found] == [booked] * 2


@pytest.mark.parametrize(("money", "memo_date"), [(AFTER, date(2025, 12, 31)), (BEFORE, None)])
def test_the_credit_memos_day_is_said_where_the_money_has_another(money: str, memo_date: date | None) -> None:
    memo, paid = refunded(memo=BEFORE, money=money)

    assert isinstance(memo.data, CreditMemo)
    assert isinstance(paid.data, Payment)
    assert (paid.data.date, paid.data.credit_memo_date) == (date.fromisoformat(money), memo_date)


@pytest.mark.parametrize(("more", "booked"), [({"date": BEFORE}, False), ({"date": AFTER}, True)])
def test_without_the_credit_memos_day_the_moneys_counts(more: dict[str, Any], *, booked: bool) -> None:
    out = event(Entity.PAYMENT, payment(direction="out", credit_memo_id="41", **more))

    assert isinstance(plan(out, organisation()), Ignored) is not booked
