"""A ledger that answers, and whose figures cannot be read: no alert on what waits could fire."""

from __future__ import annotations

from pathlib import Path

from tests.support.fakes import FakeClock
from tests.support.metrics_fixture import watch_of, watching_one
from tests.support.scraped import Scraped
from tests.support.serving_fakes import FailingOnce
from worker.ledger.database.errors import LedgerUnavailable


async def test_a_ledger_whose_figures_cannot_be_read_is_not_up_and_from_the_second_time_on_missing(
    tmp_path: Path,
) -> None:
    async with watching_one(f"sqlite+inline:///{tmp_path}/ledger.db") as watching:
        one, clock = watching.one, FakeClock()
        watch = watch_of(one.ledger, watching.broker, watching.service, one.session.finishing._counts, clock=clock)
        overview = one.ledger.overview

        async def look() -> tuple[float | None, bool, list[str]]:
            clock.advance(15)
            seen = Scraped((await watch.metrics()).decode())
            return (
                seen.value("xerelay_ledger_up"),
                bool(seen.values("xerelay_queue_messages")),
                list(await watch.missing()),
            )

        looks = [await look()]
        for _ in range(2):
            one.ledger.overview = FailingOnce(overview, "waiting", LedgerUnavailable("a lock"))  # type: ignore[assignment] # a fault
            looks.append(await look())
        clock.advance(120)
        unasked = await watch.missing()
        looks.append(await look())

    why = "ledger: the figures that /metrics shows cannot be read: a lock"
    assert looks == [(1, True, []), (0, False, []), (0, False, [why]), (1, True, [])]
    assert unasked == []
