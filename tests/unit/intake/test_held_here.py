"""Which held events a session has taken in hand: nobody takes them a second time meanwhile, and again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import MemoryBroker, MemoryXero, session_of


async def test_an_event_is_in_hand_until_the_last_that_takes_it_in_is_done(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        session = session_of(ledger, await lease_of(ledger), MemoryBroker(), MemoryXero())

        with session.takes_in(["h1", "h2", None]):
            with pytest.raises(ValueError, match="cut off"), session.takes_in(["h1"]):
                raise ValueError("cut off")
            meanwhile = session.held_here()

        assert (meanwhile, session.held_here()) == ({"h1", "h2"}, set())
