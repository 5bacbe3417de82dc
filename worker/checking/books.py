"""An organisation's configuration, held against what Xero says of the organisation. Pure.

Accounts and tax rates are held against the chart as the worker does it before it sends a document; here everything that
is configured is looked at, and also what Xero would take and an accountant would not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from producers.store import Site
from schemas.entities import Entity
from worker.chart import APPLIES, Chart, Fault, compare, is_rate
from worker.checking.finding import Finding, fine, odd, wrong
from worker.checking.time_zones import same_days, zone_of
from worker.checking.tracking import judge_themes, judge_tracking
from worker.settings import OrganisationSettings
from worker.settings.organisation import NO_PAYMENT, NO_TAX, OTHER_METHODS
from worker.xero.facts import date_of

Row = Mapping[str, Any]
Rows = Sequence[Row]

_CLASSES = {
    "sales": ("REVENUE",),
    "shipping": ("REVENUE",),
    "discount": ("REVENUE", "EXPENSE"),
    "fee": ("REVENUE", "EXPENSE"),
    "gift_card": ("LIABILITY",),
    "store_credit": ("LIABILITY",),
    "reward_points": ("LIABILITY", "EXPENSE"),
    "refund_adjustment": ("REVENUE", "EXPENSE"),
    "cost_of_goods": ("EXPENSE",),
}
_TAXED = ("sales", "shipping", "discount", "fee")
_LOCKS = {"PeriodLockDate": "for all but advisers", "EndOfYearLockDate": "for everyone"}


@dataclass(frozen=True, slots=True)
class Books:
    """What Xero says of one organisation, as its lists have it."""

    organisation: Row
    accounts: Rows
    tax_rates: Rows
    currencies: Rows
    tracking: Rows = ()
    themes: Rows = ()


def judge(org: OrganisationSettings, books: Books, sites: Sequence[Site], *, today: date) -> Iterator[Finding]:
    """All findings on one organisation; `sites` are the places of its stores, as far as these tell."""
    chart = compare(org, books.accounts, books.tax_rates)
    yield from _accounts(org, books, chart)
    yield from _tax_rates(org, books, chart)
    yield from _payments(org, books, chart)
    yield from judge_tracking(org, books.tracking)
    yield from judge_themes(org, books.themes)
    yield from _currencies(org, books, sites)
    yield from _lock_dates(org, books.organisation, today)
    yield from _time_zones(org, books.organisation, sites, today.year)


def _accounts(org: OrganisationSettings, books: Books, chart: Chart) -> Iterator[Finding]:
    if not books.accounts:
        yield wrong("accounts", "Xero lists no account", "set up its chart of accounts", where=org.name)
        return
    found = [_of_fault("accounts", fault, org) for fault in chart.accounts.values()]
    by_code = {str(row.get("Code")): row for row in books.accounts}
    for name, code in org.accounts:
        if code and code not in chart.accounts:
            found += _account_class(org, name, code, by_code[code])
    yield from found or [fine("accounts", f"{_count(code for _, code in org.accounts)} are there", where=org.name)]


def _account_class(org: OrganisationSettings, name: str, code: str, row: Row) -> Iterator[Finding]:
    place = f"[organisations.{org.name}.accounts] {name}"
    if name == "inventory":
        if row.get("Type") != "INVENTORY":
            text = f'account {code} is of type {row.get("Type")}, and tracked items need one of type "Inventory"'
            yield wrong("accounts", text, f"change {place}, or leave inventory and cost_of_goods out", where=org.name)
        return
    wanted = _CLASSES.get(name, ())
    if wanted and row.get("Class") not in wanted:
        text = f"account {code} is of class {row.get('Class')}, and {name} is usually {' or '.join(wanted)}"
        yield odd("accounts", text, f"change {place}, unless your accountant wants it so", where=org.name)


def _tax_rates(org: OrganisationSettings, books: Books, chart: Chart) -> Iterator[Finding]:
    if not books.tax_rates:
        yield wrong("tax rates", "Xero lists no tax rate", "set them up in Xero", where=org.name)
        return
    found = [_of_fault("tax rates", fault, org) for fault in chart.tax_types.values()]
    found += _unequal(org, chart)
    found += _misapplied(org, books, chart)
    if NO_TAX not in org.tax:
        cure = f'add "{NO_TAX}" = "NONE" to [organisations.{org.name}.tax]'
        found.append(wrong("tax rates", "there is none for lines without tax, and for rounding", cure, where=org.name))
    yield from found or [fine("tax rates", f"{len(org.tax)} are there, with equal rates", where=org.name)]


def _unequal(org: OrganisationSettings, chart: Chart) -> Iterator[Finding]:
    for key, tax_type in org.tax.items():
        rate, wanted = chart.rates.get(tax_type), _rate(key)
        if rate is None or wanted is None or tax_type in chart.tax_types:
            continue
        if not is_rate(rate, wanted):
            text = f"the store's {key} % is mapped to {tax_type}, which is {_plain(rate)} % in Xero"
            cure = f'change [organisations.{org.name}.tax] "{key}" to the tax type of {key} %'
            yield wrong("tax rates", text, cure, where=org.name)


def _misapplied(org: OrganisationSettings, books: Books, chart: Chart) -> Iterator[Finding]:
    """Tax types that Xero refuses on a line of an account of that class."""
    accounts = {str(row.get("Code")): row for row in books.accounts}
    rates = {str(row.get("TaxType")): row for row in books.tax_rates}
    pairs = [(name, tax_type) for name in _TAXED for tax_type in dict.fromkeys(org.tax.values())]
    pairs += [("rounding", tax_type) for tax_type in (org.tax.get(NO_TAX),) if tax_type]
    for name, tax_type in pairs:
        code = getattr(org.accounts, name)
        flag = APPLIES.get(str(accounts.get(code, {}).get("Class")), "")
        if code in chart.accounts or rates.get(tax_type, {}).get(flag, True):
            continue
        text = f"Xero does not take tax type {tax_type} on lines of account {code}, the one of {name}"
        tell = wrong if name in ("sales", "rounding") else odd
        yield tell("tax rates", text, "choose another account, or another tax type", where=org.name)


def _payments(org: OrganisationSettings, books: Books, chart: Chart) -> Iterator[Finding]:
    if not books.accounts or org.lanes[Entity.PAYMENT] == "off":
        return
    found = [_of_fault("payment accounts", fault, org) for fault in chart.payments.values()]
    if OTHER_METHODS not in org.payments:
        known = ", ".join(org.payments) or "none"
        text = f"payments by other methods than those configured ({known}) will be parked"
        cure = f'add default = "<account>" to [organisations.{org.name}.payments], or every method the store has'
        found.append(odd("payment accounts", text, cure, where=org.name))
    booked = _count(code for code in org.payments.values() if code != NO_PAYMENT)
    yield from found or [fine("payment accounts", f"{booked} take payments", where=org.name)]


def _currencies(org: OrganisationSettings, books: Books, sites: Sequence[Site]) -> Iterator[Finding]:
    base = str(books.organisation.get("BaseCurrency"))
    enabled = {str(row.get("Code")) for row in books.currencies} | {base}
    wanted = dict.fromkeys(site.currency for site in sites if site.currency)
    found = [
        wrong(
            "currencies",
            f"the store sells in {code}, which the organisation has not",
            f"add {code} in Xero under Settings > Currencies (the plan must include multi-currency)",
            where=org.name,
        )
        for code in wanted
        if code not in enabled
    ]
    found += [
        odd(
            "currencies",
            f"the store's rates are units for one {other}, the organisation's currency is {base}: a sale in another "
            f"currency than {other} would be booked at a wrong rate",
            f"sell there in {other} only, or feed an organisation in {other}",
            where=org.name,
        )
        for other in dict.fromkeys(site.base for site in sites if site.base not in ("", base))
    ]
    listed = ", ".join(wanted) or "no store says which it sells in; the organisation has " + ", ".join(sorted(enabled))
    yield from found or [fine("currencies", listed, where=org.name)]


def _lock_dates(org: OrganisationSettings, organisation: Row, today: date) -> Iterator[Finding]:
    found: list[Finding] = []
    for name, who in _LOCKS.items():
        day = date_of(organisation, name)
        if day is None or day < org.start_date.isoformat():
            continue
        text = f"the books are locked {who} up to {day}, and sales since {org.start_date} are to be booked"
        if day >= today.isoformat():
            cure = "nothing can be booked today; move the lock date back in Xero"
            found.append(wrong("lock dates", text, cure, where=org.name))
        elif org.locked_period == "park":
            cure = (
                f'they will be parked: move the lock date, or set [organisations.{org.name}] locked_period = "next_day"'
            )
            found.append(odd("lock dates", text, cure, where=org.name))
    yield from found or [fine("lock dates", f"none stands against sales since {org.start_date}", where=org.name)]


def _time_zones(org: OrganisationSettings, organisation: Row, sites: Sequence[Site], year: int) -> Iterator[Finding]:
    theirs = str(organisation.get("Timezone") or "")
    zone = zone_of(theirs)
    found: list[Finding] = []
    for name in dict.fromkeys(site.zone for site in sites):
        alike = same_days(name, zone, year=year) if zone else None
        if alike is None:
            text = f"the store's {name} cannot be compared with the organisation's {theirs or 'unknown one'}"
            found.append(odd("time zones", text, "look whether both count their days alike", where=org.name))
        elif not alike:
            text = f"the store's days are those of {name}, the organisation's those of {zone}"
            cure = "documents carry the store's day; make both alike, in Xero under Settings > General or in the store"
            found.append(odd("time zones", text, cure, where=org.name))
    yield from found or [fine("time zones", zone or theirs or "Xero names none", where=org.name)]


def _of_fault(topic: str, fault: Fault, org: OrganisationSettings) -> Finding:
    return wrong(topic, fault.detail, fault.hint, where=org.name)


def _rate(key: str) -> Decimal | None:
    """The rate that a key of the tax table is; None for a code of the store's."""
    try:
        return Decimal(key)
    except InvalidOperation:
        return None


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _count(names: Iterable[str | None]) -> int:
    return len({name for name in names if name})
