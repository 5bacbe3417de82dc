"""Approvals: under another number too, and while documents are being written, when what was written stays known."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.fakes import FakeClock
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, payment
from tests.support.sample_ledger import AMPLE, lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, Served, serve, served
from tests.support.stopping import stopped_after
from tests.support.waiting import until
from worker.budget.corrections import Headers
from worker.calls.approvals import Approvals
from worker.documents.documents import Kind
from worker.ledger.records import Call, HoldState, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"


@dataclass
class SlowLists(MemoryXero):
    """`meanwhile` happens before the drafts are listed."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, call: Call) -> Reply:
        if self.meanwhile is not None and "Statuses" in call.params:
            await self.meanwhile()
        return await super().send(call)


class Filtering(MemoryXero):
    """Credit notes are found by the terms that are asked for."""

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        terms = re.findall(r'(\w+)==(?:guid\()?"([^"]*)"', call.params.get("where", ""))
        for element in super()._listed(call):
            if not terms or any(str(element.get(name)) == value for name, value in terms):
                yield element


@dataclass
class Vast(Filtering):
    """More than 100,000 credit notes, as one that `refuses` lists by their ids has, and shows each by itself."""

    refuses: str = "CreditNoteID"

    async def send(self, call: Call) -> Reply:
        if call.kind is Kind.CREDIT_NOTE and self.refuses in call.params.get("where", ""):
            self.calls.append(call)
            return Reply(ReplyKind.REFUSED_WHOLE, 400, detail="too many records")
        return await super().send(call)

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        asked = call.path.removeprefix("/CreditNotes/")
        for element in super()._listed(call):
            if asked == call.path or element.get("CreditNoteID") == asked:
                yield element


