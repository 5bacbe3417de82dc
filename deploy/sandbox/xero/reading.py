"""How documents are shown, and the lists of them: filters, paging, what it leaves out or refuses [xero 7]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy.sandbox.xero.errors import CallRefused, Json, query_refused, too_much
from deploy.sandbox.xero.money import round_to
from deploy.sandbox.xero.query import Condition, parse_where
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.table import Table, at, folded

MOST_PER_PAGE = 1000
MOST_RECORDS = 100_000
MOST_PLACES = 4
_PER_PAGE = 100
_CONTACT_FIELDS = ("ContactID", "ContactNumber", "Name", "ContactStatus", "EmailAddress")
_LINE_FILTERS = ("Statuses", "page", "pageSize")


@dataclass(frozen=True, slots=True)
class Listing:
    """What can be asked of a list. `filters` maps a query parameter with comma separated values to a field.

    Only `optimised` fields may be compared, and only `sorts` ordered by, in an organisation that has very many.
    """

    plural: str
    table: Callable[[Book], Table]
    fields: frozenset[str]
    number_field: str
    show: Callable[[Book, Json, int], Json]
    optimised: frozenset[str]
    sorts: frozenset[str] = frozenset()
    filters: Mapping[str, str] = field(default_factory=dict)
    search: tuple[str, ...] = ()
    summary_drops: tuple[str, ...] = ()
    paged: bool = True
    hides_archived: bool = False
    lines_only_when_paged: bool = False
    only_on_pages: frozenset[str] = frozenset()


def show_as_is(_book: Book, document: Json, _places: int) -> Json:
    """A document without references to others."""
    return document


def show_document(book: Book, document: Json, places: int) -> Json:
    """An invoice or credit note with its contact's name of today and its unit prices at the places asked for."""
    contact = book.contacts.get(document["Contact"]["ContactID"]) or {}
    shown = {name: contact[name] for name in _CONTACT_FIELDS if name in contact}
    lines = document["LineItems"]
    if places < MOST_PLACES:
        lines = [_priced(line, "UnitAmount", places) for line in lines]
    return {**document, "Contact": shown, "LineItems": lines}


def show_item(_book: Book, item: Json, places: int) -> Json:
    """An item with its unit prices at the places asked for."""
    if places == MOST_PLACES:
        return item
    return {**item, **{name: _priced(item[name], "UnitPrice", places) for name in ("SalesDetails", "PurchaseDetails")}}


def _priced(part: Json, name: str, places: int) -> Json:
    return {**part, name: round_to(part[name], places)} if name in part else part


