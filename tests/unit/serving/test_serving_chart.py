"""The organisation's accounts and tax rates are read beside the serving, and only what does not fit is parked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.sample_ledger import ORG, lease_of, opened
from tests.support.sample_ledger import event as a_held_event
from tests.support.serving_fakes import MemoryBroker, MemoryXero, Served, served, session_of
from tests.support.waiting import until
from tests.unit.xero.test_chart import ACCOUNTS, BANKS, RATES, account
from worker.calls.chart_reading import ChartReading
from worker.calls.settlement import Settlement
from worker.documents.documents import Kind
from worker.intake.intake import Intake
from worker.ledger.held.parked import Chosen
from worker.ledger.records import KIND_PAUSED, Call, HoldState, Purpose
from worker.xero.replies.reply import Reply, ReplyKind


@dataclass
class ChartedXero(MemoryXero):
    """Has accounts and tax rates."""

    accounts: list[dict[str, Any]] = field(default_factory=lambda: [*ACCOUNTS, *BANKS])
    is_down: bool = False
    refusal: ReplyKind | None = None

    async def send(self, call: Call) -> Reply:
        if call.purpose is not Purpose.SETTINGS:
            return await super().send(call)
        self.calls.append(call)
        if self.is_down:
            return Reply(ReplyKind.UNCERTAIN)
        if self.refusal is not None:
            return Reply(self.refusal, detail="run `xerelay connect xero`")
        return Reply(ReplyKind.ANSWERED, 200, tuple(self.accounts if call.path == "/Accounts" else RATES))


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    xero = ChartedXero(accounts=[*ACCOUNTS, *BANKS, account("200", Status="ARCHIVED")])
    async with serving(tmp_path, xero) as one:
        await read(one)
        yield one


def serving(tmp_path: Path, xero: ChartedXero) -> Any:
    return served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero)


async def read(one: Served) -> None:
    await until(lambda: one.session.shelf.at is not None, what="the chart")


def sale(number: int = 31, **more: Any) -> Event:
    return event(
        Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20", **more), id=str(number), number=str(number))
    )


def settings(one: Served) -> list[str]:
    return [call.path for call in one.xero.calls if call.purpose is Purpose.SETTINGS]


async def test_it_costs_two_calls_and_parks_only_what_names_the_wrong_account(one: Served) -> None:
    await one.acked(*one.receive(sale(), sale(32, kind="shipping")))

    [held] = await one.parked()
    assert (held.reason, held.detail) == ("account_invalid", "account 200 is archived")
    assert "SHOP-I-webshop-32" in one.xero.written
    assert settings(one) == ["/Accounts", "/TaxRates"]


async def test_a_retry_leaves_the_verdict_to_xero(one: Served) -> None:
    await one.acked(*one.receive(sale()))

    await one.ledger.parked.retry(Chosen(ids=tuple(held.id for held in await one.parked())), who="ann")

    await one.written(Kind.INVOICE, 1)
    await one.parks(0)


async def test_what_waited_for_the_end_of_a_pause_is_left_to_xero_too(one: Served) -> None:
    until = await one.ledger.now()
    waited = a_held_event(1, body=encode_event(sale()), reason=KIND_PAUSED, until=until)

    await one.ledger.held.hold(one.lease, [waited])

    await one.written(Kind.INVOICE, 1)
    await one.parks(0)


async def test_a_chart_that_parks_something_is_doubted(one: Served) -> None:
    before = one.session.shelf.doubted

    await one.acked(*one.receive(sale()))

    assert (before, one.session.shelf.doubted) == (False, True)


async def test_five_in_a_row_pause_the_kind_instead_of_parking_the_rest(one: Served) -> None:
    await one.acked(*one.receive(*(sale(number) for number in range(40, 60))))

    await until(lambda: Kind.INVOICE in one.session.paused_kinds, what="a pause")
    assert len(await one.parked()) == 5
    assert [pause.reason for pause in await one.ledger.pauses.current("main")] == ["account_invalid"]


async def test_when_a_pause_is_lifted_xero_decides_anew(one: Served) -> None:
    await one.acked(*one.receive(*(sale(number) for number in range(40, 60))))
    await until(lambda: Kind.INVOICE in one.session.paused_kinds, what="a pause")

    await one.ledger.pauses.clear("main", Kind.INVOICE)
    await until(lambda: Kind.INVOICE not in one.session.paused_kinds, what="the end of the pause")

    await one.acked(*one.receive(sale(61)))
    assert "SHOP-I-webshop-61" in one.xero.written


async def test_what_comes_before_the_end_of_a_pause_was_seen_does_not_wait_for_the_old_end(one: Served) -> None:
    one.session.paused_kinds[Kind.INVOICE] = one.session.time.in_s(900)

    await one.acked(*one.receive(sale(61, kind="shipping")))

    await one.waits(HoldState.TIME, 0)
    await one.written(Kind.INVOICE, 1)


async def test_while_xero_does_not_answer_documents_go_as_they_are(tmp_path: Path) -> None:
    async with serving(tmp_path, ChartedXero(is_down=True)) as one:
        await one.acked(*one.receive(sale()))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment(sale={**payment()["sale"], "invoice_id": "31"}))))

        assert await one.parked() == []
        assert settings(one) == ["/Accounts"]


async def test_what_a_call_and_the_lists_find_at_once_is_one_alarm(one: Served) -> None:
    settlement = Settlement(session=one.session, intake=Intake(session=one.session))

    with capture_logs() as lines:
        await asyncio.gather(*(settlement.pause_kind(Kind.INVOICE, "account_invalid", ()) for _ in range(2)))

    assert [line["kind"] for line in lines if line["event"] == "kind.paused"] == [Kind.INVOICE]


@pytest.mark.parametrize("refusal", [ReplyKind.CONSENT, ReplyKind.SCOPE])
async def test_what_a_person_has_to_mend_is_told_once_before_the_first_event(
    refusal: ReplyKind, tmp_path: Path
) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        reading = ChartReading(session=session_of(ledger, lease, MemoryBroker(), ChartedXero(refusal=refusal)))

        with capture_logs() as lines:
            answers = [await reading.read(), await reading.read()]

    assert answers == [False, False]
    assert [(line["event"], line["detail"]) for line in lines] == [("settings.not_read", "run `xerelay connect xero`")]
