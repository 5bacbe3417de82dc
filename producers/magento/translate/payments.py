"""Money that moved, as far as Magento proves it. Pure.

A gateway's capture or refund leaves a transaction id on the invoice or credit memo. Bank transfers, cheques and other
offline methods leave nothing: Magento calls their invoices paid when they are made. So they count only where the
configuration says that they do.

Ids: `invoice-57` for what the order's method paid of invoice 57, `giftcard-57`, `storecredit-57`, `reward-57` for the
tenders; `memo-9`, `memo-giftcard-9`, `memo-storecredit-9`, `memo-reward-9` for what went back with credit memo 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from producers.magento.translate.currencies import currency_of, exchange_rate
from producers.magento.translate.figures import GIFT_CARD, REWARD, STORE_CREDIT
from producers.magento.translate.places import View
from producers.magento.translate.sales import method_of
from producers.magento.translate.values import Raw, Unreadable, are_usual, day, identity, moment, number, text
from producers.store import Found
from schemas.assembly import assembled
from schemas.entities import Entity, Payment
from schemas.parts import SaleReference, Tender

FREE = "free"
_LONG_ID = 20
_IDS = {GIFT_CARD: "giftcard", STORE_CREDIT: "storecredit", REWARD: "reward"}

Transactions = Mapping[tuple[int, str], datetime]
"""When a gateway's transaction was made, by the order's id and the gateway's id of it."""


def transactions(listed: Iterable[Raw], kinds: Sequence[str]) -> dict[tuple[int, str], datetime]:
    """The transactions of some kinds. The kind named first wins where a gateway used an id twice.

    One without an id or a readable time is left out: its document's day stands in, and the documents beside it go on.
    """
    found: dict[tuple[int, str], datetime] = {}
    for kind in reversed(kinds):
        for one in listed:
            order_id, own = number(one.get("order_id")), text(one, "txn_id")
            if one.get("txn_type") == kind and order_id is not None and own:
                with suppress(Unreadable):
                    found[order_id, own] = moment(one, "created_at")
    return found


def proven(document: Raw, order: Raw, offline_methods: frozenset[str]) -> bool:
    """Whether the order's method has moved the document's money."""
    method = method_of(order)
    return method != FREE and (bool(transaction_id(document)) or method in offline_methods)


def transaction_id(document: Raw) -> str:
    """The gateway's id of the capture or refund; empty where no gateway was asked."""
    return text(document, "transaction_id")


def moved_on(document: Raw, view: View, made: Transactions) -> date:
    """The day of the gateway's transaction; without one, the document's own."""
    order_id = number(document.get("order_id")) or 0
    at = made.get((order_id, transaction_id(document))) or moment(document, "created_at")
    return day(at, view.zone)


@dataclass(frozen=True, slots=True)
class Moves:
    """The payments of one invoice or credit memo; `prefix` stands before the names of its tenders."""

    document: Raw
    order: Raw
    view: View
    version: datetime
    direction: Literal["in", "out"]
    sale: SaleReference
    prefix: str = ""

    def by_method(self, key: str, owed: Decimal, made: Transactions) -> Found:
        """What the order's method paid, or paid back."""
        on = moved_on(self.document, self.view, made)
        return self._found(key, method_of(self.order), owed, on, transaction_id(self.document))

    def by_tenders(self, tenders: Iterable[Tender]) -> list[Found]:
        """Gift cards, store credit and points: they move within the store, on the document's day."""
        on = self._documented_on()
        return [self._found(self.prefix + _IDS[one.method], one.method, one.amount, on, "") for one in tenders]

    def _documented_on(self) -> date:
        return day(moment(self.document, "created_at"), self.view.zone)

    def _found(self, key: str, method: str, value: Decimal, on: date, transaction: str) -> Found:
        own = str(identity(self.document))
        memo_date = self._documented_on() if self.direction == "out" else None
        fields: dict[str, Any] = {
            "id": f"{key}-{own}",
            "direction": self.direction,
            "sale": self.sale,
            "credit_memo_id": own if self.direction == "out" else None,
            "credit_memo_date": None if memo_date == on else memo_date,
            "method": method,
            "amount": value,
            "currency": currency_of(self.document, self.order),
            "rate": exchange_rate(self.document, self.order),
            "date": on,
            "transaction_id": transaction,
        }
        # the document has been checked: what it shares with its payments is valid
        usual = value > 0 and are_usual(value) and len(own) < _LONG_ID
        data = assembled(Payment, fields) if usual else Payment(**fields)
        return Found(Entity.PAYMENT, self.version, (self.view.place,), data)
