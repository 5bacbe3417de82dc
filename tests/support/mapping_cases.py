"""Events and an organisation for the tests of mapping."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from schemas.entities import SNAPSHOTS, Entity, Removed
from schemas.envelope import Change, Event
from worker.documents.documents import DocumentKey, Write
from worker.mapping.plan import Plan, Writes, plan
from worker.settings import OrganisationSettings

VERSION = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

ORGANISATION: dict[str, Any] = {
    "name": "main",
    "connection": "xero",
    "number_prefix": "SHOP-",
    "start_date": date(2026, 1, 1),
    "accounts": {
        "sales": "200",
        "shipping": "210",
        "discount": "205",
        "fee": "260",
        "rounding": "860",
        "gift_card": "841",
        "store_credit": "842",
        "reward_points": "844",
        "refund_adjustment": "408",
    },
    "tax": {"GB-VAT-20": "OUTPUT2", "20": "OUTPUT2", "5": "RROUTPUT", "none": "NONE"},
    "payments": {
        "stripe": "090",
        "paypal": "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10",
        "checkmo": "none",
    },
}

SALE: dict[str, Any] = {
    "order_id": "21",
    "order_number": "200000034",
    "invoice_id": "31",
    "invoice_number": "100000012",
    "date": "2026-03-02",
}
BUYER: dict[str, Any] = {"id": "7", "email": "jo@example.com", "name": "Jo Doe"}


def organisation(**changes: Any) -> OrganisationSettings:
    return OrganisationSettings.model_validate(ORGANISATION | changes)


def event(entity: Entity, data: dict[str, Any], *, source: str = "webshop") -> Event:
    snapshot = SNAPSHOTS[entity].model_validate(data)
    return Event(
        id="e1",
        source=source,
        organisation="main",
        entity=entity,
        change=Change.CHANGED,
        subject=snapshot.id,
        time=VERSION,
        version=VERSION,
        data=snapshot,
    )


def removed(entity: Entity, entity_id: str) -> Event:
    return Event(
        id="e2",
        source="webshop",
        organisation="main",
        entity=entity,
        change=Change.REMOVED,
        subject=entity_id,
        time=VERSION,
        version=VERSION,
        data=Removed(id=entity_id),
    )


def line(net: str, tax: str = "0", **more: Any) -> dict[str, Any]:
    gross = format(Decimal(net) + Decimal(tax), "f")
    return {"name": "A thing", "net": net, "tax": tax, "gross": gross, **more}


def invoice(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An invoice of 2 March 2026 whose totals are what its lines, adjustments and residual add up to."""
    residual, adjustments = more.get("residual", {}), more.get("adjustments", ())
    net = _sum(one["net"] for one in lines) + _sum(one["amount"] for one in adjustments)
    net += Decimal(residual.get("net", "0"))
    tax = _sum(one["tax"] for one in lines) + Decimal(residual.get("tax", "0"))
    head = {"id": "31", "number": "100000012", "order_number": "200000034", "order_id": "21"}
    sums = {"net": f"{net:f}", "tax": f"{tax:f}", "gross": f"{net + tax:f}"}
    body = {"currency": "GBP", "date": "2026-03-02", "customer": BUYER, "lines": list(lines), "totals": sums}
    return {**head, **body, **more}


def credit_memo(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return invoice(*lines, **{"id": "41", "number": "300000001", "sale": SALE, "date": "2026-03-09"} | more)


def payment(**more: Any) -> dict[str, Any]:
    body = {"id": "51", "direction": "in", "sale": SALE, "method": "stripe", "amount": "12.00", "currency": "GBP"}
    return {**body, "date": "2026-03-03", "transaction_id": "ch_1", **more}


def _sum(amounts: Iterable[str]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), Decimal(0))


def key(entity: str, entity_id: str, part: str, source: str = "webshop") -> DocumentKey:
    return DocumentKey("main", source, entity, entity_id, part)


def writes(of: Event, org: OrganisationSettings | None = None) -> tuple[Write, ...]:
    planned: Plan = plan(of, org or organisation())
    assert isinstance(planned, Writes), planned
    return planned.writes
