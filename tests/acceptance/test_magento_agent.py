"""A Magento store that trades while its agent is killed: in the end what is published is what the store counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from producers.runs import RunState
from producers.steps import Step
from schemas.commands import ResyncAll
from schemas.entities import CreditMemo, Entity, Invoice, Order, Payment
from schemas.envelope import Change, Event
from tests.acceptance.shop_stage import ShopStage
from tests.support.store_fixture import StoreSandbox, run_store

GATEWAYS = {"stripe_payments", "paypal_express"}
_AUTH = """
[stores.{store}.auth]
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
access_token = "{access_token}"
access_token_secret = "{access_token_secret}"
"""


# first those that need something to publish; every poll fetches, and translates what it fetched
_DEATHS = (
    (Step.RECORDED, 1),
    (Step.PUBLISHED, 2),
    (Step.CONFIRMED, 2),
    (Step.CHECKPOINTED, 2),
    (Step.FETCHED, 5),
    (Step.TRANSLATED, 5),
)


@pytest.fixture
def shop() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "400", "--seed", "5")


@pytest.fixture
async def stage(
    tmp_path: Path, amqp_url: str, empty_database_url: str, unique_org: str, shop: StoreSandbox
) -> AsyncIterator[ShopStage]:
    auth = _AUTH.format(store=f"shop_{unique_org}", **shop.credentials)
    store = {"kind": "magento", "url": shop.url, "lag": "1s", "auth": auth}
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=empty_database_url, store=store)
    yield made
    await made.close()


@pytest.mark.long
async def test_what_is_published_is_what_the_store_counts_whatever_dies(stage: ShopStage, shop: StoreSandbox) -> None:
    shop.control("quirks", late_seconds=3)
    shop.control("trade", per_second=15, orders=80)
    run = await stage.ask("resync-all", ResyncAll())
    events: list[Event] = []
    for step, nth in _DEATHS:
        await stage.died(stage.agent(step, nth))
        events += await stage.published()
    stage.agent()

    await until_done(stage, run)
    await stage.until(lambda: trading_is_over(shop), what="the end of trading", within_s=90)
    # a new agent reads the last quarter of an hour once more, and with it what showed late
    stage.agents[-1].terminate()
    stage.agents[-1].wait(60)
    stage.agent()

    async def agrees() -> bool:
        events.extend(await stage.published())
        return not differences(shop.truth(), events)

    try:
        await stage.until_async(agrees, what="the store and the events agree")
    except AssertionError:
        raise AssertionError(differences(shop.truth(), events)) from None


def trading_is_over(shop: StoreSandbox) -> bool:
    trading = shop.truth()["trading"]
    return bool(trading["orders_left"] == 0 and trading["unseen"] == 0)


async def until_done(stage: ShopStage, run: str) -> None:
    async def done() -> bool:
        status = await stage.status(run)
        return status is not None and status.state is RunState.DONE

    await stage.until_async(done, what="the run should be done", within_s=90)


def differences(truth: Any, events: list[Event]) -> dict[str, list[Any]]:
    """What the store counts and no event says, and what events say that the store does not count."""
    newest: dict[tuple[Entity, str], Event] = {}
    for event in events:
        known = newest.get((event.entity, event.subject))
        if known is None or event.version >= known.version:
            newest[event.entity, event.subject] = event
    standing = [event.data for event in newest.values() if event.change is Change.CHANGED]
    found: dict[str, tuple[set[Any], set[Any]]] = {
        "documents": ({_counted(one) for one in truth["documents"]}, {_said(one) for one in standing if _is_sale(one)}),
        "payments": (
            {_money(one) for one in truth["payments"] if one["online"] and one["method"] in GATEWAYS},
            {_paid(one) for one in standing if isinstance(one, Payment) and one.method in GATEWAYS},
        ),
        "customers": (
            {truth["counts"]["customers"]},
            {sum(entity is Entity.CUSTOMER for entity, _ in newest)},
        ),
    }
    return {
        f"{name} {side}": sorted(lacking, key=str)[:5]
        for name, (store, said) in found.items()
        for side, lacking in (("missing", store - said), ("too many", said - store))
        if lacking
    }


def _is_sale(data: object) -> bool:
    return isinstance(data, Order | Invoice | CreditMemo)


def _counted(document: Any) -> tuple[object, ...]:
    names = ("kind", "id", "number", "website", "date", "cancelled", "net", "tax", "gross")
    return tuple(str(document[name]) for name in names)


def _said(data: Any) -> tuple[object, ...]:
    kind = {"Order": "order", "Invoice": "invoice", "CreditMemo": "credit_memo"}[type(data).__name__]
    totals = data.totals
    said = (kind, data.id, data.number, data.website, data.date, data.cancelled, totals.net, totals.tax, totals.gross)
    return tuple(str(one) for one in said)


def _money(one: Any) -> tuple[object, ...]:
    return (one["direction"], str(one["document_id"]), one["method"], one["date"], one["amount"])


def _paid(payment: Payment) -> tuple[object, ...]:
    document = payment.sale.invoice_id if payment.direction == "in" else payment.credit_memo_id
    return (payment.direction, document, payment.method, str(payment.date), str(payment.amount))
