"""How `xerelay plan` answers."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from worker.cli import app


@pytest.mark.parametrize("load", [["--orders", "100000000000000000000"], ["--orders", "1000000000", "--day", "1"]])
def test_a_load_beyond_any_calendar_is_refused(load: list[str]) -> None:
    result = CliRunner().invoke(app, ["plan", *load])

    assert result.exit_code == 2
    assert "expected a load that is done before the year 10000" in result.stderr


def test_a_small_load_takes_a_minute() -> None:
    result = CliRunner().invoke(app, ["plan", "--orders", "1"])

    assert "about 1 minute with 1000 calls a day" in result.stdout


@pytest.mark.parametrize("load", [[], ["--day", "5000"], ["--orders", "0", "--json"]])
def test_a_load_of_nothing_is_asked_for(load: list[str]) -> None:
    result = CliRunner().invoke(app, ["plan", *load])

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--customers, --products, --orders or --refunds" in result.stderr
    assert "xerelay plan --customers 5000 --orders 20000" in result.stderr
