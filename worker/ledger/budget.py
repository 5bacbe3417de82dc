"""The rows of an organisation's call budget. The arithmetic is in `worker.budget`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.envelope import Lane
from worker.budget.bucket import Bucket
from worker.budget.corrections import Headers, corrected
from worker.budget.decision import Grant, decide
from worker.budget.limits import DAY, MINUTE, Limits
from worker.budget.state import Correction, Spent, State, fresh
from worker.instants import instant, micros
from worker.ledger.engine import Database
from worker.ledger.questions import Question, ask, question
from worker.ledger.records import CallState, Wait
from worker.ledger.statements import Prepared, insert, prepared, upsert
from worker.ledger.tables import budgets, calls, spends

# the deadline of a request and a little more: after that nothing of it is under way
IN_FLIGHT_AT_MOST = timedelta(seconds=65)
_STATE = select(
    budgets.c.minute_level,
    budgets.c.minute_at,
    budgets.c.day_level,
    budgets.c.day_at,
    budgets.c.recent,
    budgets.c.correction,
).where(budgets.c.org == bindparam("of"))
_IN_FLIGHT = (
    calls.c.org == bindparam("of"),
    calls.c.state == CallState.OPEN.value,
    calls.c.sent_at > bindparam("landed"),
)
_RECENT = (spends.c.org == bindparam("of"), spends.c.minute > bindparam("past"))
_SPENT = select(
    select(func.coalesce(func.sum(spends.c.granted), 0)).where(*_RECENT).scalar_subquery().label("day"),
    select(func.min(spends.c.minute)).where(*_RECENT).scalar_subquery().label("oldest"),
    select(func.count()).where(*_IN_FLIGHT).scalar_subquery().label("in_flight"),
    select(func.min(calls.c.sent_at)).where(*_IN_FLIGHT).scalar_subquery().label("sent_at"),
)
_PRUNE = delete(spends).where(spends.c.minute < bindparam("past"))
_TIMES = ("day_at", "minute_at", "blocked_until", "blocked_at", "probed_at")


class Budget:
    """What is left, for whoever asks; spending is part of `Calls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self, org: str, limits: Limits) -> tuple[State, Spent, datetime]:
        """The state as it is kept, what was counted beside it, and the ledger's time: input of `worker.budget`."""
        async with self._database.reading() as connection:
            now = await self._database.now(connection)
            state, spent = await _counted(self._database, connection, org, now, locked=False)
            return state or fresh(limits, now), spent, now


async def spend(
    database: Database,
    connection: AsyncConnection,
    org: str,
    *,
    limits: Limits,
    lane: Lane,
    now: datetime,
    own: int = 0,
) -> Wait | None:
    """Spend one token in the caller's transaction, or return until when there is none and change nothing.

    `own` calls of those in flight are the one that asks.
    """
    state, spent = await _counted(database, connection, org, now)
    if state is None:
        # without a row nobody waits for anybody: a person may read while the worker makes the first call
        await _beginning(database.dialect).run(connection, [_row(org, fresh(limits, now))])
        state, spent = await _counted(database, connection, org, now)
    spent = replace(spent, in_flight=spent.in_flight - own)
    decision = decide(state or fresh(limits, now), spent, limits=limits, lane=lane, now=now)
    if isinstance(decision, Wait):
        return decision
    await _keep(database, connection, org, decision)
    return None


async def correct(database: Database, connection: AsyncConnection, org: str, headers: Headers) -> None:
    """Let Xero's headers correct the count."""
    now = await database.now(connection)
    state, spent = await _counted(database, connection, org, now)
    if state is None:
        # a header before any call: nothing of ours to correct
        return
    others = max(0, spent.in_flight - 1)
    now = max(now, state.minute.at)
    changed = replace(state, correction=corrected(state.correction, headers, in_flight=others, now=now))
    await upsert(database.dialect, budgets, ("org",)).run_last(connection, [_row(org, changed)])


async def prune(connection: AsyncConnection, now: datetime) -> None:
    """Forget counters that no rolling 24 hours can reach any more."""
    await connection.execute(_PRUNE, {"past": now - 2 * DAY})


async def _counted(
    database: Database, connection: AsyncConnection, org: str, now: datetime, *, locked: bool = True
) -> tuple[State | None, Spent]:
    """What is kept and what is counted beside it, one round trip; the state is locked before the rest is counted."""
    # a minute counts until its last moment is 24 hours ago
    given = {"of": org, "past": now - DAY - MINUTE, "landed": now - IN_FLIGHT_AT_MOST}
    state, spent = await ask(connection, *_questions(database.dialect, locked), given=given)
    return None if state is None else _state(*state), _spent(*spent or ())


@cache
def _questions(dialect: str, locked: bool) -> tuple[Question, Question]:
    return question(dialect, _STATE.with_for_update() if locked else _STATE), question(dialect, _SPENT)


def _spent(day: int, oldest: int | None, in_flight: int, sent_at: int | None) -> Spent:
    return Spent(
        day=int(day),
        frees_at=None if oldest is None else instant(oldest) + MINUTE + DAY,
        in_flight=in_flight,
        lands_at=None if sent_at is None else instant(sent_at) + IN_FLIGHT_AT_MOST,
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
        for name, value in asdict(state.correction).items()
        if value not in (None, "")
    }
    return {
        "org": org,
        "minute_level": state.minute.level,
        "minute_at": state.minute.at,
        "day_level": state.day.level,
        "day_at": state.day.at,
        "recent": json.dumps(state.recent),
        "correction": json.dumps(correction),
    }


def _state(minute_level: float, minute_at: int, day_level: float, day_at: int, recent: str, correction: str) -> State:
    corrected = json.loads(correction)
    corrected |= {name: instant(corrected[name]) for name in _TIMES if name in corrected}
    return State(
        minute=Bucket(minute_level, instant(minute_at)),
        day=Bucket(day_level, instant(day_at)),
        recent=tuple(json.loads(recent)),
        correction=Correction(**corrected),
    )
