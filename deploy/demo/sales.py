"""Made-up sales with a store's own arithmetic: exclusive and inclusive prices, several rates, discounts, shipping."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from schemas.entities import Invoice, Product
from schemas.part import changed
from schemas.parts import Address, Buyer, Line, LineKind, SaleReference, Tender, Totals

CENT = Decimal("0.01")
TODAY = dt.date(2026, 11, 20)
RATES = {"GB-VAT-20": Decimal(20), "GB-VAT-5": Decimal(5), "GB-VAT-0": Decimal(0)}
STANDARD = "GB-VAT-20"

_FIRST = (
    "Amara", "Ben", "Chloe", "Dev", "Elin", "Farid", "Grace", "Hugo", "Iris", "Jonas", "Keira", "Luca", "Maya",
    "Noor", "Oscar", "Priya", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Wanda", "Xavier", "Yara", "Zoë",
    "Aoife", "Björn", "Carmen", "Dmitri", "Esther", "Femi", "Greta", "Hassan", "Ingrid", "Jürgen", "Kofi", "Leila",
    "Marek", "Nadia", "Olu", "Petra", "Rafael", "Signe", "Tomás", "Ursula", "Viktor", "Wren",
)  # fmt: skip
_LAST = (
    "Adeyemi", "Brown", "Chen", "Dubois", "Evans", "Fischer", "García", "Hughes", "Ito", "Jones", "Kowalski",
    "Larsen", "Müller", "Nakamura", "O’Neill", "Patel", "Quispe", "Rossi", "Svensson", "Taylor", "Uddin", "Virtanen",
    "Williams", "Xu", "Yilmaz", "Zhang", "Ahmed", "Bakker", "Costa", "Davies", "Eriksen", "Fernández", "Gupta",
    "Hansen", "Ivanova", "Jensen", "Khan", "Lopez", "Marsh", "Novak", "Okafor", "Pereira", "Reid", "Schmidt",
    "Thompson", "Ueda", "Vasquez", "Wright", "Young", "Zeller", "Abbott", "Byrne", "Clarke", "Dunn", "Ellis",
    "Flynn", "Grant", "Hart", "Ingram", "Jarvis", "Knight", "Lowe", "Moss", "Nash", "Owen", "Page", "Quinn", "Ross",
    "Stone", "Todd", "Underhill", "Vaughan", "Webb",
)  # fmt: skip
_THINGS = ("Jumper", "Wool comb", "Scarf", "Blanket", "Mittens", "Socks", "Cap", "Rug", "Cushion", "Throw")
_KINDS = ("Merino", "Alpaca", "Cotton", "Linen", "Cashmere", "Recycled", "Organic", "Hemp")
_TOWNS = ("Leeds", "York", "Bath", "Truro", "Ely", "Stirling", "Cardiff", "Newry")


@dataclass(frozen=True, slots=True)
class Priced:
    """A product, its price and its tax code; `inclusive` prices hold the tax."""

    product: Product
    price: Decimal
    code: str


def products(chance: random.Random, count: int) -> list[Priced]:
    """A catalogue; every ninth SKU is longer than Xero's item codes may be."""
    codes = (STANDARD, STANDARD, STANDARD, "GB-VAT-5", "GB-VAT-0")
    made = []
    for number in range(1, count + 1):
        name = f"{chance.choice(_KINDS)} {chance.choice(_THINGS)} {number}"
        sku = f"SKU-{number:04d}" + ("-LIMITED-EDITION-WINTER-2026" if number % 9 == 0 else "")
        price = Decimal(chance.randrange(199, 19_999)) / 100
        product = Product(id=str(100 + number), sku=sku, name=name, price=price, tax_code=chance.choice(codes))
        made.append(Priced(product=product, price=price, code=product.tax_code))
    return made


def guest(chance: random.Random, number: int) -> Buyer:
    """Somebody without an account; a few come twice."""
    return Buyer(email=f"guest{number % 40}@mail.example", name=" ".join(names(chance)), address=address(chance))


def names(chance: random.Random) -> tuple[str, str]:
    """First and last; some people are namesakes, as in a real shop: Xero takes a name once."""
    return chance.choice(_FIRST), chance.choice(_LAST)


def address(chance: random.Random) -> Address:
    """Somewhere in Britain."""
    street = f"{chance.randint(1, 200)} High Street"
    town = chance.choice(_TOWNS)
    return Address(lines=(street,), city=town, postal_code=f"LS{chance.randint(1, 28)} 4AB", country="GB")


def invoice(chance: random.Random, number: int, who: Buyer, catalogue: Sequence[Priced], tenders: str) -> Invoice:
    """One sale of one to five lines, shipping, and now and then a discount line or a fee."""
    lines = list(_lines(chance, catalogue))
    totals = sums(lines)
    paid = (Tender(method=tenders, amount=totals.gross),) if tenders and totals.gross else ()
    return Invoice(
        id=str(9000 + number),
        number=f"{90000 + number:09d}",
        order_id=str(7000 + number),
        order_number=f"{70000 + number:09d}",
        currency="GBP",
        date=TODAY,
        customer=who,
        lines=tuple(lines),
        tenders=paid,
        totals=totals,
    )


def reference(sale: Invoice) -> SaleReference:
    """How payments and refunds name their sale."""
    return SaleReference(
        order_id=sale.order_id,
        order_number=sale.order_number,
        invoice_id=sale.id,
        invoice_number=sale.number,
        date=sale.date,
    )


def sums(lines: Sequence[Line]) -> Totals:
    """The store's totals of some lines."""
    net = sum((line.net for line in lines), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0))
    return Totals(net=net, tax=tax, gross=net + tax)


def _lines(chance: random.Random, catalogue: Sequence[Priced]) -> Iterator[Line]:
    inclusive = chance.random() < 0.5  # noqa: PLR2004 - half the sales
    goods = [_row(chance, chance.choice(catalogue), inclusive=inclusive) for _ in range(chance.randint(1, 5))]
    yield from goods
    yield _taxed("Flat rate", LineKind.SHIPPING, Decimal("4.99"), STANDARD, inclusive=inclusive)
    if chance.random() < 0.15:  # noqa: PLR2004 - some sales
        tenth = (goods[0].net / 10).quantize(CENT, ROUND_HALF_UP)
        yield _taxed("Loyalty discount", LineKind.DISCOUNT, -tenth, goods[0].tax_code, inclusive=False)
    if chance.random() < 0.1:  # noqa: PLR2004 - some sales
        yield _taxed("Gift wrapping", LineKind.FEE, Decimal("2.50"), STANDARD, inclusive=inclusive)


def _row(chance: random.Random, item: Priced, *, inclusive: bool) -> Line:
    quantity = Decimal(chance.choice(("1", "1", "1", "2", "3", "0.75")))
    share = Decimal(chance.choice(("1", "1", "1", "0.9", "0.85")))
    full = (item.price * quantity).quantize(CENT, ROUND_HALF_UP)
    row = _taxed(
        item.product.name, LineKind.GOODS, (full * share).quantize(CENT, ROUND_HALF_UP), item.code, inclusive=inclusive
    )
    return changed(row, sku=item.product.sku, quantity=quantity)


def _taxed(name: str, kind: LineKind, amount: Decimal, code: str, *, inclusive: bool) -> Line:
    rate = RATES[code]
    if inclusive:
        net = (amount * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP)
        tax = amount - net
    else:
        net = amount
        tax = (amount * rate / 100).quantize(CENT, ROUND_HALF_UP)
    return Line(name=name, kind=kind, net=net, tax=tax, gross=net + tax, tax_code=code, tax_rate=rate)
