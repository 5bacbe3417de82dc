"""What an event asks for in Xero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from schemas.entities import Entity
from schemas.envelope import Event
from worker.mapping.contacts import customer_plan
from worker.mapping.credit_memos import credit_memo_plan
from worker.mapping.items import product_plan
from worker.mapping.locks import on_an_open_day
from worker.mapping.payments import payment_plan
from worker.mapping.result import Ignored, Plan, Unmappable, Writes
from worker.mapping.sales import sale_plan
from worker.settings import OrganisationSettings

__all__ = ["Ignored", "Plan", "Unmappable", "Writes", "plan"]

_PLANS: dict[Entity, Callable[[Event, OrganisationSettings], Plan]] = {
    Entity.CUSTOMER: customer_plan,
    Entity.PRODUCT: product_plan,
    Entity.ORDER: sale_plan,
    Entity.INVOICE: sale_plan,
    Entity.PAYMENT: payment_plan,
    Entity.CREDIT_MEMO: credit_memo_plan,
}


def plan(event: Event, org: OrganisationSettings, lock_date: date | None = None) -> Plan:
    """The documents of one event. Equal events, settings and lock dates give equal plans. Raises `Unmappable`.

    `lock_date` is the last day that is locked in Xero, where documents are to move out of it.
    """
    planned = _PLANS[event.entity](event, org)
    if lock_date is None or isinstance(planned, Ignored):
        return planned
    return Writes(tuple(on_an_open_day(write, lock_date) for write in planned.writes))
