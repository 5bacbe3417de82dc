"""The console reads an organisation's lists within its budget, and waits a moment for a call, not for hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import KEY, opened
from tests.support.sandbox_fixture import SandboxControl
from worker.calls.paging import XeroUnreadable
from worker.console.chart_lists import read_chart
from worker.ledger.ledger import Ledger
from worker.ledger.records import Purpose
from worker.settings import OrganisationSettings, Settings


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=FakeClock()) as ledger:
        yield ledger


def settings_of(sandbox: SandboxControl, **limits: float) -> Settings:
    return Settings.model_validate(
        {
            "broker": {"url": "amqp://guest:guest@127.0.0.1/"},
            "ledger": {"encryption_key": KEY},
            "xero": {"api_url": sandbox.url, "identity_url": sandbox.url, "login_url": sandbox.url},
            "connections": {
                "xero": {"flow": "custom", "client_id": "sandbox-custom", "client_secret": "sandbox-secret"}
            },
            "organisations": {
                "main": {
                    "connection": "xero",
                    "start_date": date(2026, 1, 1),
                    "accounts": dict.fromkeys(("sales", "shipping", "discount", "fee", "rounding"), "200"),
                    "limits": limits,
                }
            },
        }
    )


def main(settings: Settings) -> OrganisationSettings:
    return settings.organisations["main"]


async def test_both_lists_are_read_for_two_calls_on_record(ledger: Ledger, sandbox: SandboxControl) -> None:
    settings, clock = settings_of(sandbox), FakeClock()

    lists = await read_chart(settings, ledger, clock, main(settings))

    assert {"200", "090"} <= {row.get("Code") for row in lists.accounts}
    assert "OUTPUT2" in {row["TaxType"] for row in lists.tax_rates}
    usage = await ledger.calls.usage("main", clock.now().replace(hour=0))
    assert sum(one.requests for one in usage if one.purpose is Purpose.SETTINGS) == 2


async def test_a_call_that_comes_soon_is_waited_for(sandbox: SandboxControl, tmp_path: Path) -> None:
    clock, settings = FakeClock(), settings_of(sandbox)
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        for _ in range(4):
            await read_chart(settings, ledger, clock, main(settings))

    assert clock.monotonic() > 1


async def test_a_call_that_comes_late_is_not_waited_for(ledger: Ledger, sandbox: SandboxControl) -> None:
    settings, clock = settings_of(sandbox, day=8, burst=0.5, reserve=0.0), FakeClock()

    async def read_until_refused() -> None:
        for _ in range(8):
            await read_chart(settings, ledger, clock, main(settings))

    with pytest.raises(XeroUnreadable, match=r"no call is left for this before .* \(day\)"):
        await read_until_refused()

    assert clock.monotonic() == 0
