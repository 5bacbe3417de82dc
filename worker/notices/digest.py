"""What a person should hear of, in words without personal data. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from producers.runs import RunState
from worker.ledger.held.overview import HeldCount
from worker.ledger.records import HoldState, Pause
from worker.ledger.runs.run_reports import RunStatus
from worker.xero.oauth.auth import CONSENT_LASTS

_EXPIRES_SOON = timedelta(days=14)
_SPENT = {
    "day_limit": "the day's calls are spent",
    # those of the day, or those saved up: of a small day the next one may be a quarter of an hour away
    "day_budget_spent": "no call for more than ten minutes",
}
_ENDED = {RunState.DONE: "finished", RunState.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows. `refreshed`: when each consent's tokens were renewed last; `unreadable`: whose are not."""

    now: datetime
    held: Mapping[str, Sequence[HeldCount]]
    pauses: Sequence[Pause]
    refreshed: Mapping[str, datetime]
    runs: Sequence[RunStatus]
    unreadable: Sequence[str] = ()


def digest(facts: Facts, *, since: datetime) -> list[str]:
    """One line for each thing, most urgent first; empty when nobody needs to look. Of runs, what ended after `since`.

    Details of pauses and parked events are left out: they may quote what Xero says of a customer.
    """
    return [*_paused(facts), *_unreadable(facts), *_expiring(facts), *_parked(facts), *_runs(facts, since)]


def _paused(facts: Facts) -> Iterator[str]:
    for pause in facts.pauses:
        what = f"{pause.org}, {str(pause.kind).replace('_', ' ')}s" if pause.kind else pause.org
        until = f", until {_moment(pause.until)}" if pause.until else ""
        if pause.reason in _SPENT:
            yield f"{what}: {_SPENT[pause.reason]} since {_moment(pause.since)}{until}; see `xerelay budget`"
        else:
            yield f"{what}: paused since {_moment(pause.since)} ({pause.reason}); see `xerelay status`"


def _unreadable(facts: Facts) -> Iterator[str]:
    for connection in facts.unreadable:
        cure = f"run `xerelay connect {connection}`, or set the key they were stored with"
        yield f"connection {connection}: its tokens cannot be read with this encryption_key; {cure}"


def _expiring(facts: Facts) -> Iterator[str]:
    for connection, refreshed in facts.refreshed.items():
        ends = refreshed + CONSENT_LASTS
        if ends - facts.now < _EXPIRES_SOON:
            yield f"connection {connection}: the consent ends on {ends:%Y-%m-%d}; run `xerelay connect {connection}`"


def _parked(facts: Facts) -> Iterator[str]:
    for org, held in facts.held.items():
        counts = [one for one in held if one.state is HoldState.PERSON]
        if counts:
            reasons = ", ".join(f"{one.count} {one.reason}" for one in counts)
            oldest = min(one.oldest for one in counts)
            yield f"{org}: parked {reasons}, the oldest since {_moment(oldest)}; see `xerelay parked list --org {org}`"


def _runs(facts: Facts, since: datetime) -> Iterator[str]:
    for run in facts.runs:
        if run.state in _ENDED and run.finished_at is not None and run.finished_at > since:
            # of one that failed it may be the store's own words
            left = f"; {run.detail}" if run.state is RunState.DONE and run.detail else ""
            yield f"store {run.store}: {run.command} {_ENDED[run.state]}, {run.published} events published{left}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
