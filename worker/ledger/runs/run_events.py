"""Which run a held event is of, as its message says, and how many of them each run has. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from schemas.codec import decode_event
from schemas.errors import Undecodable
from worker.ledger.records import Held, HoldState, Tally


class _Head(msgspec.Struct):
    correlationid: str = ""


_head_of = msgspec.json.Decoder(_Head).decode


def tally_held(events: Iterable[Held], outcome: str) -> Tally:
    """What to add to the runs for events that end where the ledger keeps them, and do not come back to memory."""
    return {run_id: {outcome: count} for run_id, count in _by_run(events).items()}


def tally_let_go(events: Iterable[Held]) -> Tally:
    """What to add for events that a person puts an end to: those that waited for one count as parked already."""
    return tally_held((one for one in events if one.state is not HoldState.PERSON), "parked")


def tally_returned(parked: Iterable[Held]) -> Tally:
    """What to add for events that no person is waited for any more: they will end once more, and count once."""
    return {run_id: {"parked": -count} for run_id, count in _by_run(parked).items()}


def _by_run(events: Iterable[Held]) -> Counter[str]:
    counts = Counter(run_in(one.body) for one in events)
    del counts[""]
    return counts


def run_in(body: bytes) -> str:
    """The run that the event of this message is of; empty where it is of none.

    Of a message that could not be read, which a person sent on its way again, only the envelope says it.
    """
    try:
        return decode_event(body).correlation_id
    except Undecodable as error:
        return error.sender.correlation_id if error.sender else ""


def run_of_read(body: bytes) -> str:
    """The same of an event that has been read once, and so is right: a twentieth of the work for one of many."""
    try:
        return _head_of(body).correlationid
    except msgspec.DecodeError:
        return run_in(body)  # which knows what else a message may begin with, or leave empty
