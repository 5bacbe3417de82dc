"""Makes orders, invoices and credit memos as Magento's total collectors do, and writes them as its REST API does.

Only what money depends on; `tests.support.magento_samples` has the rest of an order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.support.magento_samples import credit_memo_json, invoice_json, order_json
from tests.support.magento_tax import ZERO, Amounts, Calculator, Rate, Setting, cents
from tests.support.magento_wares import (
    NO_SHIPPING,
    VAT_20,
    Paid,
    Quantity,
    Row,
    Ware,
    accompanying,
    document_item,
    weee,
)


class Sale:
    """One order, and its invoices and credit memos."""

    def __init__(
        self,
        wares: Sequence[Ware],
        *,
        setting: Setting | None = None,
        shipping: str = "0",
        shipping_discount: str = "0",
        paid: Paid | None = None,
        fpt_in_subtotal: bool = False,
        wrapping: str = "0",
        surcharge: str = "0",
    ) -> None:
        self.setting = setting or Setting()
        self._calculator = Calculator(self.setting)
        self._fpt_in_subtotal = fpt_in_subtotal
        self.rows: list[Row] = []
        self.items: list[dict[str, Any]] = []
        self._applied: list[dict[str, Any]] = []
        for ware in wares:
            self._order(ware)
        self.shipping = self._calculator.row(Decimal(shipping), Decimal(1), Decimal(shipping_discount), (VAT_20,))
        if self.shipping.tax:
            self._apply("shipping", None, (VAT_20,))
        self.wrapping, self.surcharge = Decimal(wrapping), Decimal(surcharge)
        self._left = {name: Decimal(value) for name, value in vars(paid or Paid()).items()}
        self._spent = dict.fromkeys(self._left, ZERO)
        self._shipped = self._given_back = ZERO
        self._shipping_back = NO_SHIPPING
        self._discounted = False
        header = self._header([(row, row.amounts, row.quantity) for row in self.rows], self.shipping, wrapping=True)
        self.order = self._order_json(header)

    def invoice(
        self, quantities: Mapping[int, Quantity] | None = None, *, drift: str = "0", net_drift: str = "0"
    ) -> dict[str, Any]:
        """Invoice some rows by their item id, all that is left unless given. Drifts: cents its tax and net are off."""
        chosen = []
        first = not any(row.invoiced for row in self.rows)
        for row in self.rows:
            left = row.quantity - row.invoiced
            quantity = left if quantities is None else min(quantities.get(row.item_id, 0), left)
            if quantity:
                part = _part(row.amounts, row.invoiced_amounts, quantity, left, row.quantity)
                row.invoiced += quantity
                row.invoiced_amounts = _plus(row.invoiced_amounts, part)
                chosen.append((row, part, quantity))
        header = self._header(chosen, self._shipping_of_invoice() if first else NO_SHIPPING, wrapping=first)
        self._discounted = self._discounted or bool(header["discount_amount"])
        header["tax_amount"] += Decimal(drift)
        header["subtotal"] += Decimal(net_drift)
        header["gross"] += Decimal(drift) + Decimal(net_drift)
        header |= {"drift": Decimal(drift), "net_drift": Decimal(net_drift)}  # no fields of Magento's
        if first:
            header["shipping_discount_tax_compensation_amount"] = self.shipping.compensation
        return self._document(invoice_json, chosen, header, self._left)

    def cancelled_invoice(self, quantities: Mapping[int, Quantity] | None = None) -> dict[str, Any]:
        """One that was open when it was cancelled: what it billed is billed anew."""
        billed = [(row, row.invoiced, row.invoiced_amounts) for row in self.rows]
        left, spent = dict(self._left), dict(self._spent)
        raw = self.invoice(quantities)
        for row, quantity, amounts in billed:
            row.invoiced, row.invoiced_amounts = quantity, amounts
        self._left.update(left)
        self._spent.update(spent)
        return raw | {"state": 3, "transaction_id": None}

    def _shipping_of_invoice(self) -> Amounts:
        """The first that is not cancelled has it; its discount, the first of all that has one, cancelled or not."""
        return replace(self.shipping, discount=ZERO) if self._discounted else self.shipping

    def refund(
        self, quantities: Mapping[int, Quantity], *, shipping: bool = False, positive: str = "0", negative: str = "0"
    ) -> dict[str, Any]:
        """Refund some of what is invoiced, with the shipping if it is not refunded yet."""
        chosen = []
        for row in self.rows:
            quantity = min(quantities.get(row.item_id, 0), row.invoiced - row.refunded)
            if quantity:
                open_quantity = row.invoiced - row.refunded
                part = _part(row.invoiced_amounts, row.refunded_amounts, quantity, open_quantity, row.invoiced)
                row.refunded += quantity
                row.refunded_amounts = _plus(row.refunded_amounts, part)
                chosen.append((row, part, quantity))
        back = self.shipping.minus(self._shipping_back) if shipping else NO_SHIPPING
        self._shipping_back = _plus(self._shipping_back, back)
        header = self._header(chosen, back, wrapping=False)
        header["discount_tax_compensation_amount"] += back.compensation
        header["adjustment_positive"], header["adjustment_negative"] = Decimal(positive), Decimal(negative)
        header["gross"] += Decimal(positive) - Decimal(negative)
        return self._document(credit_memo_json, chosen, header, self._spent)

    def _order(self, ware: Ware, parent: int | None = None, times: Quantity = 1, *, counts: bool = True) -> None:
        item_id, quantity = 201 + len(self.items), ware.quantity * times
        counts = counts and not ware.dynamic
        price = Decimal(ware.price)
        amounts = Amounts()
        if counts:
            amounts = self._calculator.row(price, Decimal(quantity), Decimal(ware.discount), ware.rates)
        fpt = cents(Decimal(ware.fpt) * quantity) if counts else ZERO
        fpt_tax = sum((cents(fpt * rate.percent / 100) for rate in ware.rates), ZERO) if ware.fpt_taxed else ZERO
        shown = self._item(item_id, ware, quantity, amounts)
        if parent is not None:
            shown["parent_item_id"] = parent
        if fpt:
            shown |= weee(Decimal(ware.fpt), fpt, fpt_tax)
        gross = amounts.due + fpt
        shown["row_total_incl_tax"] = max(gross, ZERO)
        self.items.append(shown)
        if counts:
            self.rows.append(Row(item_id, ware, quantity, amounts, fpt, fpt_tax))
            if amounts.tax or any(not rate.percent for rate in ware.rates):
                self._apply("product", item_id, ware.rates)
            if fpt_tax:
                self._apply("weee", item_id, ware.rates)
        before = len(self.rows)
        for part in ware.parts:
            self._order(part, item_id, quantity, counts=ware.dynamic)
        if ware.dynamic:
            own = [row.amounts for row in self.rows[before:]]
            shown |= {"tax_amount": sum((one.tax for one in own), ZERO), "price": sum((one.net for one in own), ZERO)}
            shown["row_total_incl_tax"] = sum((one.due for one in own), ZERO)

    def _item(self, item_id: int, ware: Ware, quantity: Quantity, amounts: Amounts) -> dict[str, Any]:
        return {
            "item_id": item_id,
            "product_id": item_id + 1000,
            "product_type": ware.kind,
            "sku": f"SKU-{item_id}",
            "name": f"{ware.kind} {item_id}",
            "qty_ordered": quantity,
            "price": cents(amounts.net / quantity),
            "base_price": Decimal(ware.price),
            "row_total": Decimal("12345.67"),  # never to be read
            "discount_amount": amounts.discount,
            "tax_percent": sum((rate.percent for rate in ware.rates), ZERO) if amounts.net else ZERO,
            "tax_amount": amounts.tax,
            "discount_tax_compensation_amount": amounts.compensation,
        }

    def _apply(self, kind: str, item_id: int | None, rates: Sequence[Rate]) -> None:
        key = {"weee": "associated_item_id"}.get(kind, "item_id")
        taxes = [{"code": rate.code, "title": rate.code, "percent": rate.percent} for rate in rates]
        self._applied.append({"type": kind, **({key: item_id} if item_id else {}), "applied_taxes": taxes})

    def _header(
        self, chosen: Sequence[tuple[Row, Amounts, Quantity]], shipping: Amounts, *, wrapping: bool
    ) -> dict[str, Decimal]:
        rows = [part for _, part, _ in chosen]
        fpt = sum((cents(row.fpt * quantity / row.quantity) for row, _, quantity in chosen), ZERO)
        fpt_tax = sum((cents(row.fpt_tax * quantity / row.quantity) for row, _, quantity in chosen), ZERO)
        tax = sum((one.tax for one in rows), ZERO) + shipping.tax + fpt_tax
        wrapped, surcharge = (self.wrapping, self.surcharge) if wrapping else (ZERO, ZERO)
        return {
            "subtotal": sum((one.net for one in rows), ZERO) + (fpt if self._fpt_in_subtotal else ZERO),
            "discount_amount": -sum((one.discount for one in rows), ZERO) - shipping.discount,
            "shipping_amount": shipping.net,
            "shipping_incl_tax": shipping.gross,
            "shipping_tax_amount": shipping.tax,
            "tax_amount": tax,
            "discount_tax_compensation_amount": sum((one.compensation for one in rows), ZERO),
            "fpt_beside": ZERO if self._fpt_in_subtotal else fpt,  # no field of Magento's: for the identities
            "fee_beside": surcharge,  # neither
            "gw_items_price": wrapped,
            "gross": sum((one.due for one in rows), ZERO) + shipping.due + fpt + fpt_tax + wrapped + surcharge,
        }

    def _order_json(self, header: dict[str, Decimal]) -> dict[str, Any]:
        gross, wrapped = header.pop("gross"), header.pop("gw_items_price")
        tendered = _spend(gross, self._left, self._spent, only_look=True)
        stated: dict[str, Any] = {
            "item_applied_taxes": self._applied,
            "gift_cards_amount": tendered["gift_cards"],
            "customer_balance_amount": tendered["credit"],
            "reward_currency_amount": tendered["reward"],
            "gw_items_price": str(wrapped),
        }
        if self.surcharge:
            fee = {"custom_fee_label": "Card surcharge", "custom_fee_amount": self.surcharge}
            stated["custom_fees"] = [fee]
        self._left = dict(tendered)
        more = {
            "shipping_discount_amount": self.shipping.discount,
            "shipping_discount_tax_compensation_amount": self.shipping.compensation,
            "grand_total": gross - sum(tendered.values(), ZERO),
        }
        return order_json(**header, **more, items=self.items, extension_attributes=stated)

    def _document(
        self,
        build: Any,
        chosen: Sequence[tuple[Row, Amounts, Quantity]],
        header: dict[str, Decimal],
        purse: dict[str, Decimal],
    ) -> dict[str, Any]:
        gross, wrapped = header.pop("gross"), header.pop("gw_items_price")
        is_invoice = purse is self._left
        tendered = _spend(gross, purse, self._spent if is_invoice else {}, only_look=False)
        stated = {
            "gift_cards_amount": tendered["gift_cards"],
            "customer_balance_amount": tendered["credit"],
            "gw_items_price": str(wrapped),
        }
        items = [document_item(row, part, quantity, memo=not is_invoice) for row, part, quantity in chosen]
        carrying = {row.item_id for row in self.rows}
        items += [accompanying(item) for item in self.items if item["item_id"] not in carrying]
        total = gross - sum(tendered.values(), ZERO)
        made: dict[str, Any] = build(**header, grand_total=total, items=items, extension_attributes=stated)
        if not made["shipping_amount"]:
            del made["shipping_tax_amount"], made["shipping_incl_tax"]
        return made


def wire(raw: Any, *, noise: float = 0.0) -> Any:
    """Through JSON and back: floats, as the shop writes them, with artefacts if wanted."""
    return json.loads(json.dumps(raw, default=lambda value: float(value) * (1 + noise)))


def _part(whole: Amounts, taken: Amounts, quantity: Quantity, open_quantity: Quantity, of: Quantity) -> Amounts:
    """The last part takes what is left."""
    return whole.minus(taken) if quantity == open_quantity else whole.part(Decimal(quantity) / of)


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return one.minus(NO_SHIPPING.minus(other))


def _spend(
    gross: Decimal, purse: dict[str, Decimal], spent: dict[str, Decimal], *, only_look: bool
) -> dict[str, Decimal]:
    """Gift cards first, then credit, then points, as far as they go."""
    used: dict[str, Decimal] = {}
    for name, left in purse.items():
        used[name] = min(left, max(gross - sum(used.values(), ZERO), ZERO))
        if not only_look:
            purse[name] -= used[name]
            if spent:
                spent[name] += used[name]
    return used
