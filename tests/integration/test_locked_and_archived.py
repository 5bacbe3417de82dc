"""A call of which one document meets a locked period and another an archived contact."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from schemas.envelope import Event
from tests.integration.test_merged_contacts import sale
from tests.support.sandbox_fixture import SandboxControl
from tests.support.sandbox_session import served_by
from tests.support.waiting import until

OTHER = {"id": "8", "name": "Al Poe", "email": "al@example.com"}


def on(day: date, of: Event) -> Event:
    return of.model_copy(update={"data": of.data.model_copy(update={"date": day})})


async def test_each_of_them_goes_its_own_way(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path, archived_contact="new", locked_period="next_day") as one:
        await one.acked(*one.receive(sale(31), sale(30, **OTHER)))
        sandbox.person("archive-contact", name="webshop:7")
        sandbox.person("lock-date", to="2026-03-31")

        one.receive(sale(33, **OTHER), on(date(2026, 4, 10), sale(32)))

        await until(lambda: len(sandbox.documents("invoices")) == 4)
        assert await one.parked() == []
