"""Items: untracked articles of the price list [xero 4.2]."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.sandbox.xero.batch import Naming, Saved
from deploy.sandbox.xero.contact_rules import too_long
from deploy.sandbox.xero.errors import CallRefused, Json, Refused, not_found
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.money import round_to
from deploy.sandbox.xero.settings_data import postable
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, nested, text

NAMING = Naming("Items", "ItemID", "HasValidationErrors")
MOST_ITEMS = 500
_LENGTHS = {"Code": 30, "Name": 50, "Description": 4000, "PurchaseDescription": 4000}
_DETAILS = {"SalesDetails": "IsSold", "PurchaseDetails": "IsPurchased"}


def create_item(book: Book, element: Json, places: int) -> Saved:
    """PUT: a new item, refused when its code is there already. Raises Refused."""
    code = text(element, "Code")
    if code is not None and book.items.find("Code", code):
        raise Refused(f"Price List Item with Code '{code}' already exists")
    return _write(book, None, element, places)


def save_item(book: Book, element: Json, places: int, item_id: str | None = None) -> Saved:
    """POST: update the item that id or code name, else create one. Raises Refused."""
    named = item_id or text(element, "ItemID")
    if named is not None:
        known = book.items.get(named)
        if known is None:
            raise Refused("An existing Item with the specified ItemID could not be found")
        return _write(book, known, element, places)
    found = book.items.find("Code", text(element, "Code") or "")
    return _write(book, found[0] if found else None, element, places)


def delete_item(book: Book, item_id: str) -> None:
    """DELETE. Raises CallRefused when there is no such item."""
    if book.items.get(item_id) is None:
        raise not_found()
    book.items.remove(item_id.lower())


def limit_items(elements: list[Json]) -> None:
    """A call carries at most 500 items [xero 2]. Raises CallRefused."""
    if len(elements) > MOST_ITEMS:
        message = f"{len(elements)} items in one call; the maximum is {MOST_ITEMS}"
        raise CallRefused(400, {"ErrorNumber": 10, "Type": "ValidationException", "Message": message})


def _write(book: Book, known: Json | None, element: Json, places: int) -> Saved:
    refusals = list(_refusals(book, element, known))
    if refusals:
        raise Refused(*refusals)
    item = known if known is not None else _new()
    item |= {field: value for field in _LENGTHS if (value := text(element, field)) is not None}
    item["Code"] = item["Code"].strip()
    for details, flag in _DETAILS.items():
        if isinstance(element.get(flag), bool):
            item[flag] = element[flag]
        if (given := nested(element, details)) is not None:
            item[details] = {**item[details], **_details(given, places)}
        if not item[flag]:
            item[details] = {}
    book.touch(item, book.items)
    return Saved(item)


def _new() -> Json:
    sold = {"IsSold": True, "IsPurchased": True, "IsTrackedAsInventory": False}
    return {"ItemID": new_id(), **sold, "SalesDetails": {}, "PurchaseDetails": {}}


def _details(given: Json, places: int) -> Json:
    details: Json = {key: value for key in ("AccountCode", "TaxType") if (value := text(given, key)) is not None}
    if (price := amount(given, "UnitPrice")) is not None:
        details["UnitPrice"] = round_to(price, places)
    return details


def _refusals(book: Book, element: Json, known: Json | None) -> Iterator[str]:
    code = text(element, "Code")
    if code is None and known is None:
        yield "The Code field is mandatory"
    if code is not None and any(other is not known for other in book.items.find("Code", code)):
        yield f"Price List Item with Code '{code}' already exists"
    yield from too_long(element, _LENGTHS)
    if text(element, "InventoryAssetAccountCode") is not None:
        yield "Tracked inventory is not part of this sandbox"
    for details in _DETAILS:
        yield from _detail_refusals(book, nested(element, details) or {}, known[details] if known else {})


def _detail_refusals(book: Book, given: Json, before: Json) -> Iterator[str]:
    """What is given must be good, and go with what stays."""
    code, tax_type = text(given, "AccountCode"), text(given, "TaxType")
    if code is not None and not postable(book.settings.account(code=code)):
        yield f"Account code '{code}' is not a valid code for this document."
        return
    taxed = tax_type or before.get("TaxType")
    if taxed is not None and (code or tax_type):
        account = book.settings.account(code=code or before.get("AccountCode"))
        if (refusal := book.settings.tax_refusal(taxed, account)) is not None:
            yield refusal
