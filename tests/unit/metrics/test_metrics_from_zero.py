"""A worker counts from 0 on for every organisation, before it serves any: the first burst is an increase."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.support.fakes import FakeClock
from tests.support.metrics_fixture import Linked, OneService
from tests.support.sample_ledger import opened
from tests.support.scraped import Scraped
from tests.support.settings_cases import MINIMAL
from worker.bootstrap import _Factory
from worker.notices.notices import Notices
from worker.session.steps import Unwatched
from worker.settings import load


async def test_a_worker_that_has_served_nobody_yet_shows_0_for_every_organisation(tmp_path: Path) -> None:
    path, clock = tmp_path / "xerelay.toml", FakeClock()
    path.write_text(MINIMAL)
    settings = load(path, {})
    async with AsyncExitStack() as stack, opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        factory: Any = _Factory(settings, ledger, clock, Unwatched(), stack)
        factory.consumer = Linked()

        watch = factory.watch(OneService(), Notices(settings, ledger, clock, []))
        seen = Scraped((await watch.metrics()).decode())

    for org in settings.organisations:
        parked = seen.values("xerelay_events_total", organisation=org, outcome="parked")
        assert parked
        assert set(parked.values()) == {0}
        assert seen.value("xerelay_sessions_failed_total", organisation=org) == 0
        assert set(seen.values("xerelay_rate_limited_total", organisation=org).values()) == {0}
