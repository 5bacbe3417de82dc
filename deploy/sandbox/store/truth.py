"""The store's own sums at this moment, from what its readers can see [store 7]."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from deploy.sandbox.store.facts import Document, Facts, Money
from deploy.sandbox.store.money import percent_text, text
from deploy.sandbox.store.registry import Kind
from deploy.sandbox.store.state import Sandbox
from deploy.sandbox.store.style import Json

_BOOKED: tuple[Kind, ...] = ("orders", "invoices", "creditmemos")


def truth(sandbox: Sandbox, *, documents: bool = True) -> Json:
    """Counts, sums and, where wanted, every document and payment. Cancelled documents are listed and not summed."""
    found = [row.facts for kind in _BOOKED for row in sandbox.shelf.tables[kind] if row.facts is not None]
    sales = [facts.document for facts in found]
    money = [one for facts in found for one in facts.money]
    standing = [sale for sale in sales if not sale.cancelled]
    made = {
        "counts": _counts(sandbox, found, money),
        "days": _sums(standing, lambda sale: (sale.kind, sale.website, sale.currency, sale.date), _DAY),
        "taxes": _taxes(standing),
        "methods": _methods(money),
        "trading": {
            "orders_left": sandbox.trading.orders_left,
            "events": sandbox.market.events,
            "unseen": sandbox.shelf.unseen,
        },
    }
    if documents:
        made["documents"] = [_document(sale) for sale in sales]
        made["payments"] = [{**one._asdict(), "amount": text(one.amount)} for one in money]
    return made


_DAY = ("kind", "website", "currency", "date")


def _counts(sandbox: Sandbox, found: Iterable[Facts], money: list[Money]) -> Json:
    tables = sandbox.shelf.tables
    return {
        "customers": len(tables["customers"]),
        "products": len(tables["products"]),
        "orders": len(tables["orders"]),
        "invoices": len(tables["invoices"]),
        "credit_memos": len(tables["creditmemos"]),
        "transactions": len(tables["transactions"]),
        "product_types": dict(sorted(Counter(row.facts for row in tables["products"]).items())),
        "payments": len(money),
        "payments_online": sum(one.online for one in money),
        "cancelled": sum(facts.document.cancelled for facts in found),
    }


def _document(sale: Document) -> Json:
    is_order = sale.kind == "order"
    more = {"customer_id": sale.customer_id, "email": sale.email} if is_order else {"traits": sale.traits}
    return {
        **more,
        "kind": sale.kind,
        "number": sale.number,
        "id": sale.id,
        "order_id": sale.order_id,
        "website": sale.website,
        "currency": sale.currency,
        "date": sale.date,
        "cancelled": sale.cancelled,
        "net": text(sale.net),
        "tax": text(sale.tax),
        "gross": text(sale.net + sale.tax),
        "rates": [
            {"code": code, "rate": percent_text(rate), **_amounts(net, tax)}
            for (code, rate), (net, tax) in sale.by_rate.items()
        ],
    }


def _sums(sales: Iterable[Document], key: Any, names: tuple[str, ...]) -> list[Json]:
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for sale in sales:
        row = sums[key(sale)]
        row[0] += sale.net
        row[1] += sale.tax
        row[2] += 1
    return [
        {**dict(zip(names, key, strict=True)), **_amounts(net, tax), "count": count}
        for key, (net, tax, count) in sorted(sums.items())
    ]


def _taxes(sales: Iterable[Document]) -> list[Json]:
    sums: dict[tuple[str, str, str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for sale in sales:
        for (code, rate), (net, tax) in sale.by_rate.items():
            row = sums[sale.kind, sale.website, sale.currency, code, rate]
            row[0] += net
            row[1] += tax
    return [
        {
            "kind": kind,
            "website": website,
            "currency": currency,
            "code": code,
            "rate": percent_text(rate),
            **_amounts(net, tax),
        }
        for (kind, website, currency, code, rate), (net, tax) in sorted(sums.items())
    ]


def _methods(money: Iterable[Money]) -> list[Json]:
    sums: dict[tuple[str, bool, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in money:
        row = sums[one.method, one.online, one.website, one.currency]
        row[one.direction == "out"] += one.amount
        row[2] += 1
    return [
        {
            "method": method,
            "online": online,
            "website": website,
            "currency": currency,
            "in": text(came),
            "out": text(went),
            "count": count,
        }
        for (method, online, website, currency), (came, went, count) in sorted(sums.items())
    ]


def _amounts(net: int, tax: int) -> dict[str, str]:
    return {"net": text(net), "tax": text(tax), "gross": text(net + tax)}
