"""What differs between a document as it was sent and as Xero has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from worker.documents.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.elements import DIGESTS
from worker.xero.endpoints import GONE, inner, same_id
from worker.xero.facts import date_of, facts_of, money, rate_of

_CENT = Decimal("0.01")
_WORDS = ("Description", "AccountCode", "TaxType", "Tracking")
_EQUIVALENT = {"AUTHORISED": frozenset({"AUTHORISED", "PAID"})}
"""Xero itself turns an approved document that owes nothing into a paid one."""


def differences(member: Member, element: Mapping[str, Any]) -> list[str]:
    """One phrase per difference, figures included; none means the same."""
    if member.action is Action.VOID:
        counts = element.get("Status") not in GONE and not _books_nothing(element)
        return [f"status {element.get('Status')}, expected void"] if counts else []
    if member.kind is Kind.PAYMENT:
        return list(payment_differences(member.element, element))
    if member.kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
        words = _words(member.element, element) if member.xero_id else ()
        return [*_sale(member.element, element), *words]
    return list(_covered(member.element, element))


def _books_nothing(element: Mapping[str, Any]) -> bool:
    """Whether no line of it is worth anything: Xero calls it paid once it is approved, and may keep it so."""
    lines = element.get("LineItems") or ()
    worth = any(line_amount(line) or money(line.get("TaxAmount")) for line in lines)
    return element.get("Status") == "PAID" and bool(lines) and not worth and not money(element.get("Total"))


def totals_of(element: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """The total and the tax that the lines we sent add up to; `None` where Xero was left to calculate."""
    lines = [line for line in element.get("LineItems") or () if isinstance(line, Mapping)]
    if lines and all("LineItemID" in line and not _has_amount(line) for line in lines):
        return None, None  # an update of words alone
    amounts = [line_amount(line) for line in lines]
    net = sum(amounts, Decimal(0))
    mode = element.get("LineAmountTypes")
    if mode == "NoTax":
        return net, Decimal(0)
    taxes = [money(line.get("TaxAmount")) for line, amount in zip(lines, amounts, strict=True) if amount]
    tax = None if any(t is None for t in taxes) else sum((t for t in taxes if t is not None), Decimal(0))
    if mode == "Inclusive":
        return net, tax
    return (None if tax is None else net + tax), tax


def _has_amount(line: Mapping[str, Any]) -> bool:
    return "UnitAmount" in line or "LineAmount" in line


def line_amount(line: Mapping[str, Any]) -> Decimal:
    """What Xero makes of a line's figures, or says it is."""
    given = money(line.get("LineAmount"))
    if given is not None:
        return given
    amount = (money(line.get("Quantity")) or Decimal(0)) * (money(line.get("UnitAmount")) or Decimal(0))
    rate = money(line.get("DiscountRate")) or Decimal(0)
    amount = amount * (100 - rate) / 100 - (money(line.get("DiscountAmount")) or Decimal(0))
    return amount.quantize(_CENT, ROUND_HALF_UP)


def lines_said(kind: Kind, ours: Mapping[str, Any]) -> str | None:
    """The mark of the lines we say, as `facts_of` has that of Xero's: words, accounts, tax types, amounts."""
    lines = [{**line, "LineAmount": line_amount(line)} for line in ours.get("LineItems") or ()]
    mark: str | None = facts_of(kind, {"LineItems": lines}).get("lines")
    return mark


def item_code_of(line: Mapping[str, Any]) -> str:
    """Xero writes an item's code on a line as the item has it, and finds it in any case."""
    return str(line.get("ItemCode") or "").strip().lower()


