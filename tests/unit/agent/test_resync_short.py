"""A run that ends with far fewer rows than were counted at its start says so: a store may leave rows out silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.runs import Progress, RunState, shortfall
from producers.store import Selection, Stream
from schemas.commands import Resync, ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import workshop
from tests.support.fake_store import many_invoices

SHORT = "read only 7 of 10 invoices: see whether the store gives its whole lists, and publish them again"


async def test_a_run_that_misses_rows_says_how_many_when_it_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as shop:
        many_invoices(shop.store, 7)

        async def three_more(stream: Stream, selection: Selection) -> int:
            return 10

        shop.store.count = three_more  # type: ignore[method-assign] # a store that leaves rows out
        await shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
        await shop.work_off("resync-all")

        status = await shop.ledger.runs.get("run-1")
    assert status is not None
    assert (status.state, status.detail) == (RunState.DONE, SHORT)
    assert capsys.readouterr().out.count("run.short") == 1


async def test_a_run_that_reads_all_it_counted_says_nothing(tmp_path: Path) -> None:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as shop:
        many_invoices(shop.store, 7)
        await shop.record("resync-all", ResyncAll())
        await shop.record("resync", Resync(entity=Entity.INVOICE, ids=("1", "7")), run_id="by-ids")

        await shop.work_off("resync-all")
        await shop.work_off("resync", "by-ids")

        whole, of_ids = await shop.ledger.runs.get("run-1"), await shop.ledger.runs.get("by-ids")
    assert whole is not None
    assert of_ids is not None
    assert (whole.detail, of_ids.detail) == ("", "")


@pytest.mark.parametrize(("rows", "total"), [(9, 10), (99, 100), (990, 1000), (12, 10), (5, None), (0, 1)])
def test_the_rows_that_are_deleted_while_a_run_goes_on_are_not_missed(rows: int, total: int | None) -> None:
    assert shortfall({"invoices": Progress(rows=rows, total=total)}) == ""


@pytest.mark.parametrize(("rows", "total"), [(8, 10), (0, 2), (98, 100), (989, 1000)])
def test_more_than_one_in_a_hundred_is_too_many(rows: int, total: int) -> None:
    assert shortfall({"invoices": Progress(rows=rows, total=total)}).startswith(
        f"read only {rows} of {total} invoices:"
    )
