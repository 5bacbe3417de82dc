"""However a session ends, each message is acknowledged or given back, once."""

from __future__ import annotations

from pathlib import Path

from schemas.entities import Entity
from tests.serving_fakes import FailingOnce, served
from tests.unit.mapping_cases import event, invoice, line
from worker.ledger.errors import LedgerUnavailable
from worker.serving import Stopped

GONE = LedgerUnavailable("gone for a moment")


async def test_messages_that_were_being_taken_in_when_the_ledger_failed_go_back(tmp_path: Path) -> None:
    async with served(f"sqlite+aiosqlite:///{tmp_path}/ledger.db") as one:
        one.ledger.documents = FailingOnce(one.ledger.documents, "get", GONE)  # type: ignore[assignment] # a fault
        tags = one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))), b"nonsense")

        assert isinstance(await one.failure(), LedgerUnavailable)

        assert [one.broker.acked[tag] + one.broker.returned[tag] for tag in tags] == [1, 1]
        assert len(one.session.deliveries) == 0


async def test_messages_that_were_being_parked_when_the_ledger_failed_go_back(tmp_path: Path) -> None:
    async with served(f"sqlite+aiosqlite:///{tmp_path}/ledger.db") as one:
        one.ledger.held = FailingOnce(one.ledger.held, "hold", GONE)  # type: ignore[assignment] # a fault
        tags = one.receive(b"nonsense")

        assert isinstance(await one.failure(), LedgerUnavailable)

        assert [one.broker.returned[tag] for tag in tags] == [1]


async def test_a_stop_gives_back_what_was_not_begun_and_acks_what_was_done(tmp_path: Path) -> None:
    async with served(f"sqlite+aiosqlite:///{tmp_path}/ledger.db") as one:
        done = one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))
        await one.acked(*done)
        more = one.receive(event(Entity.INVOICE, invoice(line("11.00", "2.20", tax_rate="20"), id="32", number="2")))

        assert isinstance(await one.end(), Stopped)

        assert [one.broker.acked[tag] + one.broker.returned[tag] for tag in (*done, *more)] == [1, 1]
