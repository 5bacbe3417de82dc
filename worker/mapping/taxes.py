"""Which tax type a line has: the store's code first, then its rate."""

from __future__ import annotations

from schemas.entities import Line
from worker.mapping.result import Unmappable
from worker.settings import OrganisationSettings
from worker.settings.organisation import NO_TAX, rate_key, tax_key

_ZERO_RATE = "0"


def line_tax_type(line: Line, org: OrganisationSettings) -> str:
    """The TaxType of a line. Raises `Unmappable` with the setting to add."""
    found = org.tax.get(line.tax_code) if line.tax_code else None
    if found is None and line.tax_code:
        found = org.tax.get(tax_key(line.tax_code))
    if found is None and line.tax_rate is not None:
        found = org.tax.get(rate_key(line.tax_rate))
    if found is not None:
        return found
    if not line.tax and not line.tax_code and not line.tax_rate:
        return no_tax_type(org)
    wanted = line.tax_code or (rate_key(line.tax_rate) if line.tax_rate is not None else "")
    raise _unmapped(wanted, f'the line "{line.name[:60]}" has tax {line.tax}', org)


def no_tax_type(org: OrganisationSettings) -> str:
    """The TaxType of lines without tax, such as rounding. Raises `Unmappable`."""
    found = org.tax.get(NO_TAX) or org.tax.get(_ZERO_RATE)
    if found is None:
        raise _unmapped(NO_TAX, "a line without tax", org)
    return found


def _unmapped(wanted: str, what: str, org: OrganisationSettings) -> Unmappable:
    if not wanted:
        hint = "the store has to send the line's tax_code or tax_rate; then publish the sale again"
        return Unmappable("tax_unmapped", f"{what}, and neither tax code nor rate", hint)
    hint = f'add to the configuration: [organisations.{org.name}.tax] "{wanted}" = "<TaxType>"; then retry'
    return Unmappable("tax_unmapped", f'{what} under "{wanted}", which has no tax type', hint)
