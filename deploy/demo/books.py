"""The books in Xero as they are compared: what they hold, and in what they differ from what they should. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from deploy.demo.spoiled import Bad

Sums = tuple[Decimal, Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Books:
    """What Xero holds, by our numbers: documents as Xero shows them."""

    contacts: Mapping[str, Mapping[str, Any]]
    items: Mapping[str, Mapping[str, Any]]
    invoices: Mapping[str, Mapping[str, Any]]
    credit_notes: Mapping[str, Mapping[str, Any]]
    payments: Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Difference:
    """`missing` and `extra` name documents, `cents` adds up every amount that differs."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    cents: int = 0
    wrong: list[str] = field(default_factory=list)

    def amounts(self, name: str, store: Sequence[Decimal], xero: Sequence[Decimal]) -> None:
        """Count what differs between the store's amounts and Xero's."""
        off = sum(abs(int((a - b) * 100)) for a, b in zip(store, xero, strict=True))
        if off:
            self.cents += off
            self.wrong.append(f"{name}: store {list(map(str, store))}, xero {list(map(str, xero))}")


def by_number(documents: Iterable[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    """Documents under their number; of a payment's reference that is the first word, the gateway's follows."""
    if key == "Reference":
        return {str(document.get(key) or "").split(" ")[0]: document for document in documents}
    return {str(document.get(key) or ""): document for document in documents}


def parked_as_spoiled(bad: Iterable[Bad], reasons: Iterable[str]) -> bool:
    """Exactly the spoiled messages are parked, each for the reason it has."""
    return Counter(reasons) == Counter(one.reason for one in bad)


def sums_of(document: Mapping[str, Any]) -> Sums:
    """Net, tax and gross of a document as Xero shows it."""
    return (amount_of(document, "SubTotal"), amount_of(document, "TotalTax"), amount_of(document, "Total"))


def amount_of(document: Mapping[str, Any], key: str) -> Decimal:
    """One amount of a document; 0 where Xero leaves it out."""
    return Decimal(str(document.get(key) or 0))
