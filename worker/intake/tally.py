"""What became of a run's events, to be added to its record. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from worker.buffer.work import Work
from worker.ledger.records import Held, HoldState, Tally
from worker.ledger.runs.run_events import tally_held


def tally(
    works: Iterable[Work],
    held: Iterable[tuple[Work, Held]] = (),
    *,
    overtaken: Iterable[Held] = (),
    besides: Container[Work] = (),
    calls: int = 0,
) -> Tally:
    """Count events that are at their end, and with them the calls that carried them. Empty where none is of a run.

    A held event has not ended yet, unless it waits for a person. What a newer version made needless is unchanged, in
    memory or, `overtaken`, in the ledger. Those `besides` are counted already.
    """
    counts: dict[str, Counter[str]] = {}
    for work in works:
        if work.run_id or work.absorbed:
            _count(counts, work, "written" if work.is_in_the_books else "unchanged", besides)
    for work, one in held:
        _count(counts, work, "parked" if one.state is HoldState.PERSON else "", besides)
    for of_run in counts.values():
        of_run["calls"] = calls
    for run_id, of_ledger in tally_held(overtaken, "unchanged").items():
        counts.setdefault(run_id, Counter()).update(of_ledger)
    return counts


def _count(counts: dict[str, Counter[str]], work: Work, outcome: str, besides: Container[Work]) -> None:
    if work.run_id and outcome and work not in besides:
        counts.setdefault(work.run_id, Counter())[outcome] += 1
    for other in work.absorbed:
        if other.run_id and other not in besides:
            counts.setdefault(other.run_id, Counter())["unchanged"] += 1
