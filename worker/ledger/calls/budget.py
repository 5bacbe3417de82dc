"""The rows of an organisation's call budget. The arithmetic is in `worker.budget`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.envelope import Lane
from worker.budget.bucket import Bucket
from worker.budget.corrections import Headers, corrected
from worker.budget.decision import Grant, Wait, decide
from worker.budget.limits import Limits
from worker.budget.own_time import by_clock, own_time, righted
from worker.budget.state import Correction, Spent, State, fresh
from worker.instants import instant, micros, whole_micros
from worker.ledger.calls.last_call import LastCall
from worker.ledger.calls.spends import COUNTS_FOR, DATABASE_TIME, GIVEN, IN_FLIGHT_AT_MOST, counted_at, freeing
from worker.ledger.database.engine import DATABASE_NOW, Database
from worker.ledger.database.questions import Row, ask
from worker.ledger.database.statements import Prepared, insert, prepared, upsert
from worker.ledger.database.tables import budgets, calls, spends
from worker.ledger.organisations.leases import check, fence
from worker.ledger.records import Lease

_STATE = select(
    budgets.c.minute_level,
    budgets.c.minute_at,
    budgets.c.day_level,
    budgets.c.day_at,
    budgets.c.recent,
    budgets.c.correction,
    budgets.c.ahead,
).where(budgets.c.org == bindparam("of"))
_STATE_OF_LAST = select(calls.c.state).where(calls.c.id == bindparam("last"))
_TIMES = ("day_at", "minute_at", "blocked_until", "blocked_at", "probed_at")


@dataclass(frozen=True, slots=True)
class Counted:
    """What an organisation's next grant is decided from; its state is locked, and None before the first grant."""

    org: str
    state: State | None
    spent: Spent
    now: datetime


class Budget:
    """What is left, for whoever asks; spending is part of `Calls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self, org: str, limits: Limits) -> tuple[State, Spent, datetime]:
        """The state, what was counted beside it, and the ledger's time, by which all is: input of `worker.budget`."""
        async with self._database.reading() as connection:
            now = await self._database.now(connection)
            counted = await count(self._database, connection, org, now, locked=False)
            if counted.state is None:
                return fresh(limits, now), counted.spent, now
            frees = await freeing(connection, org, own_time(counted.state, now))
        ahead, spent = righted(counted.state, now).ahead, counted.spent
        frees_at = None if spent.frees_at is None else spent.frees_at - ahead
        by_the_clock = tuple((at - ahead, calls) for at, calls in frees)
        return by_clock(counted.state, now), replace(spent, frees_at=frees_at, frees=by_the_clock), now


async def fenced_count(
    database: Database, connection: AsyncConnection, lease: Lease, *, last: LastCall | None
) -> Counted:
    """What counts for the organisation of `lease`, when that is still the current one; else raises `LeaseLost`.

    Raises `LedgerSetBack` where the call `last` is not there as this process has committed it.
    One round trip: the lease is locked as `fenced` does, then the state, then the rest is counted.
    """
    timed = database.clock is None
    asked = (fence(database.dialect, timed=timed), *_questions(database.dialect, locked=True, timed=timed))
    now = None if database.clock is None else database.clock.now()
    given = _given(lease.name, now) | {"last": last.id if last else ""}
    found, state, spent, there = await ask(connection, *asked, prepared(database.dialect, _STATE_OF_LAST), given=given)
    check(database, connection, lease, found)
    if last:
        last.insist_on(lease.name, None if there is None else there[0])
    return _counted(lease.name, state, spent or (), now)


async def count(
    database: Database, connection: AsyncConnection, org: str, now: datetime, *, locked: bool = True
) -> Counted:
    """The same without a lease, in a transaction that knows its time."""
    asked = _questions(database.dialect, locked=locked, timed=False)
    state, spent = await ask(connection, *asked, given=_given(org, now))
    return _counted(org, state, spent or (), now)


