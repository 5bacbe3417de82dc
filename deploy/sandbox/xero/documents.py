"""The way of an invoice or credit note into the books [xero 4.3, 4.5]."""

from __future__ import annotations

from deploy.sandbox.xero.batch import Saved
from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.family import ALLOCATED, FROZEN, Family, fixed_changed, status_refusal
from deploy.sandbox.xero.header import (
    build_header,
    find_contact,
    header_refusals,
    header_warnings,
    number_refusals,
    settle_contact,
    with_currency,
)
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.lines import LineRules, Lines, build_lines
from deploy.sandbox.xero.money import ZERO, AmountsAre, totals
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, nested, objects, text

_NO_CONTACT = "A Contact must be specified for this type of transaction"
_ENDED = frozenset({"VOIDED", "DELETED"})


def create_document(book: Book, family: Family, element: Json, places: int) -> Saved:
    """PUT: a new document; one whose number is taken is refused. Raises Refused."""
    if text(element, family.naming.id_field) is not None:
        raise Refused(f"A new document cannot be given a {family.naming.id_field}")
    return _write(book, family, None, element, places)


def save_document(book: Book, family: Family, element: Json, places: int, document_id: str | None = None) -> Saved:
    """POST: change the document that id, else number names, or create one. Raises Refused."""
    named = document_id or text(element, family.naming.id_field)
    if named is not None:
        known = family.table(book).get(named)
        if known is None:
            raise Refused(family.unknown)
        return _write(book, family, known, element, places)
    number = text(element, family.number_field)
    same = family.table(book).find(family.number_field, number) if number else []
    sales = [document for document in same if document["Type"] == family.sale]
    return _write(book, family, sales[0] if sales else None, element, places)


def _write(book: Book, family: Family, known: Json | None, element: Json, places: int) -> Saved:
    header = build_header(book, family, known, element)
    settled = known is not None and family.settled_by(known)
    if (refusal := status_refusal(known, header["Status"], settled=settled)) is not None:
        raise Refused(refusal)
    _check_locks(book, known, header)
    if known is not None and header["Status"] in _ENDED:
        return _end(book, family, known, header)
    given = nested(element, "Contact")
    contact = _contact(book, known, given)
    with_currency(book, header, {**({} if known is None else _rate_of(known, header)), **element}, contact)
    refusals = list(header_refusals(book, family, known, header))
    amounts_are = _amounts_are(header)
    lines = _lines(book, family, known, element, header, amounts_are, places)
    refusals += lines.refusals
    after = {**(known or _new(family)), **header, **_sums(lines, amounts_are)}
    if family.discounts:
        after |= _discounts(lines)
    if known is not None and settled and (fixed_changed(known, after) or _moves_credit(known, contact)):
        refusals.append(ALLOCATED)
    elif known is not None and known["Status"] == "PAID" and fixed_changed(known, after):
        refusals.append(FROZEN)  # of a total of 0, which nobody pays
    if refusals:
        raise Refused(*refusals)
    _check_total(element, after)
    approves = _approves(known, after)
    if approves and not book.may_approve(after["Date"]):
        raise Refused("You have reached the limit of invoices you can approve")
    saved = _keep(book, family, known, after, given, contact, (*header_warnings(header, element), *lines.warnings))
    if approves:
        book.count_approval(after["Date"])
    return saved


def _check_locks(book: Book, known: Json | None, header: Json) -> None:
    days = {header["Date"]} if known is None else {header["Date"], known["Date"]}
    for day in days:
        if (refusal := book.settings.lock_refusal(day)) is not None:
            raise Refused(refusal)


def _end(book: Book, family: Family, known: Json, header: Json) -> Saved:
    """Void or delete it, under the number that came along. Raises Refused."""
    refusals = tuple(number_refusals(book, family, known, header))
    if refusals:
        raise Refused(*refusals)
    known |= {name: header[name] for name in ("Status", family.number_field)}
    family.settle(known)
    book.touch(known, family.table(book))
    return Saved(known)


