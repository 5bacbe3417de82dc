"""What the demo's made-up sales lack: customers with accounts, and refunds."""

from __future__ import annotations

import random
from decimal import Decimal

from deploy.demo.sales import TODAY, address, names, reference, sums
from schemas.entities import CreditMemo, Customer, Invoice
from schemas.parts import Adjustment, Buyer, Tender, Totals


def customer_accounts(chance: random.Random, count: int) -> list[Customer]:
    """So many; some share a name, one in six is a company."""
    made = []
    for number in range(1, count + 1):
        first, last = names(chance)
        company = f"{last} & Co {number}" if number % 6 == 0 else ""
        made.append(
            Customer(
                id=str(4000 + number),
                email=f"customer{number}@shop.example",
                first_name=first,
                last_name=last,
                company=company,
                tax_number=f"GB{100000000 + number}" if company else "",
                phone=f"+44 113 496 {number:04d}",
                address=address(chance),
            )
        )
    return made


def buyer(customer: Customer) -> Buyer:
    """The snapshot a sale keeps of its customer."""
    name = customer.company or f"{customer.first_name} {customer.last_name}"
    fields = customer.model_dump(include={"id", "email", "company", "tax_number", "phone", "address"})
    return Buyer(name=name, **fields)


def refund(sale: Invoice, number: int, *, whole: bool, paid: bool) -> CreditMemo:
    """A credit memo of a whole sale, or of its first line less a handling fee of 1.00."""
    lines = sale.lines if whole else sale.lines[:1]
    keeps = () if whole or sums(lines).gross <= 1 else (Adjustment(name="Handling fee", amount=Decimal(-1)),)
    kept = sum((a.amount for a in keeps), Decimal(0))
    plain = sums(lines)
    totals = Totals(net=plain.net + kept, tax=plain.tax, gross=plain.gross + kept)
    back = (Tender(method=sale.tenders[0].method, amount=totals.gross),) if paid and totals.gross else ()
    return CreditMemo(
        id=str(300 + number),
        number=f"{30000 + number:09d}",
        order_number=sale.order_number,
        currency=sale.currency,
        date=TODAY,
        customer=sale.customer,
        lines=lines,
        adjustments=keeps,
        tenders=back,
        totals=totals,
        sale=reference(sale),
    )
