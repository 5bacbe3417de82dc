"""How the status is shown: a table of organisations, and below it a line for whatever wants attention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.envelope import Lane
from worker.ledger.records import CallState, HoldState, Pause
from worker.views.budget import BudgetStatus
from worker.views.status import LaneStatus, OrganisationStatus, Status

_BAD, _ODD, _GOOD = "bold red", "yellow", "green"
_UNKNOWN = "?"
_TWO_HOURS, _TWO_DAYS = 120, 2880
"""In minutes."""

_FEW = 0.1
"""Of a day's calls: fewer left than that is worth a colour."""


def shown(seen: Status) -> Group:
    """All of it, for a terminal."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("organisation", "served by"):
        table.add_column(name, overflow="fold", min_width=10)
    for name in (*(str(lane) for lane in Lane), "held", "parked"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("calls left", no_wrap=True)
    table.add_column("done in", no_wrap=True)
    for one in seen.organisations:
        table.add_row(*_row(one, seen.at))
    workers = len(seen.workers)
    title = Text(f"{seen.at:%Y-%m-%d %H:%M:%S} UTC, {workers} worker{'' if workers == 1 else 's'}")
    return Group(title, table, *_lines(seen))


def _row(one: OrganisationStatus, now: datetime) -> list[Text]:
    held = one.count(HoldState.TIME) + one.count(HoldState.PARENT)
    return [
        Text(one.name, _BAD if one.pauses else ""),
        Text(one.served_by or "nobody", "" if one.served_by else _BAD),
        *(_depth(lane) for lane in one.lanes),
        Text(str(held)),
        Text(str(one.parked), _ODD if one.parked else ""),
        Text(f"{one.budget.left_today}/{one.budget.limit}", _left_style(one)),
        _done(one, now),
    ]


def _depth(lane: LaneStatus) -> Text:
    return Text(_UNKNOWN, _ODD) if lane.depth is None else Text(str(lane.depth))


def _left_style(one: OrganisationStatus) -> str:
    if one.budget.left_today == 0:
        return _BAD
    return _ODD if one.budget.left_today < _FEW * one.budget.limit else _GOOD


def _done(one: OrganisationStatus, now: datetime) -> Text:
    """How long until the last lane is done, as the forecast has it; a dash where nothing waits."""
    if any(pause.kind is None for pause in one.pauses):
        return Text("paused", _BAD)
    times = [lane.done_at for lane in one.lanes if (lane.depth or lane.due) and lane.done_at is not None]
    if times:
        return Text(_away(max(times) - now))
    is_unknown = _unanswered(one) or any(lane.depth is None for lane in one.lanes)
    return Text(_UNKNOWN, _ODD) if is_unknown else Text("–", _GOOD)


def _unanswered(one: OrganisationStatus) -> int:
    """Calls of which nobody knows yet whether Xero carried them out."""
    return one.calls.get(CallState.UNCERTAIN, 0)


def _away(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < _TWO_HOURS:
        return f"{max(minutes, 1):.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < _TWO_DAYS else f"{minutes / 1440:.1f} days"


def _lines(seen: Status) -> Iterator[Text]:
    """What wants attention, a line each."""
    if seen.broker:
        yield Text(f"the broker could not be asked: {seen.broker}", _BAD)
    for store, agent in seen.stores.items():
        yield Text(f"store {store}: {f'served by {agent}' if agent else 'no agent serves it'}", "" if agent else _ODD)
    for one in seen.organisations:
        for pause in one.pauses:
            yield Text(f"{one.name}: {_pause(pause, seen.at)}{_left(pause, one.budget)}", _BAD)
        for held in one.held:
            style = _ODD if held.state is HoldState.PERSON else ""
            what = "parked" if held.state is HoldState.PERSON else f"held for a {held.state}"
            yield Text(f"{one.name}: {held.count} {what} ({held.reason}), since {moment(held.oldest, seen.at)}", style)
        if calls := _unanswered(one):
            what = f"{calls} call{'' if calls == 1 else 's'} without an answer"
            yield Text(f"{one.name}: {what}: what was in it is looked up in Xero before it goes again", _ODD)
        if one.dead:
            yield Text(f"{one.name}: {one.dead} messages that the broker gave up wait to be parked", _ODD)
        if one.budget.forbidden_until is not None:
            until = moment(one.budget.forbidden_until, seen.at)
            yield Text(f"{one.name}: Xero allows no calls before {until} ({one.budget.forbidden_by})", _ODD)


def _pause(pause: Pause, now: datetime) -> str:
    what = f"{pause.kind}s paused".replace("_", " ") if pause.kind else "paused"
    until = f", until {moment(pause.until, now)}" if pause.until else ""
    detail = f": {pause.detail}" if pause.detail else ""
    return f"{what} since {moment(pause.since, now)} ({pause.reason}){until}{detail}"


def _left(pause: Pause, budget: BudgetStatus) -> str:
    """Only those saved up may be spent."""
    return f"; {budget.left_today} of the day's calls are left" if pause.reason == "day_budget_spent" else ""


def moment(at: datetime, now: datetime) -> str:
    """A time as a person needs it: today's without the date."""
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