@asynccontextmanager
async def refunds_of_drafts(url: str, xero: MemoryXero, count: int) -> AsyncIterator[tuple[Served, list[str]]]:
    """A session in which refunds wait for the approval of as many credit notes, whose numbers these are."""
    async with served(url, xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        for n in range(1, count + 1):
            made = credit_memo(line("1.00", "0.20", tax_rate="20"), id=f"9{n}", number=f"90000000{n}", stays_open=True)
            await one.acked(*one.receive(event(Entity.CREDIT_MEMO, made)))
            refund = payment(id=f"4{n}", direction="out", credit_memo_id=made["id"], amount="1.20")
            await one.acked(*one.receive(event(Entity.PAYMENT, refund)))
        await one.waits(HoldState.TIME, count)
        yield one, [number for number, note in xero.written.items() if "CreditNoteID" in note]


async def test_refunds_are_booked_where_xero_shows_no_list_of_credit_notes(tmp_path: Path) -> None:
    xero = Vast()
    async with refunds_of_drafts(f"sqlite+inline:///{tmp_path}/ledger.db", xero, 2) as (one, numbers):
        for number in numbers:
            xero.written[number] = {**xero.written[number], "Status": "AUTHORISED"}
        before = len(xero.calls)

        await Approvals(session=one.session).look()
        reads = [call.path for call in xero.calls[before:] if call.purpose is Purpose.LOOKUP]
        await until(lambda: sum("PaymentID" in paid for paid in xero.written.values()) == 2, what="both refunds")

        ids = [str(xero.written[number]["CreditNoteID"]) for number in numbers]
        assert reads[:2] == ["/CreditNotes", "/CreditNotes"]
        assert sorted(reads[2:]) == sorted(f"/CreditNotes/{one}" for one in ids)


async def test_a_look_of_more_calls_than_the_minute_has_waits_for_the_rest(tmp_path: Path) -> None:
    xero = Vast()
    async with refunds_of_drafts(f"sqlite+inline:///{tmp_path}/ledger.db", xero, 1) as (one, [number]):
        xero.written[number] = {**xero.written[number], "Status": "AUTHORISED"}
        one.session.limits = replace(AMPLE, minute=30)  # two calls at once, and the third a second later

        released = await Approvals(session=one.session).look()

        assert released == 1


async def test_a_draft_thrown_away_that_xero_does_not_find_parks_its_refund(tmp_path: Path) -> None:
    xero = Vast()
    async with refunds_of_drafts(f"sqlite+inline:///{tmp_path}/ledger.db", xero, 1) as (one, [_]):
        gone = Reply(ReplyKind.NOT_FOUND, 404)
        drafts = Reply(ReplyKind.ANSWERED, 200)
        xero.answers[Kind.CREDIT_NOTE] = [lambda _: drafts, lambda _: gone]

        await Approvals(session=one.session).look()
        await one.parks(1)

        assert [held.reason for held in await one.parked()] == ["document_void"]


async def test_a_refusal_to_show_the_drafts_is_logged_and_releases_nothing(tmp_path: Path) -> None:
    xero = Vast(refuses="Status")
    async with refunds_of_drafts(f"sqlite+inline:///{tmp_path}/ledger.db", xero, 1) as (one, [number]):
        xero.written[number] = {**xero.written[number], "Status": "AUTHORISED"}

        with capture_logs() as lines:
            released = await Approvals(session=one.session).look()

        [said] = [line for line in lines if line["event"] == "approvals.not_read"]
        assert (released, said["organisation"], said["status"]) == (0, ORG, 400)
        assert "too many records" not in str(said)


async def test_a_credit_note_renumbered_at_its_approval_has_its_refund_booked(tmp_path: Path) -> None:
    xero = Filtering()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        memo = event(Entity.CREDIT_MEMO, credit_memo(line("10.00", "2.00", tax_rate="20")))
        await one.acked(*one.receive(memo))
        refund = payment(direction="out", credit_memo_id=memo.data.id)
        await one.acked(*one.receive(event(Entity.PAYMENT, refund)))
        number = next(number for number, note in xero.written.items() if "CreditNoteID" in note)
        for approved, changes in ((NUMBER, {}), (number, {"CreditNoteNumber": "CN-0042"})):
            xero.written[approved] = {**xero.written[approved], "Status": "AUTHORISED", **changes}

        await Approvals(session=one.session).look()
        await one.written(Kind.PAYMENT, 1)

        assert await one.parked() == []


async def test_a_probe_of_a_spent_day_is_left_to_what_waits(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        lease = await lease_of(ledger, name=ORG)
        one = serve(ledger, lease, MemoryBroker(), MemoryXero(), document_status="draft")
        async with stopped_after(one.task):
            await one.acked(*one.receive(sale("10.00", "2.00"), event(Entity.PAYMENT, payment())))
            await ledger.calls.correct(ORG, Headers(day_remaining=0))
            clock.advance(16 * 60)
            before = len(one.xero.calls)

            await Approvals(session=one.session).look()
            of_the_spent_day = one.xero.calls[before:]
            clock.advance(24 * 3_600)
            await Approvals(session=one.session).look()

            assert of_the_spent_day == []
            assert ["Statuses" in call.params for call in one.xero.calls[before:]] == [True]


def sale(net: str, tax: str, *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


async def test_a_sale_edited_during_the_look_goes_back_to_its_first_amounts(tmp_path: Path) -> None:
    xero = SlowLists()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        xero.written[NUMBER] = {**xero.written[NUMBER], "Status": "AUTHORISED"}

        async def edit() -> None:
            await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        xero.meanwhile = edit
        await Approvals(session=one.session).look()
        assert str(xero.written[NUMBER]["Total"]) == "24.00"

        await one.acked(*one.receive(sale("10.00", "2.00", hours=2)))

        assert str(xero.written[NUMBER]["Total"]) == "12.00"
        assert await one.parked() == []


async def test_what_is_still_a_draft_is_not_read_beside_the_list_of_drafts(tmp_path: Path) -> None:
    xero = MemoryXero()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        before = len(xero.calls)

        await Approvals(session=one.session).look()

        assert [call.params["page"] for call in xero.calls[before:]] == ["1"]
