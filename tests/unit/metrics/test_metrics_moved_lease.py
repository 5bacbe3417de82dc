"""A lease that goes to another worker between two readings of what is shared."""

from __future__ import annotations

from pathlib import Path

from tests.support.metrics_fixture import watching_one
from tests.support.serving_fakes import ORG
from worker.metrics import families


async def test_an_organisation_that_has_left_is_not_told_from_the_reading_before(tmp_path: Path) -> None:
    async with watching_one(f"sqlite+inline:///{tmp_path}/ledger.db") as watching:
        before = await watching.scrape()
        del watching.service.runners[ORG]

        after = await watching.scrape()

    assert before.value("xerelay_uncertain_calls", organisation=ORG) == 0
    assert [family.name for family in families.HOLDERS if after.values(family.name)] == []
    assert after.value("xerelay_organisation_served", organisation=ORG) == 0
