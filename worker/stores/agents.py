"""Puts the agents of stores together from their settings: one process, one broker connection each way, one ledger."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import chain
from typing import Any

from producers.agent import CHARGE_S, Runnable, StoreAgent
from producers.amqp import Consumer, Delivery, Publisher, TopologyMismatch
from producers.command_desk import CommandDesk
from producers.first_look import FirstLook
from producers.opening import LateStore, Open
from producers.pace import Pace, Stop, Stopped
from producers.patience import Patience
from producers.poller import Poller
from producers.posting import Posting
from producers.publisher import EventPublisher, event_queues
from producers.resync import Resyncer
from producers.session import Session
from producers.steps import Steps, Unwatched
from producers.sweep import Sweeper
from producers.translation import Translator
from schemas.topology import store_commands, store_queues
from worker.bootstrap import spare_the_collector, wait_for_ledger
from worker.broker import broker_settings
from worker.clock import SystemClock
from worker.endpoint.app import Endpoint
from worker.endpoint.server import listening
from worker.ledger.ledger import Ledger
from worker.metrics.agent import AgentWatch, WatchedStore
from worker.metrics.beginning import Beginning
from worker.settings import Settings
from worker.settings.sections import StoreSettings
from worker.stores.stores import opener_of, routing_of

_COMMANDS_AHEAD = 10
_GRACE_S = 1
_NAMES = ("sync-now", "resync", "resync-all")
"""Each kind of command is worked off by itself: who wants one entity now does not wait for a resync of days."""


async def run_agents(
    settings: Settings,
    names: Sequence[str],
    *,
    say: Callable[[str], None],
    steps: Steps | None = None,
    charge_s: float = CHARGE_S,
) -> None:
    """Serve these stores until SIGTERM or SIGINT; a ledger, a broker and stores that are away are waited for.

    Raises `NoAdapter`, `BadBrokerSettings`, and `LedgerError` for a ledger that this version cannot use.
    """
    spare_the_collector()
    stop = Stop(SystemClock())
    _stop_at_signals(stop)
    stores = [settings.stores[name] for name in names]
    openers = {store.name: opener_of(store) for store in stores}
    beginning = Beginning("agent")
    endpoint = Endpoint(beginning)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(endpoint.app, host=settings.http.host, ports=settings.http.port))
        with suppress(Stopped):
            ledger = await wait_for_ledger(settings, beginning, stop.rest)
            stack.push_async_callback(ledger.close)
            desks: dict[str, CommandDesk] = {}
            publisher = Publisher(broker_settings(settings), queues=event_queues(_organisations(stores)))
            consumer = _consumer(settings, stores, desks)
            factory = _Factory(settings, ledger, publisher, consumer, stop, say, steps or Unwatched(), charge_s)
            agents = [factory.agent(store, openers[store.name], desks) for store in stores]
            endpoint.watched = factory.watch()
            await _serve(agents, publisher, consumer, [store_commands(store.name) for store in stores])


def _organisations(stores: Sequence[StoreSettings]) -> Iterable[str]:
    return dict.fromkeys(chain.from_iterable(store.organisations for store in stores))


def _consumer(settings: Settings, stores: Sequence[StoreSettings], desks: dict[str, CommandDesk]) -> Consumer:
    def receive(*deliveries: Delivery) -> None:
        for delivery in deliveries:
            desks[delivery.queue].receive(delivery)

    return Consumer(
        broker_settings(settings),
        queues=tuple(chain.from_iterable(store_queues(store.name) for store in stores)),
        on_deliveries=receive,
        on_lost=lambda _: None,  # what was not written down comes again; what was is known by its id
    )


async def _serve(agents: Sequence[StoreAgent], publisher: Publisher, consumer: Consumer, queues: Sequence[str]) -> None:
    links: list[asyncio.Future[Any]] = [asyncio.create_task(publisher.run()), asyncio.create_task(consumer.run())]
    working: asyncio.Future[Any] = asyncio.gather(*(agent.run() for agent in agents))
    try:
        for queue in queues:
            with suppress(TopologyMismatch):  # told by the link, and begun by it once an admin has acted
                await consumer.start(queue, _COMMANDS_AHEAD)
        await asyncio.wait({working, *links}, return_when=asyncio.FIRST_COMPLETED)
        for link in links:
            if link.done():
                link.result()  # a broker setting that cannot work
        await working
    finally:
        working.cancel()
        await consumer.stop()
        await publisher.stop(_GRACE_S)
        await asyncio.wait({*links})


class _Factory:
    """Makes one store's agent."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        publisher: Publisher,
        consumer: Consumer,
        stop: Stop,
        say: Callable[[str], None],
        steps: Steps,
        charge_s: float,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._publisher = publisher
        self._consumer = consumer
        self._stop = stop
        self._say = say
        self._steps = steps
        self._charge_s = charge_s
        self._clock = SystemClock()
        self._watched: list[WatchedStore] = []
        self._holder = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"

    def agent(self, store: StoreSettings, open_store: Open, desks: dict[str, CommandDesk]) -> StoreAgent:
        """The agent of `store`; its desk goes to `desks`, under the name of its queue."""
        patience = Patience(store=store.name, stop=self._stop)
        source = LateStore(open_store, patience=patience)
        session = self._session(store, source, patience)
        resyncers = {name: Resyncer(name=name, session=session) for name in _NAMES}
        desk = CommandDesk(session=session, ack=self._consumer.ack, wake=lambda name: resyncers[name].woken.set())
        desks[store_commands(store.name)] = desk
        poller = Poller(session=session, first_look=FirstLook(session.source, session.translator, say=self._say))
        sweeper = Sweeper(session=session, removal_limit=store.removal_limit)
        parts: dict[str, Runnable] = {"poller": poller, "sweeper": sweeper, **resyncers}
        agent = StoreAgent(
            store=store.name,
            checkpoints=session.checkpoints,
            desk=desk,
            opened=source.opened,
            parts=parts,
            stop=self._stop,
            clock=self._clock,
            charge_s=self._charge_s,
        )
        self._watched.append(WatchedStore(store.name, agent, poller, sweeper, session.posting))
        return agent

    def watch(self) -> AgentWatch:
        """What the endpoint shows."""
        return AgentWatch(
            stores=self._watched,
            links={"publisher": self._publisher, "consumer": self._consumer},
            ledger=self._ledger,
            clock=self._clock,
            stop=self._stop,
        )

    def _session(self, store: StoreSettings, source: LateStore, patience: Patience) -> Session:
        checkpoints, runs = self._ledger.store(store.name, holder=self._holder)
        return Session(
            source=source,
            checkpoints=checkpoints,
            runs=runs,
            posting=Posting(
                publisher=EventPublisher(self._publisher, store.organisations), patience=patience, steps=self._steps
            ),
            translator=Translator(store.name, routing_of(self._settings, store)),
            patience=patience,
            clock=self._clock,
            pace=Pace(poll_every=store.poll, lag=store.lag),
            stop=self._stop,
            steps=self._steps,
        )


def _stop_at_signals(stop: Stop) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
