"""What an organisation's workers have in common, read by the one that serves it: queues, ledger, budget, token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from producers.amqp import AmqpError
from schemas.envelope import Lane
from schemas.topology import dead_queue, lane_queue
from worker.budget.limits import Limits
from worker.budget.windows import Window, WindowName, windows
from worker.buffer.work import Work, unheld
from worker.lanes.outlook import Opening, Outlook, outlook
from worker.ledger.database.errors import WrongKey
from worker.ledger.held.overview import Waiting
from worker.ledger.ledger import Ledger
from worker.ledger.records import Pause
from worker.xero.oauth.auth import CONSENT_LASTS

_DEAD = "dead"


class Depths(Protocol):
    """What is needed of the consumer."""

    async def depth(self, queue: str) -> int:
        """How many messages wait. Raises `AmqpError`."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """One organisation's figures at `now`, the ledger's time.

    Without a broker there are no `depths`, no `outlook`, and `waiting_in` no lane.
    """

    depths: Mapping[str, int]
    waiting_in: Mapping[Lane, int]
    waiting: Waiting
    now: datetime
    pauses: Sequence[Pause]
    windows: Mapping[WindowName, Window]
    outlook: Outlook | None
    tokens: Mapping[str, datetime]


async def read_shared(
    org: str,
    *,
    connection: str,
    limits: Limits,
    ledger: Ledger,
    broker: Depths,
    works: Collection[Work],
    opening: Callable[[int], Opening] | None,
) -> Shared:
    """Ask broker and ledger. `works` are in the worker's memory. Raises `LedgerUnavailable`.

    `opening` tells, of how many events are in the batch queue, which wait for what; None while nothing is consumed.
    """
    depths = await _depths(org, broker)
    state, spent, now = await ledger.budget.standing(org, limits)
    due = (await ledger.overview.due([org]))[org]
    opens = opening(depths.get(Lane.BATCH, 0)) if opening else None
    queued = {lane: depths.get(lane, 0) for lane in Lane}
    buffered, new = Counter(work.lane for work in works), unheld(works)
    waiting = {lane: queued[lane] + new[lane] + due[lane] for lane in Lane}
    return Shared(
        depths=depths,
        waiting_in={lane: queued[lane] + buffered[lane] for lane in Lane} if depths else {},
        waiting=(await ledger.overview.waiting([org]))[org],
        now=now,
        pauses=await ledger.pauses.current(org),
        windows=windows(state, spent, limits=limits, now=now),
        outlook=outlook(waiting, state, spent, limits=limits, now=now, opening=opens) if depths else None,
        tokens=await _tokens(ledger, connection),
    )


async def _depths(org: str, broker: Depths) -> dict[str, int]:
    queues = {str(lane): lane_queue(org, lane) for lane in Lane} | {_DEAD: dead_queue(org)}
    with suppress(AmqpError):
        return {name: await broker.depth(queue) for name, queue in queues.items()}
    return {}


async def _tokens(ledger: Ledger, connection: str) -> dict[str, datetime]:
    with suppress(WrongKey):
        tokens = await ledger.tokens.load(connection)
        if tokens is None:
            return {}
        expiry = {"access": tokens.expires_at}
        if tokens.refresh_token and tokens.refreshed_at is not None:
            expiry["refresh"] = tokens.refreshed_at + CONSENT_LASTS
        return expiry
    return {}
