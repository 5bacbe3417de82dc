"""The rows of a document before they are written as lines: every cent of the store's totals has its place.

Explicit tax comes first, each type's own; then what the totals hold beyond the rows, within `rounding_limit`.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from schemas.entities import Sale
from schemas.parts import ZERO, Line, LineKind
from worker.mapping.accounts import account, line_account
from worker.mapping.keys import item_code
from worker.mapping.result import RESTART, Unmappable
from worker.mapping.taxes import TAXLESS, line_tax_type, no_tax_type
from worker.settings import OrganisationSettings

ONE = Decimal(1)
_GOODS = LineKind.GOODS  # a look-up in an enum costs as much as a call, and this one is made for every line


class Row(Struct, frozen=True):
    """One line to be. `net` and `tax` are of the whole row; `_has_room` says which tax a net can have."""

    description: str
    net: Decimal
    account: str
    tax_type: str
    tax: Decimal = ZERO
    quantity: Decimal = ONE
    item: str = ""


def rows_of(sale: Sale, org: OrganisationSettings) -> list[Row]:
    """Rows that add up to the sale's totals. Raises `Unmappable`."""
    rows: list[Row] = []
    residual = sale.residual
    homeless: dict[str, Decimal] = {}  # tax that its own row has no room for, by tax type
    for line in sale.lines:
        row = _row(line, org)
        if ZERO <= row.tax <= row.net or _has_room(row.net, row.tax):
            rows.append(row)
            continue
        fitting = _with_room(row, line, org)
        homeless[row.tax_type] = homeless.get(row.tax_type, ZERO) + line.tax - fitting[0].tax
        rows += fitting
    for a in sale.adjustments:
        if a.amount:
            rows.append(
                Row(a.name.strip() or "Adjustment", a.amount, account("refund_adjustment", org), no_tax_type(org))
            )
    if homeless or residual.net or residual.tax:
        _check_limit(sale, org)
        _place(rows, homeless, sale, org)
    return rows


def _row(line: Line, org: OrganisationSettings) -> Row:
    kind, sku = line.kind, line.sku
    item = item_code(sku) if sku and kind is _GOODS else ""
    description = line.name.strip() or str(kind)
    return Row(description, line.net, line_account(kind, org), line_tax_type(line, org), line.tax, line.quantity, item)


def _with_room(row: Row, line: Line, org: OrganisationSettings) -> list[Row]:
    """The row as Xero takes it: tax may not be above the line's amount.

    A store that taxes the price before the discount has it so: then the discount gets a row of its own.
    """
    before_discount = line.net + line.discount
    if line.discount and _has_room(before_discount, line.tax):
        name = f"Discount: {row.description}"
        discount = Row(name, -line.discount, account("discount", org), no_tax_type(org))
        return [replace(row, net=before_discount), discount]
    return [replace(row, tax=max(line.net, ZERO) if line.tax > 0 else -abs(line.net))]


def _has_room(net: Decimal, tax: Decimal) -> bool:
    """Whether Xero takes the tax: none above the line's amount, which of a line below zero is none above zero."""
    return abs(tax) <= abs(net) and not net < ZERO < tax


def _check_limit(sale: Sale, org: OrganisationSettings) -> None:
    net, tax = sale.residual.net, sale.residual.tax
    if max(abs(net), abs(tax), abs(net + tax)) <= org.rounding_limit:
        return
    totals = sale.totals
    lines = f"net {totals.net - net}, tax {totals.tax - tax}, gross {totals.gross - net - tax}"
    detail = f"the rows hold {lines}; the store's totals are net {totals.net}, tax {totals.tax}, gross {totals.gross}"
    hint = (
        f"more than rounding_limit {org.rounding_limit}: find the amount the store does not list as a row, or raise "
        f"organisations.{org.name}.rounding_limit; {RESTART}"
    )
    raise Unmappable("residual_too_large", detail, hint)


def _place(rows: list[Row], homeless: dict[str, Decimal], sale: Sale, org: OrganisationSettings) -> None:
    """Each sum of tax goes whole to one row, of its own type if the store lists it, else to rows of its own."""
    residual = sale.residual
    alone: list[Row] = []
    for tax_type, tax in homeless.items():
        if tax and not _put_on_row(rows, tax, tax_type):
            alone += _tax_alone("Tax only", tax, tax_type, org)
    if residual.tax and not _put_on_row(rows, residual.tax):
        alone += _tax_alone("Rounding of tax", residual.tax, _most_taxed(sale, org), org)
    rows += alone
    if residual.net:
        rows.append(Row("Rounding", residual.net, account("rounding", org), no_tax_type(org)))


def _put_on_row(rows: list[Row], tax: Decimal, tax_type: str = "") -> bool:
    """Adds the tax to the largest taxed row that has room for it, of the type where one is given. False if none has."""
    able = [
        i
        for i, row in enumerate(rows)
        # an untaxed row is left so, even one of the type: it may be a gift card, or an adjustment
        if row.tax and (not tax_type or row.tax_type == tax_type) and _has_room(row.net, row.tax + tax)
    ]
    if not able:
        return False
    largest = max(able, key=lambda i: abs(rows[i].net))
    rows[largest] = replace(rows[largest], tax=rows[largest].tax + tax)
    return True


def _tax_alone(name: str, tax: Decimal, tax_type: str, org: OrganisationSettings) -> list[Row]:
    """Tax that no row has room for: two rows whose nets cancel out, on their account and under the tax type."""
    rounding = account("rounding", org)
    return [Row(name, tax, rounding, tax_type, tax), Row(name, -tax, rounding, tax_type)]


def _taxed_most(line: Line) -> tuple[bool, Decimal]:
    return bool(line.tax), abs(line.net)


def _most_taxed(sale: Sale, org: OrganisationSettings) -> str:
    """The tax type of the largest line with tax, else of the largest with a rate. Raises `Unmappable`."""
    # rows that are free, or of a cent or two, have a rate and no tax of their own; those of a reverse charge never
    able = (line for line in sale.lines if line.tax or (line.tax_rate and line_tax_type(line, org) != TAXLESS))
    taxed = max(able, key=_taxed_most, default=None)
    if taxed is None:
        tax, hint = sale.residual.tax, "mend the store's tax of this sale, then publish it again"
        raise Unmappable("tax_unplaced", f"tax of {tax}, and no row has tax or a rate above 0", hint)
    return line_tax_type(taxed, org)