async def spend(
    database: Database, connection: AsyncConnection, counted: Counted, *, limits: Limits, lane: Lane, own: int = 0
) -> Wait | None:
    """Spend one token in the caller's transaction, or return until when there is none and change nothing.

    `own` calls of those in flight are the one that asks.
    """
    if counted.state is None:
        # without a row nobody waits for anybody: a person may read while the worker makes the first call
        first = _row(counted.org, fresh(limits, counted.now))
        await _beginning(database.dialect).run(connection, [first])
        counted = await count(database, connection, counted.org, counted.now)
    kept = counted.state or fresh(limits, counted.now)
    state = righted(kept, counted.now)
    if state.ahead > kept.ahead:
        # kept though there may be no token: else its time would stand still at each try
        await upsert(database.dialect, budgets, ("org",)).run_last(connection, [_row(counted.org, state)])
    spent = replace(counted.spent, in_flight=counted.spent.in_flight - own)
    decision = decide(state, spent, limits=limits, lane=lane, now=counted.now)
    if isinstance(decision, Wait):
        return decision
    await _keep(database, connection, counted.org, decision)
    return None


async def correct(database: Database, connection: AsyncConnection, org: str, headers: Headers, *, own: int = 1) -> None:
    """Let Xero's headers correct the count. `own` calls of those in flight are the one that was answered."""
    now = await database.now(connection)
    counted = await count(database, connection, org, now)
    state = counted.state
    if state is None:
        # a header before any call: nothing of ours to correct
        return
    others = max(0, counted.spent.in_flight - own)
    state = righted(state, now)
    now = own_time(state, now)
    changed = replace(state, correction=corrected(state.correction, headers, in_flight=others, now=now))
    await upsert(database.dialect, budgets, ("org",)).run_last(connection, [_row(org, changed)])


def _given(org: str, now: datetime | None) -> dict[str, Any]:
    return {"of": org} if now is None else {"of": org, "now": micros(now)}


def _counted(org: str, state: Row | None, spent: Row, now: datetime | None) -> Counted:
    day, oldest, in_flight, sent_at, *clock = spent
    counted = Spent(
        day=int(day),
        frees_at=None if oldest is None else instant(oldest) + COUNTS_FOR,
        in_flight=in_flight,
        lands_at=None if sent_at is None else instant(sent_at) + IN_FLIGHT_AT_MOST,
    )
    return Counted(org, None if state is None else _state(*state), counted, now or instant(*clock))


@cache
def _questions(dialect: str, *, locked: bool, timed: bool) -> tuple[Prepared, Prepared]:
    """The state, and what is counted beside it: at a time that is given, or at the database's, which is told then."""
    spent = counted_at(DATABASE_TIME if timed else GIVEN)
    return (
        prepared(dialect, _STATE.with_for_update() if locked else _STATE),
        prepared(dialect, spent.add_columns(DATABASE_NOW.label("now")) if timed else spent),
    )


async def _keep(database: Database, connection: AsyncConnection, org: str, grant: Grant) -> None:
    await upsert(database.dialect, budgets, ("org",)).run_last(connection, [_row(org, grant.state)])
    minute = grant.at.replace(second=0, microsecond=0)
    await _counting(database.dialect).run_last(connection, [{"org": org, "minute": minute, "granted": 1}])


@cache
def _beginning(dialect: str) -> Prepared:
    return prepared(dialect, insert(dialect, budgets).on_conflict_do_nothing(index_elements=["org"]))


@cache
def _counting(dialect: str) -> Prepared:
    counter = insert(dialect, spends)
    counted = {"granted": spends.c.granted + counter.excluded.granted}
    return prepared(dialect, counter.on_conflict_do_update(index_elements=["org", "minute"], set_=counted))


def _row(org: str, state: State) -> dict[str, Any]:
    correction = {
        name: micros(value) if isinstance(value, datetime) else value
        for name in Correction.__slots__
        if (value := getattr(state.correction, name)) not in (None, "")
    }
    return {
        "org": org,
        "minute_level": state.minute.level,
        "minute_at": state.minute.at,
        "day_level": state.day.level,
        "day_at": state.day.at,
        "recent": json.dumps(state.recent),
        "correction": json.dumps(correction),
        "ahead": whole_micros(state.ahead),
    }


def _state(
    minute_level: float, minute_at: int, day_level: float, day_at: int, recent: str, correction: str, ahead: int
) -> State:
    corrected = json.loads(correction)
    corrected |= {name: instant(corrected[name]) for name in _TIMES if name in corrected}
    return State(
        minute=Bucket(minute_level, instant(minute_at)),
        day=Bucket(day_level, instant(day_at)),
        recent=tuple(json.loads(recent)),
        correction=Correction(**corrected),
        ahead=timedelta(microseconds=ahead),
    )
