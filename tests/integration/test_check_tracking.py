"""What `xerelay check` says of tracking and branding themes, which it asks for only where they are configured."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.support.check_setup import SetUp, lines
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414
from tests.support.sandbox_fixture import XeroCaller

NO_THEME = "9d0e5c2a-4c0f-4f3c-8f43-6a2c0f6f8f10"

# what is configured, and what is said of it where option South and all of the category Store are archived
TRACKED: dict[str, tuple[str, str, str]] = {
    "a category that is not there": (
        'category = "Country"\noption = "North"',
        'tracking category "Country" is not in Xero',
        'change [organisations.main.tracking] category = "Country"',
    ),
    "an archived category": (
        'category = "Store"\noption = "Outlet"',
        'tracking category "Store" is archived',
        'change [organisations.main.tracking] category = "Store"',
    ),
    "an option that is not there": (
        'category = "Region"\noption = "Nowhere"',
        'option "Nowhere" of tracking category "Region" is not in Xero',
        'change [organisations.main.tracking] option = "Nowhere"',
    ),
    "an archived option of a website": (
        'category = "Region"\noption = "North"\noptions = { "shop/base" = "South" }',
        'option "South" of tracking category "Region" is archived',
        'change [organisations.main.tracking.options] "shop/base" = "South"',
    ),
}
PRINTED = {
    "of all": (f'branding_theme = "{NO_THEME}"', f'[organisations.main] branding_theme = "{NO_THEME}"'),
    "of a store": (
        f'branding_themes = {{ shop = "{NO_THEME}" }}',
        f'[organisations.main.branding_themes] "shop" = "{NO_THEME}"',
    ),
}


def track(made: SetUp, settings: str) -> None:
    made.changes["[stores.shop]\n"] = f"[organisations.main.tracking]\n{settings}\n[stores.shop]\n"


def print_with(made: SetUp, setting: str) -> None:
    made.changes["start_date"] = f"{setting}\nstart_date"


@pytest.mark.parametrize("fault", TRACKED)
def test_wrong_tracking_is_named_with_its_cure_in_one_line(fault: str, setup: SetUp) -> None:
    settings, said, cure = TRACKED[fault]
    track(setup, settings)
    setup.xero.person("archive-tracking", name="Region", option="South")
    setup.xero.person("archive-tracking", name="Store")

    result = setup.check()

    [one] = [one for one in lines(result, "fail") if "broker" not in one]
    assert one.startswith(f"fail  tracking          main: {said}")
    assert cure in one


@pytest.mark.parametrize("of", PRINTED)
def test_a_theme_that_is_not_there_is_named_with_its_cure_in_one_line(of: str, setup: SetUp) -> None:
    setting, line = PRINTED[of]
    print_with(setup, setting)

    result = setup.check()

    [one] = [one for one in lines(result, "fail") if "broker" not in one]
    assert one.startswith(f"fail  branding themes   main: branding theme {NO_THEME} is not in Xero: change {line}")


def test_each_is_asked_for_with_a_call_where_it_is_configured(setup: SetUp) -> None:
    with closing(XeroCaller(setup.xero)) as person:
        theme = person.get("/BrandingThemes").json()["BrandingThemes"][1]["BrandingThemeID"]
    before = setup.xero.audit()["calls_total"]
    track(setup, 'category = "region"\noption = "south"')
    print_with(setup, f'branding_theme = "{theme.upper()}"')

    result = setup.check()

    assert 'ok    tracking          main: "region" has the options that are configured' in result.stdout
    assert "ok    branding themes   main: 1 are there" in result.stdout
    assert "6 calls in all" in result.stderr
    assert setup.xero.audit()["calls_total"] - before == 6
