"""An organisation's mapping as a person reads it: what goes where, who says so, what Xero's lists say to it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from worker.chart import Chart, Fault, compare, is_active, pays, sells
from worker.console.chart_lists import ChartLists, Rows
from worker.console.missing import missing_of
from worker.settings import OrganisationSettings
from worker.settings.organisation import AccountsSettings, tax_key
from worker.settings.overlay import ROLES, Entry, Overlay, Table, filled, in_file
from worker.views.parked import ParkedEvent

_PAID_TO = frozenset({"gift_card", "store_credit", "reward_points"})


@dataclass(frozen=True, slots=True)
class MappingRow:
    """`key` goes to `value`, which Xero knows as `called`. `source` is `file`, `console`, or empty: not mapped.

    `fault` is what Xero's lists say against it.
    """

    table: Table
    key: str
    value: str
    source: str
    called: str
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a form offers, and how a person knows it."""

    value: str
    called: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What parked events wait for. `is_there`: it was added since, so that they can be retried."""

    table: Table
    key: str
    reason: str
    events: int
    is_there: bool


def rows(org: OrganisationSettings, overlay: Overlay, lists: ChartLists | None) -> list[MappingRow]:
    """Every account, tax and payment of the organisation, `org` being what its file says."""
    served = filled(org, overlay)
    chart = compare(served, lists.accounts, lists.tax_rates) if lists else Chart(served)
    called = _names(lists) if lists else {}
    return [_row(org, chart, called, table, key, value) for table, key, value in _pairs(served)]


def choices(table: Table, lists: ChartLists | None, *, role: str = "") -> list[Choice]:
    """What Xero's lists have for a table, of the accounts for one `role`; nothing before they were read."""
    if lists is None:
        return []
    if table is Table.TAX:
        rates = (row for row in lists.tax_rates if is_active(row))
        return [Choice(str(row.get("TaxType")), f"{row.get('Name')}, {row.get('EffectiveRate')} %") for row in rates]
    return [
        Choice(str(row.get("Code") or row.get("AccountID")), f"{row.get('Code') or ''} {row.get('Name')}".strip())
        for row in lists.accounts
        if is_active(row) and _fits(table, role, row)
    ]


def fault_of(org: OrganisationSettings, overlay: Overlay, entry: Entry, lists: ChartLists | None) -> Fault | None:
    """What Xero's lists say against a new entry."""
    if lists is None:
        return None
    found = rows(org, (*(one for one in overlay if one != entry), entry), lists)
    return next((row.fault for row in found if (row.table, row.key) == (entry.table, entry.key)), None)


def open_roles(org: OrganisationSettings) -> list[str]:
    """The accounts that the file leaves out."""
    return [role for role in ROLES if not in_file(org, Table.ACCOUNTS, role)]


def missing(org: OrganisationSettings, events: Iterable[ParkedEvent]) -> list[Missing]:
    """What these parked events say is not mapped, under the keys of the mapping; `org` is as it is served now."""
    named = ((missing_of(event.hint), event.reason) for event in events)
    found = Counter((one[0], _kept_as(*one), reason) for one, reason in named if one is not None)
    return [
        Missing(table, key, reason, count, in_file(org, table, key)) for (table, key, reason), count in found.items()
    ]


def _kept_as(table: Table, key: str) -> str:
    """A store may call its tax code as the rate is written, `20%`, which is mapped as `20`."""
    return tax_key(key) if table is Table.TAX else key


def _fits(table: Table, role: str, row: Mapping[str, Any]) -> bool:
    """What stands for money is named by lines when it is sold, and by payments when it is spent."""
    if table is Table.PAYMENTS:
        return pays(row)
    return sells(row) and (role not in _PAID_TO or pays(row))


def _pairs(org: OrganisationSettings) -> Iterator[tuple[Table, str, str]]:
    for role in AccountsSettings.model_fields:
        yield Table.ACCOUNTS, role, getattr(org.accounts, role) or ""
    for key, tax_type in org.tax.items():
        yield Table.TAX, key, tax_type
    for method, account in org.payments.items():
        yield Table.PAYMENTS, method, account


def _row(
    org: OrganisationSettings, chart: Chart, called: Mapping[str, str], table: Table, key: str, value: str
) -> MappingRow:
    source = "" if not value else "file" if in_file(org, table, key) else "console"
    return MappingRow(table, key, value, source, called.get(value, ""), _fault(chart, table, key, value))


def _fault(chart: Chart, table: Table, key: str, value: str) -> Fault | None:
    if table is Table.TAX:
        return chart.tax_types.get(value)
    if table is Table.PAYMENTS:
        return chart.payments.get(value)
    return chart.accounts.get(value) or (chart.payments.get(value) if key in _PAID_TO else None)


def _names(lists: ChartLists) -> dict[str, str]:
    names = {str(row.get("TaxType")): str(row.get("Name")) for row in lists.tax_rates}
    return names | dict(_account_names(lists.accounts))


def _account_names(accounts: Rows) -> Iterator[tuple[str, str]]:
    for row in accounts:
        name: Any = row.get("Name")
        yield from ((str(row[key]), str(name)) for key in ("AccountID", "Code") if row.get(key))