def _sale(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    yield from sums_unequal(totals_of(ours), theirs)
    yield from _unequal("currency", ours.get("CurrencyCode"), theirs.get("CurrencyCode"))
    yield from _unequal("date", date_of(ours), date_of(theirs))
    contact = inner(ours, "Contact").get("ContactID")
    if contact and not same_id(contact, inner(theirs, "Contact").get("ContactID")):
        yield "another contact"
    yield from _status(str(ours.get("Status") or ""), str(theirs.get("Status") or ""))


def sums_unequal(sums: tuple[Decimal | None, Decimal | None], theirs: Mapping[str, Any]) -> Iterator[str]:
    """One phrase for a total, and one for a tax, that Xero shows otherwise than `sums`. What is not said is equal."""
    total, tax = sums
    yield from _unequal("total", total, money(theirs.get("Total")))
    yield from _unequal("tax", tax, money(theirs.get("TotalTax")))


def _words(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """What an update changes beside the sums; values are not named, they may be personal."""
    if "Reference" in ours and _plain(ours["Reference"]) != _plain(theirs.get("Reference")):
        yield "another reference"
    yield from _unequal("due date", date_of(ours, "DueDate"), date_of(theirs, "DueDate"))
    yield from _unequal("rate", rate_of(ours), rate_of(theirs))
    if "BrandingThemeID" in ours and not same_id(ours["BrandingThemeID"], theirs.get("BrandingThemeID")):
        yield "another branding theme"
    lines, there = ours.get("LineItems"), theirs.get("LineItems")
    if lines and there and not _are_lines(lines, there):
        yield "other lines"


def _are_lines(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether theirs are what an update makes of them, each once: equal sums may be those of the lines before it."""
    left = list(theirs)
    for line in sorted(ours, key=lambda line: "LineItemID" not in line):
        there = next((one for one in left if _is_line(line, one)), None)
        if there is None:
            return False
        left.remove(there)
    return not left


def _is_line(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """By its id, unless it is new, and by whatever an update says of it."""
    if "LineItemID" in ours and not same_id(ours["LineItemID"], theirs.get("LineItemID")):
        return False
    if any(name in ours and not _covers(theirs.get(name), ours[name]) for name in _WORDS):
        return False
    if "ItemCode" in ours and item_code_of(ours) != item_code_of(theirs):
        return False
    figures = [name for name in ("Quantity", "TaxAmount") if name in ours]
    if any(money(ours[name]) != money(theirs.get(name)) for name in figures):
        return False
    return not _has_amount(ours) or line_amount(ours) == line_amount(theirs)


def _status(ours: str, theirs: str) -> Iterator[str]:
    expected = _EQUIVALENT.get(ours)
    if theirs in GONE or (expected is not None and theirs and theirs not in expected):
        yield f"status {theirs}, expected {ours or 'one that counts'}"


def payment_differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """One phrase for each thing that Xero has otherwise than `ours` says. What is not said is equal."""
    yield from _unequal("amount", money(ours.get("Amount")), money(theirs.get("Amount")))
    yield from _unequal("date", date_of(ours), date_of(theirs))
    for name in ("AccountID", "Code"):
        wanted, got = inner(ours, "Account").get(name), inner(theirs, "Account").get(name)
        if wanted and got and not same_id(wanted, got):
            yield f"account {got}, expected {wanted}"
    for name in ("Invoice", "CreditNote"):
        wanted, got = inner(ours, name).get(f"{name}ID"), inner(theirs, name).get(f"{name}ID")
        if wanted and got and not same_id(wanted, got):
            yield f"pays another {name}"
    if theirs.get("Status") in GONE:
        yield "deleted"


def _unequal(what: str, ours: object, theirs: object) -> Iterator[str]:
    if ours is not None and theirs is not None and ours != theirs:
        yield f"{what} {theirs}, expected {ours}"


def _covered(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """The fields of ours that theirs does not repeat. Values are not named: they may be personal."""
    if theirs.get("ContactStatus") == "ARCHIVED":
        yield "archived"
    for name, value in ours.items():
        if name != DIGESTS and not _covers(theirs.get(name), value):
            yield f"{name} differs"


def _covers(theirs: Any, ours: Any) -> bool:
    if isinstance(ours, Mapping):
        return isinstance(theirs, Mapping) and all(_covers(theirs.get(n), v) for n, v in ours.items())
    if isinstance(ours, list | tuple):
        return isinstance(theirs, list) and all(any(_covers(t, o) for t in theirs) for o in ours)
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return bool(theirs) == bool(ours)
    return _plain(theirs) == _plain(ours)


def _plain(value: Any) -> object:
    """Numbers by value, text without surrounding spaces; what is empty is equal to what is absent."""
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return "" if value is None else str(value).strip()
