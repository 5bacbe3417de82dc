"""Paid sales that were edited, where the organisation wants them credited and issued anew."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.envelope import Event
from tests.acceptance.stage import LEASE_S, SHORT_LEASE_S, Stage
from tests.acceptance.test_lifecycle import Shop, calls
from tests.support.log_lines import told
from worker.ledger.held.parked import Chosen
from worker.session.steps import Step

NUMBER = "I-webshop-0000"
REISSUED = {
    "1": (12, 0, "PAID"),
    "1~1": (12, 0, "PAID"),
    "1~2": (24, 12, "AUTHORISED"),
    "2": (12, 0, "PAID"),
    "2~1": (12, 6, "AUTHORISED"),
    "2~2": (6, 0, "PAID"),
    "3": (12, 0, "PAID"),
    "3~1": (12, 0, "PAID"),
    "3~2": (24, 19, "AUTHORISED"),
}


@pytest.fixture
async def shop(sqlite_stage: Stage) -> Shop:
    """Three sales of 12.00 in Xero, two of them paid and one with 5.00 paid; no worker runs."""
    stage, shop = sqlite_stage, Shop(sqlite_stage)
    stage.configure(stage.organisation, EDITED_PAID="reissue")
    await shop.publish(*(shop.sale(n) for n in (1, 2, 3)), shop.payment(1), shop.payment(2), shop.payment(3, "5.00"))
    stage.lease_s = SHORT_LEASE_S
    worker = stage.worker()
    await shop.until_written(3, 3)
    stage.kill(worker)
    stage.lease_s = LEASE_S
    return shop


def edits(shop: Shop) -> list[Event]:
    return [shop.sale(n, net=net, hours=1) for n, net in ((1, "20.00"), (2, "5.00"), (3, "20.00"))]


def books(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """By number: total, what is due or left of it, and status."""
    found = {}
    for kind, left in (("invoices", "AmountDue"), ("credit_notes", "RemainingCredit")):
        for one in shop.stage.sandbox.documents(kind):
            number = str(one.get("InvoiceNumber") or one.get("CreditNoteNumber"))
            found[number.removeprefix(NUMBER)] = (one["Total"], one[left], one["Status"])
    return found


async def until_done(shop: Shop, wanted: dict[str, tuple[Any, ...]], sales: int) -> None:
    """The books have that, and the last worker is through with so many sales."""
    await shop.stage.until(lambda: books(shop).items() >= wanted.items(), what=f"{wanted}")
    await shop.stage.until(lambda: len(told(shop.stage.log(), result="adopted")) == sales, what=f"{sales} sales done")


async def test_the_new_invoice_has_what_was_paid_and_takes_what_is_still_to_come(shop: Shop) -> None:
    stage, before = shop.stage, calls(shop.stage)
    stage.worker()

    await shop.publish(*edits(shop), shop.payment(1, "12.00", "p1b"))

    wanted = REISSUED | {"1~2": (24, 0, "PAID")}
    await until_done(shop, wanted, 3)
    assert books(shop) == wanted
    assert await shop.parked() == {}
    assert stage.sandbox.audit()["duplicates"] == []

    spent = calls(stage)
    made = {kind: count for kind, count in (spent - before).items() if kind[1] not in {"Accounts", "TaxRates"}}
    assert made == {
        ("GET", "Invoices"): 2,
        ("PUT", "CreditNotes"): 1,
        ("PUT", "Invoices"): 1,
        ("PUT", "CreditNotes/{id}/Allocations"): 3,
        ("PUT", "Payments"): 1,
    }
    await shop.publish(*edits(shop))
    await stage.until(lambda: len(told(stage.log(), result="unchanged")) == 3, what="three unchanged sales")
    assert calls(stage) == spent


@pytest.mark.long
async def test_a_worker_that_dies_in_the_middle_of_it_again_and_again_doubles_nothing(shop: Shop) -> None:
    stage = shop.stage
    await shop.publish(*edits(shop))

    for step, nth in ((Step.CALL_OPENED, 2), (Step.RECORDED, 2), (Step.CALL_OPENED, 1), (Step.RECORDED, 2)):
        await stage.died(stage.worker(step, nth))
    stage.worker()

    await until_done(shop, REISSUED, 3)
    assert books(shop) == REISSUED
    assert await shop.parked() == {}
    assert stage.sandbox.audit()["duplicates"] == []


async def test_a_sale_that_is_edited_twice_is_issued_twice(shop: Shop) -> None:
    stage = shop.stage
    await shop.publish(*edits(shop)[:1])
    await stage.died(stage.worker(Step.RECORDED, 2))

    await shop.publish(shop.sale(1, net="30.00", hours=2))
    stage.worker()

    wanted = {
        "1~1": (12, 0, "PAID"),
        "1~2": (24, 0, "PAID"),
        "1~3": (24, 0, "PAID"),
        "1~4": (36, 24, "AUTHORISED"),
    }
    await until_done(shop, wanted, 1)
    assert set(books(shop)) == {"1", "2", "3", *wanted}
    assert await shop.parked() == {}


async def test_what_a_cheaper_version_left_stays_the_customers_when_the_sale_becomes_dearer(shop: Shop) -> None:
    shop.stage.worker()
    await shop.publish(shop.sale(2, net="5.00", hours=1))
    await until_done(shop, {"2~2": REISSUED["2~2"]}, 1)

    await shop.publish(shop.sale(2, net="20.00", hours=2))

    # 12.00 was paid, and 24.00 - 12.00 is owed: 18.00 less the 6.00 that the first credit note has left
    wanted = {"2~1": (12, 6, "AUTHORISED"), "2~2": (6, 0, "PAID"), "2~3": (6, 0, "PAID"), "2~4": (24, 18, "AUTHORISED")}
    await until_done(shop, wanted, 2)
    assert await shop.parked() == {}


@pytest.mark.parametrize("net", ["20.00", "5.00"])
async def test_a_cancelled_sale_is_told_by_the_invoice_that_xero_does_not_void(shop: Shop, net: str) -> None:
    wanted = REISSUED["1~2"] if net == "20.00" else (6, 0, "PAID")
    shop.stage.worker()
    await shop.publish(shop.sale(1, net=net, hours=1))
    await until_done(shop, {"1~2": wanted}, 1)

    await shop.publish(shop.sale(1, net=net, cancelled=True, hours=2))

    await shop.until_parked(1)
    [parked] = (await shop.parked()).values()
    assert parked.detail.startswith(f"{NUMBER}1~2 is in xero still: status {wanted[2]}")


async def test_a_payment_that_is_removed_after_its_sale_was_issued_anew_is_told_with_what_to_do(shop: Shop) -> None:
    stage, old, credit, new = shop.stage, f"{NUMBER}1", f"{NUMBER}1~1", f"{NUMBER}1~2"
    stage.worker()
    await shop.publish(shop.sale(1, net="20.00", hours=1))
    await until_done(shop, {"1~2": REISSUED["1~2"]}, 1)

    await shop.publish(shop.removed("p1"))

    await shop.until_parked(1)
    assert books(shop).items() >= {name: REISSUED[name] for name in ("1", "1~1", "1~2")}.items()
    [parked] = (await shop.parked()).values()
    assert (parked.reason, parked.detail) == (
        "sale_reissued",
        f"it is on {old}, which was issued anew as {new} since; nothing was deleted",
    )
    assert parked.hint == (
        f"in xero, delete the payment; then take credit note {credit} off {new}, set it against {old} and what is left "
        f"against {new}; then retry"
    )

    [paid] = [one for one in stage.sandbox.documents("payments") if one["Invoice"]["InvoiceNumber"] == old]
    stage.person("delete-payment", name=paid["PaymentID"])
    stage.person("take-off-credit", name=credit)
    stage.person("set-credit", name=credit, to=old)
    await (await stage.ledger()).parked.retry(Chosen(ids=(parked.id,)), who="ann")
    await shop.publish(shop.payment(1, "24.00", "p1b"))

    await until_done(shop, {"1": (12, 0, "PAID"), "1~1": (12, 0, "PAID"), "1~2": (24, 0, "PAID")}, 1)
    await shop.until_parked(0)


async def test_a_payment_that_is_removed_while_its_sale_is_edited_is_deleted_and_nothing_is_issued_anew(
    shop: Shop,
) -> None:
    shop.stage.worker()

    await shop.publish(*edits(shop), *(shop.removed(f"p{n}") for n in (1, 2, 3)))

    wanted = {"1": (24, 24, "AUTHORISED"), "2": (6, 6, "AUTHORISED"), "3": (24, 24, "AUTHORISED")}
    await shop.stage.until(lambda: books(shop) == wanted, what=f"{wanted}")
    assert await shop.parked() == {}
