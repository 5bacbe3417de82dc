"""What a command selects: which streams, which of their rows, which entities of a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from producers.routing import DATED, Routing
from producers.runs import Run
from producers.store import Found, Selection, Stream
from producers.translation import Wish
from schemas.commands import ResyncAll, SyncNow
from schemas.envelope import Lane

_NUMBER = re.compile(r"[0-9]+")
_LARGEST = 2**63 - 1  # a ledger counts rows in 64 bits, as a store's database does
_MARGIN = timedelta(days=1)  # a store may count its days in another time zone than its documents


def streams_of(run: Run, streams: Iterable[Stream], routing: Routing) -> list[Stream]:
    """Those that may hold something of the run. What no organisation takes is not asked for: it may be refused."""
    wanted = run.entities & routing.entities
    return [stream for stream in streams if stream.entities & wanted]


def untaken(run: Run, routing: Routing) -> str:
    """Why nothing of a run is published, for a person; empty where an organisation takes some of its entities."""
    if run.entities & routing.entities:
        return ""
    names = ", ".join(sorted(f"{entity.replace('_', ' ')}s" for entity in run.entities))
    return f"no organisation takes this store's {names}: put their lane on, in [organisations.NAME.lanes]"


def by_ids(run: Run) -> Sequence[int] | None:
    """The rows that are asked for, ascending; None when all are, or those of some days."""
    ids = ids_of(run)
    return sorted({row for one in ids if (row := row_of(one)) is not None}) if ids else None


def ids_of(run: Run) -> Sequence[str]:
    """The ids that are asked for; none where days or all are."""
    return () if isinstance(run.command, ResyncAll) else run.command.ids


def row_of(entity_id: str) -> int | None:
    """The row an entity comes from: the first number in its id; None where no row can have it."""
    found = _NUMBER.search(entity_id)
    row = int(found[0]) if found else None
    return None if row is None or row > _LARGEST else row


def selection_of(run: Run, stream: Stream, routing: Routing) -> Selection:
    """The rows of a full reading. Where all entities are dated, what is older than every book is left unread."""
    command = run.command
    if isinstance(command, SyncNow):
        return Selection()
    since, until = (command.since, None) if isinstance(command, ResyncAll) else (command.date_from, command.date_to)
    if stream.entities <= DATED:
        start = routing.start_date - _MARGIN
        since = max(since, start) if since else start
    return Selection(since, until)


def wish_of(run: Run, *, news_since: datetime) -> Wish:
    """What of the rows is published, and how.

    What changed after `news_since` may be here before the poller has it: news does not go behind a backfill of days.
    """
    command = run.command
    entities = run.entities
    ids = frozenset(ids_of(run))

    def is_wanted(found: Found) -> bool:
        return found.entity in entities and (not ids or found.data.id in ids)

    lane, old = (Lane.IMMEDIATE, None) if isinstance(command, SyncNow) else (None, news_since)
    return Wish(is_wanted, command.organisation or "", lane, old, again=True, run_id=run.id)
