"""What somebody puts into a basket: rows of every product type [store 4.4]."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.model import OrderRow, Product
from deploy.sandbox.store.money import UNIT
from deploy.sandbox.store.shop import rates_for

NextId = Callable[[], int]
_HOW_MANY = (1, 1, 1, 1, 1, 2, 2, 2, 3, 4)
_BOUGHT_IN_BUNDLE = (UNIT, 2 * UNIT)


def fill(chance: Chance, sold: list[Product], country: str, next_id: NextId) -> list[OrderRow]:
    """One to four products, as rows."""
    rows: list[OrderRow] = []
    for _ in range(chance.one_of(_HOW_MANY)):
        product = chance.one_of(sold)
        quantity = UNIT * (1 if chance.happens(0.6) else 1 + chance.below(4))
        if product.by_measure:
            quantity = 25 * (1 + chance.below(19))
        rows += _rows(product, quantity, country, next_id)
    return rows


def _rows(product: Product, quantity: int, country: str, next_id: NextId) -> Iterator[OrderRow]:
    if product.type == "configurable":
        yield from _configurable(product, quantity, country, next_id)
    elif product.type == "bundle":
        yield from _bundle(product, quantity, country, next_id)
    elif product.type == "grouped":
        for part in product.parts:
            yield _row(part, quantity, country, next_id, kind="grouped")
    else:
        yield _row(product, quantity, country, next_id)


def _configurable(product: Product, quantity: int, country: str, next_id: NextId) -> Iterator[OrderRow]:
    """The parent is charged, under the SKU of the child."""
    child = product.parts[quantity // UNIT % len(product.parts)]
    parent = _row(product, quantity, country, next_id)
    parent.sku = child.sku
    yield parent
    yield _row(child, quantity, country, next_id, parent=parent, money=False)


def _bundle(product: Product, quantity: int, country: str, next_id: NextId) -> Iterator[OrderRow]:
    """With a price of its own the parent is charged, else its parts."""
    parent = _row(product, quantity, country, next_id, money=not product.dynamic)
    if product.dynamic:
        parent.sku = "-".join((product.sku, *(part.sku for part in product.parts)))[:64]
    yield parent
    for part, each in zip(product.parts, _BOUGHT_IN_BUNDLE, strict=True):
        amount = quantity * each // UNIT
        yield _row(part, amount, country, next_id, parent=parent, money=product.dynamic)


def _row(
    product: Product,
    quantity: int,
    country: str,
    next_id: NextId,
    *,
    kind: str = "",
    parent: OrderRow | None = None,
    money: bool = True,
) -> OrderRow:
    return OrderRow(
        item_id=next_id(),
        product=product,
        type=kind or product.type,
        sku=product.sku,
        name=product.name,
        quantity=quantity,
        money=money,
        rates=rates_for(country, product.tax_class) if money else (),
        unit_price=product.price if money else 0,
        parent=parent,
        fpt=product.fpt if money else 0,
    )
