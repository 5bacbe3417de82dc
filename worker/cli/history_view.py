"""How a history is shown: the documents, then everything that happened, by time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.ledger.admin_actions import entity_subject
from worker.ledger.records import HoldState
from worker.views.history import CallSeen, History, PastDocument
from worker.views.parked import ParkedEvent

_ANSWERED = 2
_Happened = tuple[datetime, str, Text]


def show(console: Console, told: History) -> None:
    """Print it for a person."""
    for one in told.entities:
        console.print(Text(f"{one.org}: {entity_subject(one)}", "bold"))
    for document in told.documents:
        _tell(console, document)
    table = Table("when (UTC)", "what", "how", show_lines=False)
    for at, what, how in sorted(_happened(told), key=lambda one: one[0]):
        table.add_row(f"{at:%Y-%m-%d %H:%M:%S}", what, how)
    if table.row_count:
        console.print(table)


def _tell(console: Console, one: PastDocument) -> None:
    """Its page in Xero stands on a line of its own, however narrow the terminal is: it is there to be copied."""
    kind = str(one.kind).replace("_", " ")
    console.print(Text.assemble((f"{kind} {one.number}", "bold"), f"  {_state(one)}", overflow="fold"))
    if page := one.link or one.xero_id:
        console.print(Text(f"  {page}", f"link {one.link}" if one.link else ""), soft_wrap=True)


def _state(one: PastDocument) -> str:
    total = f"{one.total} {one.currency}".strip()
    version = f"as of {one.version:%Y-%m-%d %H:%M:%S} UTC"
    return "  ".join(part for part in (one.status, total, version) if part)


def _happened(told: History) -> Iterator[_Happened]:
    for held in told.held:
        yield held.since or datetime.max.replace(tzinfo=UTC), _waits(held), _why(held)
    for gone in told.discarded:
        yield gone.at, "discarded", Text(f"{gone.reason}; by {gone.who}: {gone.why} (event {gone.event_id})")
    for call in told.calls:
        yield call.opened_at, f"{call.purpose} call", _call(call)
    for did in told.actions:
        yield did.at, did.action, Text(f"by {did.who}{f': {did.reason}' if did.reason else ''}")


def _waits(held: ParkedEvent) -> str:
    return "parked" if held.state is HoldState.PERSON else f"held for a {held.state}"


def _why(held: ParkedEvent) -> Text:
    style = "yellow" if held.state is HoldState.PERSON else ""
    hint = f"; {held.hint}" if held.hint else ""
    return Text(f"{held.reason}: {held.detail}{hint} (id {held.id})", style)


def _call(call: CallSeen) -> Text:
    carried = ", ".join(f"{one.action} {one.number} as of {one.version:%Y-%m-%d %H:%M:%S}" for one in call.carried)
    again = f", sent {call.sends} times" if call.sends > 1 else ""
    answer = f"answered {call.status}" if call.status else f"{call.state}, no answer"
    good = call.status is not None and call.status // 100 == _ANSWERED
    return Text(
        f"{call.method} {call.path}: {carried}; with {call.documents - len(call.carried)} others, "
        f"{call.lane} lane{again}: {answer}",
        "" if good else "red",
    )
