"""How it goes: who serves each organisation, what waits for it, what is left of its calls, and why it stands still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from producers.amqp import AmqpError, with_cure
from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import dead_queue, lane_queue
from worker.bootstrap import limits_of
from worker.lanes.lanes import next_opening
from worker.lanes.outlook import Opening, Outlook, outlook
from worker.ledger.held.overview import HeldCount, Waiting
from worker.ledger.ledger import Ledger
from worker.ledger.records import CallState, HoldState, Pause
from worker.settings import OrganisationSettings
from worker.views.budget import BudgetStatus, budget_status

AskDepths = Callable[[Collection[str]], Awaitable[Mapping[str, int | None]]]
"""Queues to how many messages wait in each, None where there is no queue. Raises `AmqpError`."""


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """`entities` go this way; `due` counts held events of it whose time has come.

    `depth` is None where the broker could not be asked or has no such queue.

    `done_at` is when what waits can be in Xero, if nobody else makes calls; None where the depth is unknown. Which
    window is open only the worker knows: of the batch lane it is told as if all of it waited for the next opening.
    """

    lane: Lane
    entities: tuple[Entity, ...]
    depth: int | None
    due: int
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrganisationStatus:
    """One organisation. `served_by` is the worker that holds its lease, None when nobody does.

    `dead` counts messages that were given up by the broker and that no worker has parked yet. `next_window` is when the
    batch lane opens. `held` says what waits in the ledger and for what; `calls` which are not settled.
    """

    name: str
    served_by: str | None
    lanes: tuple[LaneStatus, ...]
    dead: int | None
    next_window: datetime
    held: tuple[HeldCount, ...]
    calls: Mapping[CallState, int]
    budget: BudgetStatus
    pauses: tuple[Pause, ...]

    @property
    def parked(self) -> int:
        """Events that wait for a person."""
        return self.count(HoldState.PERSON)

    def count(self, state: HoldState) -> int:
        """Events that are held so."""
        return sum(one.count for one in self.held if one.state is state)


@dataclass(frozen=True, slots=True)
class Status:
    """Everything, as it was `at` that time. `broker` says why the broker could not be asked; empty when it was.

    `stores` says which agent serves each, None where none does.
    """

    at: datetime
    workers: tuple[str, ...]
    organisations: tuple[OrganisationStatus, ...]
    stores: Mapping[str, str | None]
    broker: str


async def status(
    ledger: Ledger, organisations: Sequence[OrganisationSettings], *, stores: Collection[str] = (), ask: AskDepths
) -> Status:
    """Ask the ledger, and the broker as far as it answers. Raises `LedgerError`."""
    names = [one.name for one in organisations]
    depths, broker = await _depths(names, ask)
    waiting, due = await ledger.overview.waiting(names), await ledger.overview.due(names)
    serving = {lease.name: lease.holder for lease in await ledger.leases.holders()}
    workers = await ledger.leases.live_workers()
    each = [
        await _one(ledger, org, waiting[org.name], due[org.name], depths, serving.get(org.name))
        for org in organisations
    ]
    agents = {name: serving.get(f"store:{name}") for name in stores}
    return Status(await ledger.now(), tuple(workers), tuple(each), agents, broker)


async def _depths(names: Sequence[str], ask: AskDepths) -> tuple[Mapping[str, int | None], str]:
    queues = [queue for name in names for queue in (*(lane_queue(name, lane) for lane in Lane), dead_queue(name))]
    try:
        return await ask(queues), ""
    except AmqpError as error:
        return {}, with_cure(error)


async def _one(
    ledger: Ledger,
    org: OrganisationSettings,
    waiting: Waiting,
    due: Mapping[Lane, int],
    depths: Mapping[str, int | None],
    served_by: str | None,
) -> OrganisationStatus:
    limits = limits_of(org)
    state, spent, now = await ledger.budget.standing(org.name, limits)
    depth = {lane: depths.get(lane_queue(org.name, lane)) for lane in Lane}
    queued = {lane: count or 0 for lane, count in depth.items()}
    waiting_in = {lane: queued[lane] + due[lane] for lane in Lane}
    opening = Opening(next_opening(now, org.window, org.offset), queued[Lane.BATCH])
    seen = outlook(waiting_in, state, spent, limits=limits, now=now, opening=opening)
    return OrganisationStatus(
        name=org.name,
        served_by=served_by,
        lanes=tuple(_lane(lane, org, depth, due, seen) for lane in Lane),
        dead=depths.get(dead_queue(org.name)),
        next_window=opening.at,
        held=tuple(waiting.held),
        calls=waiting.calls,
        budget=budget_status(state, spent, limits=limits, now=now),
        pauses=tuple(await ledger.pauses.current(org.name)),
    )


def _lane(
    lane: Lane, org: OrganisationSettings, depth: Mapping[Lane, int | None], due: Mapping[Lane, int], seen: Outlook
) -> LaneStatus:
    entities = tuple(entity for entity in Entity if org.lanes[entity] == lane)
    known = depth[lane] is not None
    return LaneStatus(lane, entities, depth[lane], due[lane], seen.done[lane] if known else None)
