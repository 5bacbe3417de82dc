"""The lines of an invoice or credit note: what they name must exist and go together [xero 4.3, 5.4]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.money import ZERO, AmountsAre, Figures, Given, figures
from deploy.sandbox.xero.settings_data import postable, tax_fits
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, objects, text

_LONGEST_DESCRIPTION = 4000
_MOST_TRACKING = 2
_AMOUNTS = ("Quantity", "UnitAmount", "LineAmount", "TaxAmount", "DiscountRate", "DiscountAmount")


@dataclass(frozen=True, slots=True)
class LineRules:
    """What the document around the lines asks of them. `places` are those of the unit price."""

    amounts_are: AmountsAre
    approving: bool
    discounts: bool
    places: int


@dataclass(slots=True)
class Lines:
    """Lines as they will be kept, and what was found on the way."""

    kept: list[Json] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def build_lines(book: Book, elements: Iterable[Json], existing: list[Json], rules: LineRules) -> Lines:
    """Work all lines out. A line that names a known LineItemID keeps what it does not mention."""
    lines = Lines()
    known = {line["LineItemID"]: line for line in existing}
    for element in elements:
        try:
            _build(book, _merged(element, known), rules, lines)
        except Refused as refusal:
            lines.refusals += refusal.messages
    return lines


def _merged(element: Json, known: dict[str, Json]) -> Json:
    line_id = text(element, "LineItemID")
    if line_id is None:
        return {**element, "LineItemID": new_id()}
    if line_id.lower() not in known:
        raise Refused("A line item with the specified LineItemID could not be found")
    before = known[line_id.lower()]
    changed = any(name in element for name in ("Quantity", "UnitAmount", "DiscountRate", "DiscountAmount", "TaxType"))
    stale = {"LineAmount", "TaxAmount", "AccountID"} if changed else {"AccountID"}
    if "AccountID" in element:
        stale.add("AccountCode")
    return {**{name: value for name, value in before.items() if name not in stale}, **element}


def _build(book: Book, element: Json, rules: LineRules, lines: Lines) -> None:
    description = text(element, "Description")
    if description is not None and len(description) > _LONGEST_DESCRIPTION:
        raise Refused(f"The Description field exceeds the maximum length of {_LONGEST_DESCRIPTION}")
    if _only_describes(element):
        lines.kept.append(_kept(element))
        return
    element, item = _with_item(book, element)
    account = _account(book, element, rules, lines)
    tax_type, rate = _tax(book, element, account, rules)
    given = _given(element, rules)
    worked = figures(given, rate=rate, amounts_are=rules.amounts_are, places=rules.places)
    kept = _kept(element)
    _add_figures(kept, given, worked)
    _add_references(kept, item, account, tax_type)
    kept["Tracking"] = _tracking(book, element)
    if rules.approving and "Description" not in kept:
        raise Refused("The Description field is mandatory")
    lines.kept.append(kept)
    lines.figures.append(worked)


def _only_describes(element: Json) -> bool:
    if text(element, "AccountCode") or text(element, "ItemCode") or text(element, "AccountID"):
        return False
    return all(amount(element, name) is None for name in _AMOUNTS)


def _with_item(book: Book, element: Json) -> tuple[Json, Json | None]:
    """An item fills only what the line leaves out [xero 4.2]."""
    code = text(element, "ItemCode")
    if code is None:
        return element, None
    found = book.items.find("Code", code)
    if not found:
        raise Refused(f"Item code '{code}' is not valid")
    item = found[0]
    details = item["SalesDetails"]
    defaults = {"Description": item.get("Description"), "UnitAmount": details.get("UnitPrice")}
    if amount(element, "LineAmount") is not None:
        del defaults["UnitAmount"]
    defaults |= {"AccountCode": details.get("AccountCode"), "TaxType": details.get("TaxType")}
    if text(element, "AccountID") is not None:
        del defaults["AccountCode"]
    given = {name: value for name, value in element.items() if value not in (None, "")}
    return {**{name: value for name, value in defaults.items() if value is not None}, **given}, item


def _account(book: Book, element: Json, rules: LineRules, lines: Lines) -> Json | None:
    code, account_id = text(element, "AccountCode"), text(element, "AccountID")
    if code is None and account_id is None:
        if rules.approving:
            raise Refused("Account code must be specified")
        return None
    account = book.settings.account(code=code, account_id=account_id)
    if account is None and not rules.approving:
        lines.warnings.append(f"Account code '{code}' has been removed as it does not match a recognised account.")
        return None
    if not postable(account):
        raise Refused(f"Account code '{code or account_id}' is not a valid code for this document.")
    return account


def _tax(book: Book, element: Json, account: Json | None, rules: LineRules) -> tuple[str | None, Decimal]:
    if rules.amounts_are is AmountsAre.NO_TAX:
        return "NONE", ZERO
    tax_type = text(element, "TaxType") or (None if account is None else account["TaxType"])
    if tax_type is None:
        if rules.approving:
            raise Refused("The TaxType field is mandatory")
        return None, ZERO
    rate = book.settings.tax_rates.get(tax_type)
    if rate is None or rate["Status"] != "ACTIVE":
        message = f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction."
        raise Refused(message)
    if account is not None and not tax_fits(rate, account):
        raise Refused(f"The TaxType code '{tax_type}' cannot be used with account code '{account['Code']}'.")
    return rate["TaxType"], rate["EffectiveRate"]


def _given(element: Json, rules: LineRules) -> Given:
    given = Given(*[amount(element, name) if name in element else None for name in _AMOUNTS])
    if not rules.discounts and (given.discount_rate or given.discount_amount):
        raise Refused("Discounts cannot be used on this type of document")
    return given


def _kept(element: Json) -> Json:
    """A line as it is kept: what is not given is not there."""
    kept: Json = {"LineItemID": element["LineItemID"], "Tracking": []}
    if (description := text(element, "Description")) is not None:
        kept["Description"] = description
    return kept


def _add_figures(kept: Json, given: Given, worked: Figures) -> None:
    kept["Quantity"] = worked.quantity
    kept["UnitAmount"] = worked.unit_amount
    kept["LineAmount"] = worked.line_amount
    kept["TaxAmount"] = worked.tax
    if given.discount_rate is not None:
        kept["DiscountRate"] = given.discount_rate
    if given.discount_amount is not None:
        kept["DiscountAmount"] = given.discount_amount


def _add_references(kept: Json, item: Json | None, account: Json | None, tax_type: str | None) -> None:
    if tax_type is not None:
        kept["TaxType"] = tax_type
    if item is not None:
        kept["ItemCode"] = item["Code"]
        kept["Item"] = {"ItemID": item["ItemID"], "Name": item.get("Name"), "Code": item["Code"]}
    if account is not None:
        kept["AccountCode"] = account["Code"]
        kept["AccountID"] = account["AccountID"]


def _tracking(book: Book, element: Json) -> list[Json]:
    given = objects(element, "Tracking")
    if not given:
        return []
    if len(given) > _MOST_TRACKING:
        raise Refused(f"A line item can have at most {_MOST_TRACKING} tracking categories")
    made = []
    for wanted in given:
        name, option = text(wanted, "Name") or "", text(wanted, "Option") or ""
        found = book.settings.track(name, option)
        if found is None:
            raise Refused(f"The tracking option '{option}' of the tracking category '{name}' could not be found")
        made.append(found)
    return made
