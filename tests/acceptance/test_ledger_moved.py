"""A SQLite ledger whose file goes from under a running worker: it stands still and says so, and nothing is lost."""

from __future__ import annotations

from tests.acceptance.listening import answer_of, listening_at
from tests.acceptance.midway import midway
from tests.acceptance.stage import SHORT_LEASE_S, Stage

_SLOW_MS = 300


async def test_a_worker_whose_ledger_is_moved_away_waits_for_it_and_neither_loses_nor_doubles_anything(
    sqlite_stage: Stage,
) -> None:
    stage = sqlite_stage
    stage.environ["XERELAY_HTTP__PORT"] = "0"
    stage.lease_s = SHORT_LEASE_S
    file, away = stage.folder / "ledger.db", stage.folder / "away.db"
    day, worker = await midway(stage, latency_ms=_SLOW_MS)
    address = listening_at(stage.log())

    file.rename(away)

    async def says_so() -> bool:
        ready = await answer_of(address, "/readyz")
        return ready.status_code == 503 and f"expected {file}, the file that was opened" in ready.text

    await stage.until_async(says_so, what="that it is not ready, and why")
    assert worker.poll() is None
    assert not file.exists(), "it was made anew"
    away.rename(file)
    await stage.until_quiet([day])
    await stage.assert_right(day)
