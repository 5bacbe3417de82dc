"""Which tax a row of an order carries: Magento's rate codes, and the per cent. Pure.

A row with several rates (a state's and a city's) has their codes joined with `+` in Magento's order, and their
combined per cent: `US-NY-STATE+US-NY-CITY`, 8.875.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from producers.magento.translate.values import Raw, amount, extension, number, rate, rows, text
from schemas.parts import ZERO

_WRAPPED_ITEM = "item_gw"
"""Taxed item by item, all in one tax class; a document has the wrapping of its items as one sum."""


@dataclass(frozen=True, slots=True)
class AppliedTax:
    """What a line says of its tax. `rate` is None where nothing is known of one."""

    code: str = ""
    rate: Decimal | None = None


class Taxes:
    """The taxes of one order, by what they were applied to."""

    def __init__(self, order: Raw) -> None:
        found = extension(order)
        self._applied = {_key(one): _combined(rows(one, "applied_taxes")) for one in rows(found, "item_applied_taxes")}
        of_order = rows(found, "applied_taxes")
        # an order with one tax has it on every taxed row, also where the store does not say so row by row
        self._only = _combined(of_order) if len(of_order) == 1 else AppliedTax()

    def of_item(self, item: Raw, tax: Decimal) -> AppliedTax:
        """The tax of an order's item; `tax` is the row's amount."""
        combined = amount(item, "tax_percent")
        applied = self._applied.get(("product", number(item.get("item_id"))), AppliedTax())
        if applied.code:
            return AppliedTax(applied.code, rate(combined) if combined > 0 else applied.rate)
        if combined > 0:
            same = self._only.rate == rate(combined)
            return AppliedTax(self._only.code if same else "", rate(combined))
        return self._only if tax else AppliedTax()

    def of_charge(self, kind: str, tax: Decimal, item_id: int | None = None) -> AppliedTax:
        """The tax of something beside the items: `shipping`, `weee`, gift wrapping."""
        applied = self._applied.get((kind, item_id), AppliedTax())
        return applied if applied.code or not tax else self._only


def _key(one: Raw) -> tuple[str, int | None]:
    kind = str(one.get("type") or "product")
    if kind == _WRAPPED_ITEM:
        return kind, None
    return kind, number(one.get("item_id")) or number(one.get("associated_item_id"))


def _combined(applied: Sequence[Raw]) -> AppliedTax:
    if len(applied) == 1:
        return _single(text(applied[0], "code"), amount(applied[0], "percent"))
    codes: dict[str, Decimal] = {}
    for one in applied:
        codes.setdefault(text(one, "code"), amount(one, "percent"))
    codes.pop("", None)
    if not codes:
        return AppliedTax()
    return AppliedTax("+".join(codes)[:255], rate(max(sum(codes.values(), ZERO), ZERO)))


@lru_cache(256)  # a store has few rates
def _single(code: str, percent: Decimal) -> AppliedTax:
    return AppliedTax(code, rate(max(percent, ZERO))) if code else AppliedTax()