def _contact(book: Book, known: Json | None, given: Json | None) -> Json | None:
    if given is not None:
        return find_contact(book, given)
    if known is None:
        raise Refused(_NO_CONTACT)
    return book.contacts.get(known["Contact"]["ContactID"])


def _rate_of(known: Json, header: Json) -> Json:
    same = known["CurrencyCode"] == (header["CurrencyCode"] or known["CurrencyCode"])
    return {"CurrencyRate": known["CurrencyRate"]} if same else {}


def _new(family: Family) -> Json:
    return {family.naming.id_field: new_id(), "HasAttachments": False, "SentToContact": False}


def _amounts_are(header: Json) -> AmountsAre:
    try:
        return AmountsAre(header["LineAmountTypes"])
    except ValueError:
        raise Refused("The LineAmountTypes must be Exclusive, Inclusive or NoTax") from None


def _lines(
    book: Book,
    family: Family,
    known: Json | None,
    element: Json,
    header: Json,
    amounts_are: AmountsAre,
    places: int,
) -> Lines:
    approving = header["Status"] in {"AUTHORISED", "PAID"}
    rules = LineRules(amounts_are, approving, family.discounts and header["Type"] == family.sale, places)
    existing: list[Json] = [] if known is None else known["LineItems"]
    given = objects(element, "LineItems")
    if given is None:
        given = [{"LineItemID": line["LineItemID"]} for line in existing]
        rules = LineRules(amounts_are, approving, rules.discounts, 4)
    if approving and not given:
        raise Refused("One or more line items must be specified")
    return build_lines(book, given, existing, rules)


def _sums(lines: Lines, amounts_are: AmountsAre) -> Json:
    sums = totals(lines.figures, amounts_are)
    return {"LineItems": lines.kept, "SubTotal": sums.net, "TotalTax": sums.tax, "Total": sums.gross}


def _discounts(lines: Lines) -> Json:
    given = [line for line in lines.kept if line.get("DiscountRate") or line.get("DiscountAmount")]
    discount = sum((line["Quantity"] * line["UnitAmount"] - line["LineAmount"] for line in given), ZERO)
    return {"TotalDiscount": discount, "IsDiscounted": bool(discount)}


def _check_total(element: Json, after: Json) -> None:
    if after["Status"] == "AUTHORISED" and after["Total"] < 0:
        raise Refused("The document total must not be negative")
    for field in ("SubTotal", "TotalTax", "Total"):
        if field not in element:
            continue
        sent = amount(element, field)
        if sent is not None and "LineItems" in element and sent != after[field]:
            raise Refused("The document total does not equal the sum of the lines")


def _moves_credit(known: Json, contact: Json | None) -> bool:
    """Whether the contact changes under a credit note that is on the document."""
    moves = contact is None or known["Contact"]["ContactID"] != contact["ContactID"]
    return moves and bool(known.get("CreditNotes") or known.get("Allocations"))


def _approves(known: Json | None, after: Json) -> bool:
    """Whether this approves a sales invoice, of which a plan may allow only some a month."""
    approved = known is not None and known["Status"] == "AUTHORISED"
    return after["Type"] == "ACCREC" and after["Status"] == "AUTHORISED" and not approved


def _keep(
    book: Book,
    family: Family,
    known: Json | None,
    after: Json,
    given: Json | None,
    contact: Json | None,
    warnings: tuple[str, ...],
) -> Saved:
    if given is not None:
        after["Contact"] = {"ContactID": settle_contact(book, given, contact)}
    table = family.table(book)
    if after[family.number_field] is None:
        after[family.number_field] = book.next_number(family.number_prefix, table, family.number_field)
    document = after if known is None else known
    document |= after
    family.settle(document)
    book.touch(document, table)
    return Saved(document, warnings)
