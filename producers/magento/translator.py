"""From the rows of a stream to snapshots: fetches what they need beside themselves, and translates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from pydantic import ValidationError

from producers.defects import described
from producers.magento.joins import (
    Lists,
    Orders,
    captures,
    memos_where_credit_went_back,
    of_orders,
    order_ids,
    orders_of,
    refunds,
)
from producers.magento.streams import CREDIT_MEMOS, CUSTOMERS, INVOICES, ORDERS, PRODUCTS
from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.people import customer
from producers.magento.translate.places import Places
from producers.magento.translate.products import product
from producers.magento.translate.sales import order
from producers.magento.translate.values import Raw, Unreadable, number, version
from producers.store import Broken, Found, Stream
from schemas.faults import undecodable

Translation = Callable[[Raw], tuple[Found, ...]]

_ODD = "one of its values, or of its order's, is beyond what can be worked with"
_MEND = "mend it in the store; if nothing is odd there, the defect is xerelay's"


class Translator:
    """Makes snapshots of rows. `places` gives the store's set-up, read anew when it lacks what a row names."""

    def __init__(
        self,
        lists: Lists,
        *,
        places: Callable[[Iterable[Raw]], Awaitable[Places]],
        offline_methods: frozenset[str],
    ) -> None:
        self._lists = lists
        self._places = places
        self._offline_methods = offline_methods

    async def snapshots(
        self, stream: Stream, rows: Mapping[int, Raw], known_orders: Mapping[int, Raw]
    ) -> dict[int, tuple[Found, ...] | Broken]:
        """What each row becomes, by its id; `known_orders` need not be fetched again."""
        if not rows:
            return {}
        places = await self._places(rows.values())
        translate = await self._translation(stream, list(rows.values()), known_orders, places)
        return {key: _translated(key, row, translate) for key, row in rows.items()}

    async def _translation(
        self, stream: Stream, rows: Sequence[Raw], known_orders: Mapping[int, Raw], places: Places
    ) -> Translation:
        if stream == INVOICES:
            return await self._invoices(rows, known_orders, places)
        if stream == CREDIT_MEMOS:
            return await self._credit_memos(rows, known_orders, places)
        alone = {CUSTOMERS.name: customer, PRODUCTS.name: product, ORDERS.name: order}[stream.name]
        return lambda row: alone(row, places)

    async def _invoices(self, rows: Sequence[Raw], known: Mapping[int, Raw], places: Places) -> Translation:
        orders, captured = await asyncio.gather(orders_of(rows, self._lists, known), captures(rows, self._lists))
        offline = self._offline_methods

        def translate(row: Raw) -> tuple[Found, ...]:
            made = captured.for_document(row)
            return invoice(row, _order_of(row, orders), places, captured=made, offline_methods=offline)

        return translate

    async def _credit_memos(self, rows: Sequence[Raw], known: Mapping[int, Raw], places: Places) -> Translation:
        orders, invoices, refunded = await asyncio.gather(
            orders_of(rows, self._lists, known),
            of_orders(order_ids(rows), self._lists.invoices),
            refunds(rows, self._lists),
        )
        memos = await memos_where_credit_went_back(orders.found.values(), self._lists)
        offline = self._offline_methods

        def translate(row: Raw) -> tuple[Found, ...]:
            own = _order_of(row, orders)
            key = number(row.get("order_id")) or 0
            of = OfOrder(own, invoices.of(key), memos.of(key))
            made = refunded.for_document(row)
            return credit_memo(row, of, places, refunded=made, offline_methods=offline)

        return translate


def _order_of(row: Raw, orders: Orders) -> Raw:
    key = number(row.get("order_id")) or 0
    if key in orders.found:
        return orders.found[key]
    reason = orders.broken.get(key, "it is gone from the store")
    raise Unreadable(f"its order {key} cannot be read: {reason}")


def _translated(key: int, row: Raw, translate: Translation) -> tuple[Found, ...] | Broken:
    try:
        version(row)  # a row has its place among the others, though nothing may come of it
        return translate(row)
    except Unreadable as error:
        return Broken(key, str(error))
    except ValidationError as error:
        return Broken(key, undecodable("", error).detail)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # what odd values raise, and no other defect; where it arose says whose fault it is
        return Broken(key, f"{_ODD} ({described(error)}): {_MEND}")
