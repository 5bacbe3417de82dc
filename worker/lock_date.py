"""The last day that is locked in Xero: learned when Xero refuses a document for it, and only where dates are to move.

So a lock costs one further call when it is met, and none otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from schemas.envelope import Lane
from worker.interruption import pause_for
from worker.ledger.records import Call, Member, Purpose, Wait
from worker.mapping.locks import in_locked_period
from worker.opening import open_read
from worker.outcome import Results
from worker.sending import breathe, send
from worker.session import Session
from worker.xero.messages import PERIOD_LOCKED
from worker.xero.reply import ReplyKind
from worker.xero.sameness import date_of
from worker.xero.verdicts import Refused

_FIELDS = ("PeriodLockDate", "EndOfYearLockDate")
_PATIENCE_S = 60.0
_TRIES = 3


async def map_again(session: Session, results: Results) -> Results:
    """The results, with those refusals marked that another date undoes: their events are to be mapped once more.

    The lock date is then the session's. Raises what sending raises, and `PauseOrganisation`.
    """
    locked = [member for member, refused in results.refused if refused.reason == PERIOD_LOCKED]
    if not locked or session.org.locked_period == "park":
        return results
    if not all(_is_locked(member, session.lock_date) for member in locked):
        await _learn(session)
    refused = [(member, _judged(member, one, session.lock_date)) for member, one in results.refused]
    return replace(results, refused=refused)


def _judged(member: Member, refused: Refused, lock_date: date | None) -> Refused:
    if refused.reason != PERIOD_LOCKED or not _is_locked(member, lock_date):
        return refused
    return replace(refused, again=True, pauses_kind=False)


def _is_locked(member: Member, lock_date: date | None) -> bool:
    """Whether the member's own date is: a document that stands in a locked period cannot be moved out of it."""
    return in_locked_period(date_of(member.element), lock_date)


async def _open(session: Session) -> Call | None:
    """The call that asks, within about a minute; none where the budget is spent for longer."""
    for _ in range(_TRIES):
        await breathe(session)
        opened = await open_read(
            session, purpose=Purpose.SETTINGS, lane=Lane.IMMEDIATE, path="/Organisation", params={}
        )
        if not isinstance(opened, Wait):
            return opened
        if opened.seconds > _PATIENCE_S:
            return None
        await session.wait_out(opened)
    return None


async def _learn(session: Session) -> None:
    opened = await _open(session)
    if opened is None:
        return
    reply = await send(session, opened)
    await session.ledger.calls.close(session.lease, opened.id, status=reply.status)
    if reply.outcome is not ReplyKind.ANSWERED:
        if (pause := pause_for(reply)) is not None:
            session.interrupt(pause)
        return
    days = [date.fromisoformat(day) for one in reply.elements for name in _FIELDS if (day := date_of(one, name))]
    session.lock_date = max(days, default=None)
