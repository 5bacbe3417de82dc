"""What is counted beside a budget's state: the calls of the last 24 hours, and those that are under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, case, delete, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.budget.limits import DAY, MINUTE
from worker.instants import micros, whole_micros
from worker.ledger.database.engine import DATABASE_NOW
from worker.ledger.database.tables import IS_PENDING, budgets, calls, spends
from worker.ledger.records import CallState

IN_FLIGHT_AT_MOST = timedelta(seconds=65)
"""The deadline of a request and a little more: after that nothing of it is under way."""

COUNTS_FOR = DAY + MINUTE
"""A minute counts until its last moment is 24 hours ago."""

GIVEN = bindparam("now", type_=BigInteger)
DATABASE_TIME = type_coerce(DATABASE_NOW, BigInteger)


def counted_at(now: Any) -> Select[Any]:
    """How many calls were granted in the last 24 hours, from when on; how many are under way, and since when."""
    # the time is asked for once, and compared with as a value, so that an index serves
    clock = select(now.label("now")).cte("clock")
    time = select(clock.c.now).scalar_subquery()
    own_time = select(_own_time(clock.c.now, bindparam("of"))).scalar_subquery()
    minute, sent_at = type_coerce(spends.c.minute, BigInteger), type_coerce(calls.c.sent_at, BigInteger)
    recent = (spends.c.org == bindparam("of"), minute > own_time - whole_micros(COUNTS_FOR))
    span = whole_micros(IN_FLIGHT_AT_MOST)
    of_org = (calls.c.org == bindparam("of"), IS_PENDING, calls.c.state == CallState.OPEN.value)
    # what a clock sent that was ahead, and was put right since, lands by the budget's own time
    in_flight = (*of_org, or_(*(sent_at.between(at - span + 1, at + span) for at in (time, own_time))))
    return select(
        select(func.coalesce(func.sum(spends.c.granted), 0)).where(*recent).scalar_subquery().label("day"),
        select(func.min(spends.c.minute)).where(*recent).scalar_subquery().label("oldest"),
        select(func.count()).where(*in_flight).scalar_subquery().label("in_flight"),
        select(func.min(calls.c.sent_at)).where(*in_flight).scalar_subquery().label("sent_at"),
    )


async def freeing(connection: AsyncConnection, org: str, own_time: datetime) -> tuple[tuple[datetime, int], ...]:
    """When how many of the last 24 hours' calls count no longer, by the budget's own time: ten minutes' worth each."""
    rows = (await connection.execute(_FREEING, {"of": org, "past": own_time - COUNTS_FOR})).all()
    return tuple((last + COUNTS_FOR, granted) for last, granted in rows)


async def prune(connection: AsyncConnection, now: datetime) -> None:
    """Forget counters that no rolling 24 hours can reach any more."""
    await connection.execute(_PRUNE, {"now": micros(now)})


def _own_time(now: Any, org: Any) -> Any:
    """The budget's own time, which `worker.budget.own_time` tells of; the clock's where there is no budget yet."""
    at = type_coerce(budgets.c.minute_at, BigInteger)
    own_time = case((now >= at, now), (now + budgets.c.ahead >= at, now + budgets.c.ahead), else_=at)
    return func.coalesce(select(own_time).where(budgets.c.org == org).scalar_subquery(), now)


_AT_ONCE = type_coerce(spends.c.minute, BigInteger) // whole_micros(timedelta(minutes=10))
_FREEING = (
    select(func.max(spends.c.minute), func.sum(spends.c.granted))
    .where(spends.c.org == bindparam("of"), spends.c.minute > bindparam("past"))
    .group_by(_AT_ONCE)
    .order_by(func.max(spends.c.minute))
)
_PRUNE = delete(spends).where(
    type_coerce(spends.c.minute, BigInteger) < _own_time(GIVEN, spends.c.org) - whole_micros(2 * DAY)
)
