"""`xerelay check` counts its calls, and leaves those to the day's sales that can be made at once."""

from __future__ import annotations

import pytest

from tests.support.check_setup import SetUp, lines
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        # two calls are saved up, of which one is for the sales; the day has many more
        ("burst = 0.002", "999 of the day's 1,000 calls are left, and check leaves those which can be made at once to"),
        ("day = 1", "UTC (day): run it again then; `xerelay budget` says what spends the calls"),
    ],
)
def test_a_check_without_a_call_says_how_many_the_sales_of_the_day_have(limits: str, told: str, setup: SetUp) -> None:
    section = "[organisations.main.accounts]"
    setup.changes[section] = f"[organisations.main.limits]\n{limits}\n{section}"

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "  budget " in one]
    assert "no call is left for this before" in line
    assert told in line
