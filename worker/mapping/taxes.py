"""Which tax type a line has: the store's code first, then its rate."""

from __future__ import annotations

from schemas.parts import Line
from worker.mapping.result import RESTART, Unmappable
from worker.settings import OrganisationSettings
from worker.settings.organisation import NO_TAX, rate_key, tax_key

_ZERO_RATE = "0"
TAXLESS = "NONE"
"""Xero's own type of lines without tax, in every country. https://developer.xero.com/documentation/api/accounting/types"""


def line_tax_type(line: Line, org: OrganisationSettings) -> str:
    """The TaxType of a line. Raises `Unmappable` with the setting to add, or to change."""
    code, rate, types = line.tax_code, line.tax_rate, org.tax
    found = types.get(code) if code else None
    if found is None and code:
        found = types.get(tax_key(code))
    if found is None and rate is not None:
        found = types.get(rate_key(rate))
    if found == TAXLESS and line.tax:
        # Xero takes an explicit tax amount whatever the rate is: the tax return would have it under sales without tax
        raise _taxless(line, found, org)
    if found is not None:
        return found
    if not line.tax and not code and not rate:
        return no_tax_type(org)
    wanted = code or (rate_key(rate) if rate is not None else "")
    raise _unmapped(wanted, f'the line "{line.name[:60]}" has tax {line.tax}', org)


def no_tax_type(org: OrganisationSettings) -> str:
    """The TaxType of lines without tax, such as rounding. Raises `Unmappable`."""
    found = org.tax.get(NO_TAX) or org.tax.get(_ZERO_RATE)
    if found is None:
        raise _unmapped(NO_TAX, "a line without tax", org)
    return found


def _taxless(line: Line, found: str, org: OrganisationSettings) -> Unmappable:
    detail = f'the line "{line.name[:60]}" has tax {line.tax}, and its tax type {found} is that of lines without tax'
    named = line.tax_code or (rate_key(line.tax_rate) if line.tax_rate else "")
    hint = (
        f'give [organisations.{org.name}.tax] "{named}" the TaxType of what the store charged; {RESTART}'
        if named
        else "the store has to send the tax_rate that it charged; then publish the sale again"
    )
    return Unmappable("tax_unmapped", detail, hint)


def _unmapped(wanted: str, what: str, org: OrganisationSettings) -> Unmappable:
    if not wanted:
        hint = "the store has to send the line's tax_code or tax_rate; then publish the sale again"
        return Unmappable("tax_unmapped", f"{what}, and neither tax code nor rate", hint)
    hint = f'add to the configuration: [organisations.{org.name}.tax] "{wanted}" = "<TaxType>"; {RESTART}'
    return Unmappable("tax_unmapped", f'{what} under "{wanted}", which has no tax type', hint)
