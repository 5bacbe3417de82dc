"""The last day that is locked in Xero: learned when Xero refuses a document for it, and only where dates are to move.

So a lock costs one further call when it is met, and none otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from worker.calls.refusals.asking import ask_soon
from worker.ledger.records import Call, Member, Purpose
from worker.mapping.locks import in_locked_period
from worker.session.outcome import Results
from worker.session.session import Session
from worker.xero.facts import date_of
from worker.xero.messages import PERIOD_LOCKED
from worker.xero.replies.verdicts import Refused

_FIELDS = ("PeriodLockDate", "EndOfYearLockDate")


async def map_again(session: Session, call: Call, results: Results) -> Results:
    """The results of `call`, with those refusals marked that another date undoes.

    Their events are to be mapped once more. The lock date is then the session's. Raises as `ask_soon`.
    """
    locked = [member for member, refused in results.refused if refused.reason == PERIOD_LOCKED]
    if not locked or session.org.locked_period == "park":
        return results
    if not all(_is_locked(member, session.lock_date) for member in locked):
        await _learn(session, call)
    refused = [(member, _judged(member, one, session.lock_date)) for member, one in results.refused]
    return replace(results, refused=refused)


def _judged(member: Member, refused: Refused, lock_date: date | None) -> Refused:
    if refused.reason != PERIOD_LOCKED or not _is_locked(member, lock_date):
        return refused
    return replace(refused, again=True, pauses_kind=False)


def _is_locked(member: Member, lock_date: date | None) -> bool:
    """Whether the member's own date is: a document that stands in a locked period cannot be moved out of it."""
    return in_locked_period(date_of(member.element), lock_date)


async def _learn(session: Session, call: Call) -> None:
    shown = await ask_soon(session, purpose=Purpose.SETTINGS, path="/Organisation", params={}, answered=call)
    if shown is not None:
        days = [date.fromisoformat(day) for one in shown for name in _FIELDS if (day := date_of(one, name))]
        session.lock_date = max(days, default=None)
