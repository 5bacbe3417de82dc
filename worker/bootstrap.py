"""Puts the worker together from its settings. The only place that knows every part."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import chain

import structlog

from producers.amqp import Consumer
from schemas.topology import organisation_queues
from worker.broker import broker_settings
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.chart import Chart, ChartShelf
from worker.clock import Clock, SystemClock
from worker.endpoint.app import Endpoint
from worker.endpoint.server import listening
from worker.intake.inbox import Throttle
from worker.ledger.database.errors import LedgerUnavailable, WrongKey
from worker.ledger.database.postgresql import ANSWERS_WITHIN_S
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.metrics.beginning import Beginning
from worker.metrics.worker import WorkerWatch
from worker.notices.notices import Notices, channels_of
from worker.serving.housekeeping import keep_house
from worker.serving.runner import Runner
from worker.serving.service import LEASE_S, Service
from worker.session.counts import Counts
from worker.session.deliveries import Deliveries
from worker.session.finishing import Finishing
from worker.session.session import Session
from worker.session.steps import Step, Steps, Unwatched
from worker.settings import OrganisationSettings, Settings
from worker.settings.overlay import Overlay, filled
from worker.xero.client import XeroClient
from worker.xero.clients import Clients
from worker.xero.compose import compose
from worker.xero.oauth.tokens import ConsentRevoked, TokenUnavailable
from worker.xero.readings import Readings

_NOTICES_END_S = 0.2
_LEDGER_AGAIN_S = 5


async def run_worker(settings: Settings, *, steps: Steps | None = None, lease_s: float = LEASE_S) -> None:
    """Serve until SIGTERM or SIGINT; a ledger that is away is waited for, and whoever waits has nothing to drain.

    Raises `LedgerError` for one that this version cannot use.
    """
    spare_the_collector()
    clock = SystemClock()
    beginning = Beginning("worker")
    endpoint = Endpoint(beginning)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(endpoint.app, host=settings.http.host, ports=settings.http.port))
        ledger = await wait_for_ledger(settings, beginning, clock.sleep)
        stack.push_async_callback(ledger.close)
        factory = _Factory(settings, ledger, clock, steps or Unwatched(), stack)
        service = Service(
            worker_id=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
            organisations=list(settings.organisations),
            ledger=ledger,
            clock=clock,
            make_runner=factory.runner,
            housekeeping=factory.keep_house,
            lease_s=lease_s,
        )
        consumer = factory.consumer = make_consumer(settings, service)
        factory.throttle = Throttle(pause_reading=consumer.pause_reading, resume_reading=consumer.resume_reading)
        notices = Notices(settings, ledger, clock, channels_of(settings.notify))
        endpoint.watched = factory.watch(service, notices)
        _stop_at_signals(service)
        await _serve(service, consumer, notices)


async def _serve(service: Service, consumer: Consumer, notices: Notices) -> None:
    telling = asyncio.create_task(notices.run())
    try:
        await service.run(consumer)
    finally:
        telling.cancel()
        await asyncio.wait({telling}, timeout=_NOTICES_END_S)  # one that asks a ledger that hangs ends with that


async def wait_for_ledger(settings: Settings, beginning: Beginning, rest: Callable[[float], Awaitable[None]]) -> Ledger:
    """The ledger of these settings, brought to this version's schema; while it is away, why is logged and shown.

    Raises `LedgerError` for one that this version cannot use, and what `rest` raises.
    """
    while True:
        try:
            await upgrade(settings.ledger.url.get_secret_value())
            return await open_ledger(settings)
        except LedgerUnavailable as error:
            beginning.error = error
            structlog.get_logger("xerelay").warning("ledger.unavailable", detail=str(error))
        await rest(_LEDGER_AGAIN_S)


async def open_ledger(settings: Settings, *, answers_within_s: float | None = ANSWERS_WITHIN_S) -> Ledger:
    """The ledger of these settings."""
    section = settings.ledger
    return await Ledger.open(
        section.url.get_secret_value(),
        encryption_key=section.encryption_key.get_secret_value(),
        answers_within_s=answers_within_s,
    )


async def as_served(ledger: Ledger, org: OrganisationSettings) -> OrganisationSettings:
    """The organisation with what the console added to its configuration. Raises `LedgerError`."""
    return filled(org, await ledger.overlays.of(org.name))


def make_consumer(settings: Settings, service: Service) -> Consumer:
    """The connection that consumes, for all organisations of this process."""
    return Consumer(
        broker_settings(settings),
        queues=tuple(chain.from_iterable(organisation_queues(org) for org in settings.organisations)),
        on_deliveries=service.receive,
        on_lost=service.queue_lost,
    )


def limits_of(org: OrganisationSettings) -> Limits:
    """The budget's own value of an organisation's limits."""
    limits = org.limits
    return Limits(
        day=limits.day,
        minute=limits.minute,
        concurrent=limits.concurrent,
        burst=limits.burst,
        reserve=limits.reserve,
    )


class _Factory:
    """Makes what serves one organisation; connections to Xero are shared by all sessions of a connection."""

    consumer: Consumer
    throttle: Throttle

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        clock: Clock,
        steps: Steps,
        stack: AsyncExitStack,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._steps = steps
        self._clients = Clients(settings, ledger, clock, stack)
        self._leases: dict[str, Lease] = {}
        self._shelves = {name: ChartShelf(Chart(org)) for name, org in settings.organisations.items()}
        # from the start on, whoever serves them: what begins with a burst cannot be seen to grow
        self._counts = {name: Counts(clock.now) for name in settings.organisations}

    async def keep_house(self) -> None:
        """With the tokens that all sessions share."""
        await keep_house(self._settings, self._ledger, self._clients)

    def watch(self, service: Service, notices: Notices) -> WorkerWatch:
        """What the endpoint shows."""
        organisations = self._settings.organisations.items()
        return WorkerWatch(
            service=service,
            consumer=self.consumer,
            ledger=self._ledger,
            clock=self._clock,
            counts=self._counts,
            notices=notices.outcomes,
            connections={name: org.connection for name, org in organisations},
            limits={name: limits_of(org) for name, org in organisations},
            windows={name: org.window for name, org in organisations},
        )

    def runner(self, org: str, lease: Lease) -> Runner:
        """One organisation under one lease."""
        return Runner(
            lease=lease,
            org=org,
            make_session=partial(self._session, self._settings.organisations[org]),
            reached=partial(self._reached, self._settings.organisations[org].connection),
            consumer=self.consumer,
            throttle=self.throttle,
            ledger=self._ledger,
            clock=self._clock,
            counts=self._counts[org],
        )

    async def _reached(self, connection: str) -> list[str]:
        try:
            return [tenant.id for tenant in await self._clients.reached(connection)]
        except (ConsentRevoked, TokenUnavailable, WrongKey):
            return []

    def _session(self, configured: OrganisationSettings, lease: Lease, overlay: Overlay) -> Session:
        org = filled(configured, overlay)
        deliveries = Deliveries(self.consumer)
        shelf = self._shelves[org.name]
        if shelf.chart.org != org:
            # what was read was judged by another configuration
            self._shelves[org.name] = shelf = ChartShelf(Chart(org))
        return Session(
            org=org,
            lease=lease,
            ledger=self._ledger,
            client=self._client(org, lease),
            limits=limits_of(org),
            compose=compose,
            clock=self._clock,
            steps=self._steps,
            deliveries=deliveries,
            finishing=Finishing(ack=deliveries.ack, steps=self._steps, counts=self._counts[org.name]),
            shelf=shelf,
            stores=frozenset(name for name, store in self._settings.stores.items() if org.name in store.organisations),
            overlay=overlay,
            readings=Readings(
                cut_over=org.cut_over.before if org.cut_over.policy != "ignore" else None,
                reissues=org.edited_paid == "reissue",
            ),
        )

    def _client(self, org: OrganisationSettings, lease: Lease) -> XeroClient:
        self._leases[org.name] = lease
        return self._clients.client(
            org,
            spend_again=partial(self._spend_again, org),
            on_sent=partial(self._steps.reached, Step.SENT),
            on_reply=self._counts[org.name].answered,
        )

    async def _spend_again(self, org: OrganisationSettings, call_id: str) -> bool:
        spent = await self._ledger.calls.spend_again(self._leases[org.name], call_id, limits=limits_of(org))
        return not isinstance(spent, Wait) and bool(spent)


def spare_the_collector() -> None:
    """An event makes some hundred objects and no cycle, a page of a store some ten thousand.

    Looking for cycles every 700 objects took 3 % of the worker's time, and of an agent's more than 10 %.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _stop_at_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
