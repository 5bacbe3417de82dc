"""What an event asks for in Xero."""

from __future__ import annotations

from collections.abc import Callable

from schemas.entities import Entity
from schemas.envelope import Event
from worker.mapping.contacts import customer_plan
from worker.mapping.credit_memos import credit_memo_plan
from worker.mapping.items import product_plan
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


def plan(event: Event, org: OrganisationSettings) -> Plan:
    """The documents of one event. Equal events and settings give equal plans. Raises `Unmappable`."""
    return _PLANS[event.entity](event, org)
