"""The lines of an invoice or credit note: what they name must exist and go together [xero 4.3, 5.4]."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import msgspec

from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.money import ZERO, AmountsAre, Figures, Given, figures
from deploy.sandbox.xero.settings_data import postable
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, length, objects, text

_LONGEST_DESCRIPTION = 4000
_MOST_TRACKING = 2
_MOST_REMEMBERED = 4096
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_AMOUNTS = ("Quantity", "UnitAmount", "LineAmount", "TaxAmount", "DiscountRate", "DiscountAmount")


class LineRules(NamedTuple):
    """What the document around the lines asks of them. `places` are those of the unit price."""

    amounts_are: AmountsAre
    approving: bool
    discounts: bool
    places: int


class Line(NamedTuple):
    """A line worked out: as it will be kept, but for its id. One that only describes has no figures."""

    kept: Json
    figures: Figures | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Lines:
    """Lines as they will be kept, and what was found on the way."""

    kept: list[Json] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, line_id: str, line: Line) -> None:
        """Add one, under its id."""
        self.kept.append({"LineItemID": line_id, **line.kept})
        self.warnings += line.warnings
        if line.figures is not None:
            self.figures.append(line.figures)


def build_lines(book: Book, elements: Iterable[Json], existing: list[Json], rules: LineRules) -> Lines:
    """Work all lines out. A line that names a known LineItemID keeps what it does not mention."""
    lines = Lines()
    known = {line["LineItemID"]: line for line in existing}
    for element in elements:
        try:
            line_id = text(element, "LineItemID") if "LineItemID" in element else None
            if line_id is None:
                lines.add(new_id(), _equal_or_built(book, element, rules))
            else:
                lines.add(line_id, _build(book, _merged(element, line_id, known), rules))
        except Refused as refusal:
            lines.refusals += refusal.messages
    return lines


def _equal_or_built(book: Book, element: Json, rules: LineRules) -> Line:
    """A shop sells the same things over and over: equal lines are worked out once, until accounts or tax rates change.

    What JSON tells apart is not equal here: the text "200" and the number 200, 1 and true, 1.0 and 1.00.
    """
    if "ItemCode" in element:
        return _build(book, element, rules)
    known = book.settings.lines
    key = (_spelt(element), rules)
    if (line := known.get(key)) is None:
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        line = known[key] = _build(book, element, rules)
    return line


def _spelt(element: Json) -> bytes | str:
    try:
        return _ENCODER.encode(element)
    except UnicodeEncodeError:  # half of a surrogate pair
        return repr(element)


def _merged(element: Json, line_id: str, known: dict[str, Json]) -> Json:
    if line_id.lower() not in known:
        raise Refused("A line item with the specified LineItemID could not be found")
    before = known[line_id.lower()]
    changed = any(name in element for name in ("Quantity", "UnitAmount", "DiscountRate", "DiscountAmount", "TaxType"))
    stale = {"LineAmount", "TaxAmount", "AccountID"} if changed else {"AccountID"}
    if "AccountID" in element:
        stale.add("AccountCode")
    return {**{name: value for name, value in before.items() if name not in stale}, **element}


def _build(book: Book, element: Json, rules: LineRules) -> Line:
    """Work one line out. Raises Refused."""
    description = text(element, "Description")
    if description is not None and length(description) > _LONGEST_DESCRIPTION:
        raise Refused(f"The Description field exceeds the maximum length of {_LONGEST_DESCRIPTION}")
    if _only_describes(element):
        return Line(_kept(element))
    element, item = _with_item(book, element)
    account, warnings = _account(book, element, rules)
    tax_type, rate = _tax(book, element, account, rules)
    given = _given(element, rules)
    worked = figures(given, rate=rate, amounts_are=rules.amounts_are, places=rules.places)
    kept = _kept(element)
    _add_figures(kept, given, worked)
    _add_references(kept, item, account, tax_type)
    kept["Tracking"] = _tracking(book, element)
    if rules.approving and "Description" not in kept:
        raise Refused("The Description field is mandatory")
    return Line(kept, worked, warnings)


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


def _account(book: Book, element: Json, rules: LineRules) -> tuple[Json | None, tuple[str, ...]]:
    """The account, and a warning where a draft's is not known and taken away."""
    code, account_id = text(element, "AccountCode"), text(element, "AccountID")
    if code is None and account_id is None:
        if rules.approving:
            raise Refused("Account code must be specified")
        return None, ()
    account = book.settings.account(code=code, account_id=account_id)
    if account is None and not rules.approving:
        return None, (f"Account code '{code}' has been removed as it does not match a recognised account.",)
    if not postable(account):
        raise Refused(f"Account code '{code or account_id}' is not a valid code for this document.")
    return account, ()


def _tax(book: Book, element: Json, account: Json | None, rules: LineRules) -> tuple[str | None, Decimal]:
    if rules.amounts_are is AmountsAre.NO_TAX:
        return "NONE", ZERO
    tax_type = text(element, "TaxType") or (None if account is None else account["TaxType"])
    if tax_type is None:
        if rules.approving:
            raise Refused("The TaxType field is mandatory")
        return None, ZERO
    if (refusal := book.settings.tax_refusal(tax_type, account)) is not None:
        raise Refused(refusal)
    return tax_type, book.settings.tax_rates[tax_type]["EffectiveRate"]


def _given(element: Json, rules: LineRules) -> Given:
    given = Given(*[amount(element, name) if name in element else None for name in _AMOUNTS])
    if not rules.discounts and (given.discount_rate or given.discount_amount):
        raise Refused("Discounts cannot be used on this type of document")
    return given


def _kept(element: Json) -> Json:
    """A line as it is kept: what is not given is not there."""
    kept: Json = {"Tracking": []}
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
