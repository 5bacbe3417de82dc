"""What is told of a pause, and where: Xero's own words may name a customer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from schemas.entities import Entity
from tests.support.mapping_cases import event
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero
from tests.support.waiting import until
from tests.unit.serving.test_runner import runner_of
from worker.documents.documents import Kind
from worker.ledger.records import Pause, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


async def log_and_pause_after(reply: Reply, folder: Path) -> tuple[str, str]:
    """The line of the log, and the detail on record."""
    broker, xero = MemoryBroker(), MemoryXero()
    xero.answers[Kind.CONTACT] = [lambda _: reply]
    async with opened(f"sqlite+inline:///{folder}/ledger.db") as ledger:
        with capture_logs() as lines:
            runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, xero)
            running = asyncio.create_task(runner.run())
            await until(lambda: runner.is_serving, what="the session")
            runner.receive(broker.deliver(CUSTOMER))
            await until(lambda: runner.paused_for, what="the pause")
            runner.stop()
            await asyncio.wait_for(running, 30)
        [pause] = await ledger.pauses.current(ORG)
    [line] = [line for line in lines if line["event"] == "organisation.paused"]
    return str(line), pause.detail


async def test_the_log_has_the_status_of_a_reply_and_the_ledger_xeros_words(tmp_path: Path) -> None:
    line, detail = await log_and_pause_after(Reply(ReplyKind.CONSENT, 403, detail="not for Jo Doe"), tmp_path)

    assert "Jo Doe" not in line
    assert "consent_revoked" in line
    assert "xero answered 403" in line
    assert detail == "not for Jo Doe: xerelay check says which"


async def test_the_log_says_itself_what_keeps_us_from_calling_xero(tmp_path: Path) -> None:
    line, _ = await log_and_pause_after(Reply(ReplyKind.CONSENT, detail="the client secret is wrong"), tmp_path)

    assert "the client secret is wrong" in line


@pytest.mark.parametrize(
    ("reason", "then", "probes"), [("xero_unavailable", "a probe asks xero", 1), ("day_limit", "served again", 0)]
)
async def test_a_worker_that_starts_amid_a_pause_says_so_once_and_what_ends_it(
    reason: str, then: str, probes: int, tmp_path: Path
) -> None:
    xero = MemoryXero()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease, now = await lease_of(ledger, name=ORG), await ledger.now()
        ends_at = now + timedelta(seconds=1.5)
        pause = Pause(ORG, None, reason, "of Jo Doe", now - timedelta(hours=2), ends_at)
        await ledger.pauses.set(lease, pause)

        with capture_logs() as lines:
            runner = runner_of(ledger, lease, MemoryBroker(), xero)
            running = asyncio.create_task(runner.run())
            await until(lambda: runner.is_serving, what="the session")
            runner.stop()
            await asyncio.wait_for(running, 30)

    first, *_ = lines
    assert [line for line in lines if line["event"] == "organisation.still_paused"] == [first]
    assert (first["reason"], first["then"]) == (reason, then)
    assert (first["since"], first["until"]) == (pause.since.isoformat(), ends_at.isoformat())
    assert "Jo Doe" not in str(lines)
    assert sum(call.purpose is Purpose.PROBE for call in xero.calls) == probes
