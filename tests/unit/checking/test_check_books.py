"""An organisation's configuration beside what Xero says of it: dates, days and tax types at their edges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from producers.store import Place, Site
from tests.support.mapping_cases import organisation
from worker.checking.books import Books, judge
from worker.checking.finding import Finding, Level
from worker.checking.time_zones import same_days
from worker.settings import OrganisationSettings

TODAY = date(2026, 3, 2)
ORG = organisation(start_date=date(2026, 1, 1), locked_period="park")


def found(
    topic: str, org: OrganisationSettings = ORG, sites: Sequence[Site] = (), *, applies: bool = True, **said: Any
) -> list[Finding]:
    """What is found of one topic; `said` is of the organisation in Xero, and `applies` whether NONE fits expenses."""
    sales = {"Code": "200", "Status": "ACTIVE", "Class": "REVENUE", "Type": "SALES"}
    rounding = {"Code": "860", "Status": "ACTIVE", "Class": "EXPENSE", "Type": "OVERHEADS"}
    rates = [
        {"TaxType": name, "Status": "ACTIVE", "EffectiveRate": rate, "CanApplyToRevenue": True, **more}
        for name, rate, more in (("OUTPUT2", 20, {}), ("RROUTPUT", 5, {}), ("NONE", 0, {"CanApplyToExpenses": applies}))
    ]
    books = Books({"BaseCurrency": "GBP", **said}, [sales, rounding], rates, [])
    return [one for one in judge(org, books, sites, today=TODAY) if one.topic == topic]


@pytest.mark.parametrize(
    ("locked", "level"),
    [
        ("2025-12-31", Level.OK),
        ("2026-01-01", Level.WARN),
        ("2026-03-01", Level.WARN),
        ("2026-03-02", Level.FAIL),
    ],
)
def test_a_lock_stands_against_sales_from_the_start_date_on_and_against_all_from_today_on(
    locked: str, level: Level
) -> None:
    assert [one.level for one in found("lock dates", EndOfYearLockDate=locked)] == [level]


@pytest.mark.parametrize("applies", [True, False])
def test_a_tax_type_that_does_not_fit_the_account_of_roundings_is_told(applies: bool) -> None:
    told = [one.text for one in found("tax rates", applies=applies) if "the one of rounding" in one.text]

    assert told == (
        [] if applies else ["Xero does not take tax type NONE on lines of account 860, the one of rounding"]
    )


def test_zones_that_differ_in_summer_only_count_their_days_otherwise() -> None:
    sites = [Site(Place("base"), "Europe/London")]

    assert same_days("Europe/London", "Atlantic/Reykjavik", year=2026) is False
    assert same_days("Europe/London", "Europe/Lisbon", year=2026) is True
    [told] = found("time zones", sites=sites, Timezone="GREENWICHSTANDARDTIME")
    assert (told.level, "make both alike" in told.cure) == (Level.WARN, True)


def test_the_organisations_own_currency_needs_not_be_among_those_it_lists() -> None:
    [told] = found("currencies", sites=[Site(Place("base"), "Europe/London", "GBP", "GBP")])

    assert told.level is Level.OK