def places_of(query: Mapping[str, str]) -> int:
    """Decimal places of unit prices: 4 with `unitdp=4`, else 2 [xero 5.2]."""
    return MOST_PLACES if query.get("unitdp") == "4" else 2


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A true-or-false parameter, its name in any case."""
    value = next((v for key, v in query.items() if key.lower() == name.lower()), None)
    return default if value is None else value.lower() == "true"


def list_documents(
    book: Book, listing: Listing, query: Mapping[str, str], since: str | None
) -> tuple[list[Json], Json | None]:
    """The documents asked for and, of a paged list, its page. Raises CallRefused."""
    if flag(query, "createdByMyApp", default=False):
        raise query_refused("this sandbox does not keep which app created a document")
    found = _ordered(_selected(book, listing, query, since), query.get("order"))
    page: Json | None = None
    summary = flag(query, "summaryOnly", default=False) and bool(listing.summary_drops)
    if listing.paged and ("page" in query or "pageSize" in query or summary):
        found, page = _page(found, query)
    if len(found) > MOST_RECORDS:
        raise too_much(listing.plural)
    shown = [listing.show(book, document, places_of(query)) for document in found]
    drops = set(listing.summary_drops) if summary else set()
    if listing.lines_only_when_paged and not any(name in query for name in _LINE_FILTERS):
        drops.add("LineItems")
    if page is None:
        drops |= listing.only_on_pages
    if drops:
        shown = [{name: value for name, value in one.items() if name not in drops} for one in shown]
    return shown, page


def _selected(book: Book, listing: Listing, query: Mapping[str, str], since: str | None) -> list[Json]:
    table = listing.table(book)
    condition = parse_where(query["where"], listing.fields) if query.get("where") else None
    found: Iterable[Json] = _offered(table, listing, query)
    if found is table and len(table) > MOST_RECORDS:
        _check_volume(listing, condition, query.get("order"))
    if condition is not None:
        narrowed = condition.candidates(table) if found is table else None
        shown = condition.matches
        found = [d for d in (found if narrowed is None else narrowed) if shown(_with_name(book, d))]
    for name, path in listing.filters.items():
        if wanted := _values(query, name):
            found = [document for document in found if str(at(document, path)).lower() in wanted]
    if listing.hides_archived and not flag(query, "includeArchived", default=False):
        found = [document for document in found if document["ContactStatus"] == "ACTIVE"]
    if since is not None:
        moment = _moment(since)
        found = [document for document in found if document["UpdatedDateUTC"] > moment]
    if term := query.get("searchTerm"):
        found = [d for d in found if any(folded(term) in folded(str(at(d, path) or "")) for path in listing.search)]
    return list(found)


def _check_volume(listing: Listing, condition: Condition | None, order: str | None) -> None:
    """Of very many records only optimised questions are answered. Raises CallRefused."""
    compared = set() if condition is None else set(condition.paths())
    sorted_by = {order.partition(" ")[0]} if order else set()
    if compared - listing.optimised or sorted_by - listing.sorts:
        raise too_much(listing.plural)


def _with_name(book: Book, document: Json) -> Json:
    contact = document.get("Contact")
    if not contact:
        return document
    return {**document, "Contact": book.contacts.get(contact["ContactID"])}


def _offered(table: Table, listing: Listing, query: Mapping[str, str]) -> Iterable[Json]:
    """The table itself, or the few documents that a filter names by id or number."""
    if ids := _raw_values(query, "IDs") if "IDs" in listing.filters else []:
        return [document for one in dict.fromkeys(ids) if (document := table.get(one)) is not None]
    for name, path in listing.filters.items():
        if table.indexed(path) is not None and (wanted := _raw_values(query, name)):
            return [document for one in dict.fromkeys(wanted) for document in table.find(path, one)]
    return table


def _raw_values(query: Mapping[str, str], name: str) -> list[str]:
    return [value.strip() for value in query.get(name, "").split(",") if value.strip()]


def _values(query: Mapping[str, str], name: str) -> set[str]:
    return {value.lower() for value in _raw_values(query, name)}


def _moment(since: str) -> datetime:
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise CallRefused(412, {"Title": "Precondition Failed", "Status": 412, "Detail": since}) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _ordered(documents: list[Json], order: str | None) -> list[Json]:
    if not order:
        return documents
    name, _, direction = order.partition(" ")
    try:
        return sorted(documents, key=lambda d: _sortable(at(d, name)), reverse=direction.strip().upper() == "DESC")
    except TypeError as error:
        raise query_refused(f"cannot order by {name!r}: {error}") from error


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _page(documents: list[Json], query: Mapping[str, str]) -> tuple[list[Json], Json]:
    number, size = _positive(query.get("page"), 1), _positive(query.get("pageSize"), _PER_PAGE)
    if size > MOST_PER_PAGE:
        raise query_refused(f"a page has at most {MOST_PER_PAGE} documents")
    count = len(documents)
    pages = -(-count // size)
    head = {"page": number, "pageSize": size, "pageCount": pages, "itemCount": count}
    return documents[(number - 1) * size : number * size], head


def _positive(value: str | None, default: int) -> int:
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or int(value) < 1:
        raise query_refused(f"{value!r} is no page")
    return int(value)
