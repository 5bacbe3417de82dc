"""How the store is set up: websites, store views, currencies, time zones, taxes [store 4.7]. Never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from deploy.sandbox.store.tax import Rate, TaxSettings

STANDARD, REDUCED, ZERO_RATED, UNTAXED = 2, 4, 5, 0

GB_20 = Rate(1, "GB-VAT-20", "GB", 20_000)
GB_5 = Rate(2, "GB-VAT-5", "GB", 5_000)
DE_19 = Rate(3, "DE-VAT-19", "DE", 19_000)
DE_7 = Rate(4, "DE-VAT-7", "DE", 7_000)
FR_20 = Rate(5, "FR-VAT-20", "FR", 20_000)
NY_STATE = Rate(6, "US-NY-STATE", "US", 4_000)
NY_CITY = Rate(7, "US-NY-CITY", "US", 4_875)
RATES = (GB_20, GB_5, DE_19, DE_7, FR_20, NY_STATE, NY_CITY)

# by the country a sale goes to and the tax class of what is sold; what is not here is not taxed
TAXES: dict[tuple[str, int], tuple[Rate, ...]] = {
    ("GB", STANDARD): (GB_20,),
    ("GB", REDUCED): (GB_5,),
    ("DE", STANDARD): (DE_19,),
    ("DE", REDUCED): (DE_7,),
    ("FR", STANDARD): (FR_20,),
    ("US", STANDARD): (NY_STATE, NY_CITY),
}


@dataclass(frozen=True, slots=True)
class Website:
    """One website. `fpt_in_subtotal` and `fpt_taxed` say how fixed product taxes are treated."""

    id: int
    code: str
    name: str
    currency: str
    timezone: str
    taxes: TaxSettings
    shipping: int
    fpt_in_subtotal: bool = False
    fpt_taxed: bool = True

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that makes its accounting dates."""
        return ZoneInfo(self.timezone)


class StoreView(NamedTuple):
    """One store view. `rate`: units of `currency` for one unit of the website's, times 10,000."""

    id: int
    code: str
    name: str
    website: Website
    locale: str
    currency: str
    rate: int = 10_000

    @property
    def store_name(self) -> str:
        """How an order remembers it."""
        return f"{self.website.name}\n{self.website.name} Store\n{self.name}"


MAIN = Website(
    id=1,
    code="base",
    name="Main Website",
    currency="GBP",
    timezone="Europe/London",
    taxes=TaxSettings("total", inclusive=False, after_discount=True),
    shipping=499,
)
EUROPE = Website(
    id=2,
    code="europe",
    name="Europe",
    currency="EUR",
    timezone="Europe/Berlin",
    taxes=TaxSettings("row", inclusive=True, after_discount=True),
    shipping=595,
)
AMERICA = Website(
    id=3,
    code="america",
    name="America",
    currency="USD",
    timezone="America/New_York",
    taxes=TaxSettings("unit", inclusive=False, after_discount=True),
    shipping=799,
)
OUTLET = Website(
    id=4,
    code="outlet",
    name="Outlet",
    currency="GBP",
    timezone="Europe/London",
    taxes=TaxSettings("unit", inclusive=True, after_discount=False),
    shipping=350,
    fpt_in_subtotal=True,
    fpt_taxed=False,
)
WEBSITES = (MAIN, EUROPE, AMERICA, OUTLET)

VIEWS = (
    StoreView(1, "default", "English", MAIN, "en_GB", "GBP"),
    StoreView(2, "trade", "Trade", MAIN, "en_GB", "GBP"),
    StoreView(3, "german", "Deutsch", EUROPE, "de_DE", "EUR"),
    StoreView(4, "french", "Français", EUROPE, "fr_FR", "EUR"),
    StoreView(5, "dollar", "English (USD)", EUROPE, "en_US", "USD", 10_834),
    StoreView(6, "newyork", "New York", AMERICA, "en_US", "USD"),
    StoreView(7, "outlet", "Outlet", OUTLET, "en_GB", "GBP"),
)
# was deleted long ago; orders keep its name and nothing else
DELETED_VIEW = StoreView(8, "popup", "Pop-up", MAIN, "en_GB", "GBP")


def rates_for(country: str, tax_class: int) -> tuple[Rate, ...]:
    """The rates due on a sale."""
    return TAXES.get((country, tax_class), ())
