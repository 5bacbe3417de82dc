"""What is brought back while another event makes it needless ends once, whichever of the two the ledger hears first."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, LateAnswers, MemoryBroker, MemoryXero, serve
from tests.unit.serving.test_serving_overtaken import CUSTOMER, begin_run, counted, ends, held, later, of_run
from worker.documents.documents import Kind
from worker.ledger.records import HoldState


async def test_what_is_overtaken_while_it_is_read_from_the_ledger_ends_once(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await begin_run(ledger)
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        looking = LateAnswers(ledger.held, "due")
        ledger.held = looking  # type: ignore[assignment] # behind time
        one.xero.gate.clear()

        with capture_logs() as lines:
            sent = one.receive(later(CUSTOMER))
            await one.written(Kind.CONTACT, 1)
            await ledger.held.hold(one.lease, [held(of_run(CUSTOMER), await ledger.now())])
            looking.is_late = True
            await looking.asked.wait()
            one.xero.gate.set()
            await one.acked(*sent)
            looking.arriving.set()
            await one.waits(HoldState.TIME, 0)
            await one.end()

        assert await counted(ledger) == (1, 1)
    assert ends(lines) == [("event.completed", "coalesced")]
