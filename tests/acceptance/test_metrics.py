"""Three workers and an agent under load, four organisations: a real Prometheus scrapes them for a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from producers.runs import RunState
from schemas.commands import ResyncAll
from tests.acceptance.consent import connect
from tests.acceptance.listening import listening_at
from tests.acceptance.post import part_of
from tests.acceptance.scraping import Prometheus, write_scrape_configuration
from tests.acceptance.shop_stage import ShopStage
from tests.acceptance.stage import Stage, a_small_day
from tests.support.prometheus_files import DASHBOARDS, dashboard, expressions, groups, panels
from tests.support.prometheus_server import running_prometheus
from tests.support.sandbox_fixture import SandboxControl
from worker.documents.documents import Kind
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.records import Pause

SCRAPES = 30
SCRAPES_A_ROUND = 4
"""Every 2 seconds: a minute in all."""

OTHERS = ("org2", "org3", "org4")


@pytest.fixture
async def stage(tmp_path: Path, amqp_url: str, wide_sandbox: SandboxControl, unique_org: str) -> AsyncIterator[Stage]:
    """Four organisations; each process listens on a port of its own."""
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    stage = Stage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=url, sandbox=wide_sandbox)
    stage.environ["XERELAY_HTTP__PORT"] = "0"
    for name in OTHERS:
        stage.also_serve(f"{unique_org}_{name}", wide_sandbox.tenant_id(name))
    await connect(stage)
    for name in OTHERS:
        wide_sandbox.person("grant-consent", organisation=name, client_id="sandbox-web")
    yield stage
    await stage.close()


@pytest.fixture
async def shop(tmp_path: Path, stage: Stage) -> AsyncIterator[ShopStage]:
    """A store of the first organisation, on the same ledger."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shop = ShopStage(folder, organisation=stage.organisation, broker_url=stage.broker_url, ledger_url=stage.ledger_url)
    shop.environ["XERELAY_HTTP__PORT"] = "0"
    shop.shop.trade(60)
    yield shop
    await shop.close()


@pytest.mark.timeout(240)
@pytest.mark.long
async def test_every_rule_evaluates_and_every_panel_shows_data(tmp_path: Path, stage: Stage, shop: ShopStage) -> None:
    organisations = [stage.organisation, *(f"{stage.organisation}_{name}" for name in OTHERS)]
    await pause_a_kind(stage)
    for _ in range(3):
        stage.worker()
    shop.agent()
    await stage.until_async(lambda: shares_are(stage, [1, 1, 2]), what="four organisations shared by three workers")
    addresses = [await address(stage, partial(stage.log, number)) for number in range(3)]
    agent = await address(stage, shop.log)
    await all_ready(stage, [*addresses, agent])

    async with scraping(tmp_path, addresses, agent) as prometheus:
        run = await shop.ask("resync-all", ResyncAll())
        posted = await load_until_scraped(stage, prometheus, organisations)
        await stage.until_async(lambda: run_is_done(shop, run), what="the resync")
        await panels_show_data(stage, prometheus)
        await every_event_is_counted(stage, prometheus, posted)
        await each_is_one(stage, prometheus, "sum by (organisation) (xerelay_organisation_served)", organisations)
        shared = 'count by (organisation) (xerelay_budget_limit_calls{window="day"})'
        await each_is_one(stage, prometheus, shared, organisations)
        rules = await prometheus.rules()
        critical = await prometheus.now('ALERTS{alertstate="firing", severity="critical"}')

    assert len(rules) == sum(len(group["rules"]) for group in groups())
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
    assert critical == {}


async def pause_a_kind(stage: Stage) -> None:
    """So that there is a pause to show, and events that are held for it."""
    ledger = await stage.ledger()
    now = await ledger.now()
    pause = Pause(stage.organisation, Kind.ITEM, "account_invalid", "archived", now, now + timedelta(hours=1))
    await ledger.pauses.set(None, pause)


async def shares_are(stage: Stage, shares: list[int]) -> bool:
    try:
        leases = await (await stage.ledger()).leases.holders()
    except LedgerUnavailable:
        return False
    held = Counter(lease.holder for lease in leases if lease.name.startswith(stage.organisation))
    return sorted(held.values()) == shares


async def address(stage: Stage, log: Callable[[], str]) -> str:
    await stage.until(lambda: listening_at(log()) is not None, what="the address of a process")
    return listening_at(log()) or ""


async def all_ready(stage: Stage, addresses: list[str]) -> None:
    async def ready() -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            replies = [await http.get(f"{one}/readyz") for one in addresses]
        return all(reply.status_code == 200 for reply in replies)

    await stage.until_async(ready, what="every process ready")


@asynccontextmanager
async def scraping(folder: Path, workers: list[str], agent: str) -> AsyncIterator[Prometheus]:
    config = write_scrape_configuration(folder, {"xerelay-worker": workers, "xerelay-agent": [agent]})
    with running_prometheus(config, folder) as url:
        prometheus = Prometheus(url)
        try:
            yield prometheus
        finally:
            await prometheus.aclose()


async def load_until_scraped(stage: Stage, prometheus: Prometheus, organisations: list[str]) -> Counter[str]:
    """A store's day for each organisation every few scrapes, until each process has been scraped for a minute.

    Returns how many messages each organisation got.
    """
    posted: Counter[str] = Counter()
    for number in range(SCRAPES // SCRAPES_A_ROUND + 1):
        wanted = min(SCRAPES, (number + 1) * SCRAPES_A_ROUND)
        for org in organisations:
            day = a_small_day(org, orders=6, seed=number, store=f"shop{number}")
            # the bad messages are alike on all days: once is enough
            day = day if number == 0 else part_of(day)
            await stage.publish(day)
            posted[org] += len(day.events) + len(day.bad)
        await stage.until_async(partial(prometheus.has_scraped, wanted), what=f"{wanted} scrapes of each process")
    return posted


async def every_event_is_counted(stage: Stage, prometheus: Prometheus, posted: Counter[str]) -> None:
    """The first organisation gets its store's events beside; one that came again after a lease moved counts again."""

    async def all_counted() -> bool:
        seen = await prometheus.now('sum by (organisation) (xerelay_events_total{outcome!="held"})')
        return all(seen.get((org,), 0) >= count for org, count in posted.items())

    await stage.until_async(all_counted, what=f"as many events as were posted: {posted}")


async def each_is_one(stage: Stage, prometheus: Prometheus, expression: str, organisations: list[str]) -> None:
    """A scrape that a busy machine was too slow for leaves a gap of one interval."""

    async def all_one() -> bool:
        return await prometheus.now(expression) == {(name,): 1 for name in organisations}

    await stage.until_async(all_one, within_s=60, what=expression)


async def run_is_done(shop: ShopStage, run: str) -> bool:
    status = await shop.status(run)
    return status is not None and status.state is RunState.DONE


async def panels_show_data(stage: Stage, prometheus: Prometheus) -> None:
    """Every query of every panel; what a figure of the last seconds shows may take some more."""
    asked = [
        (panel["title"], expression)
        for path in DASHBOARDS
        for panel in panels(dashboard(path))
        for expression in expressions(panel)
    ]

    async def all_show() -> bool:
        nonlocal asked
        asked = [one for one in asked if not await prometheus.has_data(one[1], organisation=stage.organisation)]
        return not asked

    assert len(asked) > 50
    try:
        await stage.until_async(all_show, within_s=60)
    except AssertionError:
        raise AssertionError(f"no data for {asked}") from None
