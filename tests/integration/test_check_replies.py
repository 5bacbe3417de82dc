"""What `xerelay check` says where Xero answers, and not with what was asked for."""

from __future__ import annotations

from tests.support.check_setup import SetUp, lines
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414


def test_a_day_whose_calls_are_spent_at_xero_is_told_with_the_setting_that_should_have_known(setup: SetUp) -> None:
    setup.xero.fault("429-day")

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "  xero " in one]
    assert "/Organisation was not given" in line
    assert "the day's calls are spent at Xero; is [organisations.main.limits] day its cap?" in line
