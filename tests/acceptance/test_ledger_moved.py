"""A SQLite ledger whose file goes from under a running worker: it stands still and says so, and nothing is lost."""

from __future__ import annotations

import httpx

from tests.acceptance.scraping import listening_at
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day

_SLOW_MS = 300
_PATIENCE_S = 60


async def test_a_worker_whose_ledger_is_moved_away_waits_for_it_and_neither_loses_nor_doubles_anything(
    sqlite_stage: Stage,
) -> None:
    stage = sqlite_stage
    stage.environ["XERELAY_HTTP__PORT"] = "0"
    day, file, away = a_small_day(stage.organisation), stage.folder / "ledger.db", stage.folder / "away.db"
    stage.sandbox.limits(latency_ms=_SLOW_MS)
    stage.lease_s = SHORT_LEASE_S
    await stage.publish(day)
    worker = stage.worker()
    await stage.until(lambda: stage.calls() >= 3, what="the first calls")
    address = listening_at(stage.log())

    file.rename(away)

    async def says_so() -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_S) as http:
            ready = await http.get(f"{address}/readyz")
        return ready.status_code == 503 and f"expected {file}, the file that was opened" in ready.text

    await stage.until_async(says_so, what="that it is not ready, and why")
    assert worker.poll() is None
    assert not file.exists(), "it was made anew"
    away.rename(file)
    await stage.until_quiet([day])
    await stage.assert_right(day)
