"""Made-up products of every type, with the names and SKUs that make trouble [store 4.3]."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.model import Product, ProductType
from deploy.sandbox.store.shop import REDUCED, STANDARD, UNTAXED, ZERO_RATED

_THINGS = ("Jumper", "Wool Comb", "Scarf", "Blanket", "Mittens", "Socks", "Cap", "Rug", "Cushion", "Throw")
_KINDS = ("Merino", "Alpaca", "Cotton", "Linen", "Cashmere", "Recycled", "Organic", "Hemp")
_CLASSES = (STANDARD, STANDARD, STANDARD, STANDARD, REDUCED, ZERO_RATED)
# of 40 products; the others are simple
_TYPES: dict[int, ProductType] = {
    11: "virtual",
    13: "downloadable",
    16: "configurable",
    19: "giftcard",
    22: "configurable",
    25: "bundle",
    28: "bundle",
    31: "grouped",
    34: "downloadable",
    37: "configurable",
}
_CYCLE = 40
_DYNAMIC = 28
_FPT = 40


class Catalogue:
    """The products, and which of them can be bought as what."""

    def __init__(self, chance: Chance, count: int, since: int, *, commerce: bool) -> None:
        self._chance = chance
        self._commerce = commerce
        self.simple: list[Product] = []
        self.sold: list[Product] = []
        for number in range(1, count + 1):
            self.add(number, since + number % 50)

    def add(self, number: int, moment: int) -> Product:
        """The product with this id, as of this moment."""
        made = self._product(number, moment)
        if made.type == "simple":
            self.simple.append(made)
        self.sold.append(made)
        return made

    def _product(self, number: int, moment: int) -> Product:
        kind = _TYPES.get(number % _CYCLE, "simple")
        if kind == "giftcard" and not self._commerce:
            kind = "virtual"
        chance = self._chance
        price = 199 + chance.below(12_000)
        made = Product(
            id=number,
            sku=_sku(number),
            name=_name(chance, number),
            type=kind,
            price=price,
            tax_class=_CLASSES[number % len(_CLASSES)],
            enabled=number % 33 != 0,
            created=moment,
            updated=moment,
        )
        if kind in {"configurable", "bundle", "grouped"}:
            made.parts = tuple(self._some(3 if kind == "configurable" else 2))
            made.dynamic = number % _CYCLE == _DYNAMIC
        elif kind == "giftcard":
            made.price, made.tax_class = (1 + number % 4) * 2500, UNTAXED
        elif kind == "simple":
            made.fpt = _FPT if number % 17 == 0 else 0
            made.by_measure = number % 23 == 0
        return made

    def _some(self, count: int) -> Iterator[Product]:
        start = self._chance.below(len(self.simple))
        for step in range(count):
            yield self.simple[(start + step) % len(self.simple)]


def _sku(number: int) -> str:
    odd = {3: f"COMB/{number}", 5: f"wool+silk {number}", 7: f"ÉTÉ-{number}"}
    long = "-LIMITED-EDITION-WINTER" if number % 9 == 0 else ""
    return odd.get(number % 20, f"SKU-{number:05d}{long}")


def _name(chance: Chance, number: int) -> str:
    plain = f"{chance.one_of(_KINDS)} {chance.one_of(_THINGS)} {number}"
    odd = {4: f"{plain}&trade;", 8: f"<b>{plain}</b>", 12: f"{plain}\nNew! ✨"}
    return odd.get(number % 30, plain)
