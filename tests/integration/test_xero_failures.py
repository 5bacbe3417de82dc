"""What goes wrong between the client and Xero, and how each reply is told apart, on the strict sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.sandbox_fixture import SandboxControl
from tests.support.waiting import let_pass, until
from tests.support.xero_sandbox import (
    SandboxXero,
    asking,
    contact_write,
    writing,
)
from worker.documents.documents import Kind
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.replies.verdicts import Written, verdicts


@pytest.fixture
async def xero(sandbox: SandboxControl) -> AsyncIterator[SandboxXero]:
    made = SandboxXero(sandbox)
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ("500", ReplyKind.SERVER_ERROR, 500),
        ("500-partial", ReplyKind.SERVER_ERROR, 500),
        ("502", ReplyKind.UNCERTAIN, 502),
        ("503", ReplyKind.UNCERTAIN, 503),
        ("504", ReplyKind.UNCERTAIN, 504),
        ("403", ReplyKind.CONSENT, 403),
        ("429-concurrent", ReplyKind.TOO_MANY_CONCURRENT, 429),
    ],
)
async def test_each_failure_has_its_outcome(xero: SandboxXero, fault: str, outcome: ReplyKind, status: int) -> None:
    xero.sandbox.fault(fault)

    reply = await xero.client.send(writing(contact_write("1")))

    assert (reply.outcome, reply.status) == (outcome, status)


@pytest.mark.parametrize("fault", ["204", "404", "notice"])
@pytest.mark.parametrize("path", ["/Payments", "/Accounts"])
async def test_what_something_before_xero_says_of_a_list_is_no_word_of_what_is_there(
    xero: SandboxXero, fault: str, path: str
) -> None:
    xero.sandbox.fault(fault)

    odd, sound = await xero.client.send(asking(None, path)), await xero.client.send(asking(None, path))

    assert (odd.outcome, sound.outcome) == (ReplyKind.UNCERTAIN, ReplyKind.ANSWERED)


@pytest.mark.parametrize("fault", ["204", "404", "notice"])
async def test_what_something_before_xero_says_of_one_document_is_no_word_of_it(xero: SandboxXero, fault: str) -> None:
    missing = asking(Kind.CREDIT_NOTE, "/CreditNotes/shop-404")
    xero.sandbox.fault(fault)

    odd, sound = await xero.client.send(missing), await xero.client.send(missing)

    assert (odd.outcome, sound.outcome) == (ReplyKind.UNCERTAIN, ReplyKind.NOT_FOUND)


@pytest.mark.parametrize("fault", ["204", "404", "notice"])
async def test_what_something_before_xero_says_of_a_write_is_a_lost_answer(xero: SandboxXero, fault: str) -> None:
    xero.sandbox.fault(fault)

    reply = await xero.client.send(writing(contact_write("1")))

    assert (reply.outcome, reply.status) == (ReplyKind.UNCERTAIN, None)


async def test_a_document_that_is_not_there_is_known_by_its_404(xero: SandboxXero) -> None:
    reply = await xero.client.send(asking(Kind.CONTACT, "/Contacts/shop%3A404"))

    assert reply.outcome is ReplyKind.NOT_FOUND


@pytest.mark.parametrize(
    ("fault", "outcome", "retry_after_s"),
    [("429-minute", ReplyKind.TOO_MANY_MINUTE, 26.0), ("429-day", ReplyKind.TOO_MANY_DAY, 3600.0)],
)
async def test_limits_are_told_apart_with_their_waiting_times(
    xero: SandboxXero, fault: str, outcome: ReplyKind, retry_after_s: float
) -> None:
    xero.sandbox.fault(fault)

    reply = await xero.client.send(writing(contact_write("1")))

    assert (reply.outcome, reply.limits.retry_after_s) == (outcome, retry_after_s)
    assert reply.limits.problem == fault.removeprefix("429-")


async def test_the_remaining_calls_are_read_from_every_reply(xero: SandboxXero) -> None:
    first = await xero.client.send(asking(None, "/Organisation"))
    second = await xero.client.send(asking(None, "/Organisation"))

    assert first.limits.day_remaining is not None
    assert second.limits.day_remaining == first.limits.day_remaining - 1
    assert second.limits.minute_remaining is not None
    assert second.limits.app_minute_remaining is not None


async def test_a_lost_reply_is_uncertain_and_the_same_key_brings_it_back(xero: SandboxXero) -> None:
    call = writing(contact_write("1"))
    xero.sandbox.fault("lost-reply")

    lost = await xero.client.send(call)
    again = await xero.client.send(call)

    assert lost.outcome is ReplyKind.UNCERTAIN
    assert len(xero.sent) == 2
    assert isinstance(verdicts(call, again)[call.members[0].key], Written)
    assert xero.sandbox.audit()["documents"]["contacts"] == 1


async def test_a_reply_that_comes_too_late_is_uncertain(sandbox: SandboxControl) -> None:
    xero = SandboxXero(sandbox, deadline_s=30)
    await xero.auth.token()
    sandbox.fault("slow", seconds=300)

    sending = asyncio.create_task(xero.client.send(writing(contact_write("1"))))
    await until(lambda: sandbox.audit()["faults_fired"], what="the call at Xero")
    let_pass(30)
    reply = await sending
    await xero.aclose()

    assert reply.outcome is ReplyKind.UNCERTAIN
    assert "within 30 s" in reply.detail


async def test_an_unknown_id_is_not_found_though_xero_says_so_in_bare_words(xero: SandboxXero) -> None:
    reply = await xero.client.send(asking(Kind.INVOICE, "/Invoices/00000000-0000-0000-0000-000000000009"))

    assert (reply.outcome, reply.status) == (ReplyKind.NOT_FOUND, 404)
    assert reply.raw == b"The resource you're looking for cannot be found"


async def test_a_call_that_xero_cannot_read_is_refused_whole(xero: SandboxXero) -> None:
    call = replace(writing(contact_write("1")), body=b'{"Contacts":[{]}')

    reply = await xero.client.send(call)

    assert reply.outcome is ReplyKind.REFUSED_WHOLE
    assert reply.detail


async def test_a_missing_scope_is_told_from_a_missing_consent(xero: SandboxXero) -> None:
    call = replace(asking(None, "/Accounts"), method="PUT", body=b'{"Code":"1"}')

    reply = await xero.client.send(call)

    assert reply.outcome is ReplyKind.SCOPE


async def test_a_xero_that_is_not_there_was_sent_nothing(sandbox: SandboxControl) -> None:
    nowhere = SandboxControl("http://127.0.0.1:9")
    xero = SandboxXero(nowhere, tenant_id=sandbox.tenant_id())

    reply: Reply = await xero.client.send(asking(None, "/Organisation"))
    await xero.aclose()
    nowhere.close()

    assert reply.outcome is ReplyKind.UNSENT
    assert xero.sent == []


async def test_the_product_makes_no_call_that_it_does_not_count(xero: SandboxXero) -> None:
    for n in range(3):
        await xero.client.send(writing(contact_write(str(n))))

    assert sum(line["count"] for line in xero.sandbox.audit()["calls"]) == 3
