"""From what was observed to one JSON line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.envelope import Lane
from tests.benchmarks.simulation.virtual import DAY_S, HOUR_S
from tests.benchmarks.simulation.world import Event, World
from tests.benchmarks.simulation.xero import VirtualXero
from worker.documents.documents import Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scenario that has run; `ended` in virtual seconds."""

    scenario: str
    world: World
    ended: float

    def line(self) -> dict[str, Any]:
        """The JSON line of the scenario."""
        xeros = list(self.world.xeros.values())
        events = self.world.watch.events
        calls = sum(xero.batchable_calls for xero in xeros)
        carried = sum(xero.batchable_documents for xero in xeros)
        done = [event.done_at for event in events.values() if event.done_at is not None]
        return {
            "scenario": self.scenario,
            "days": round(self.ended / DAY_S, 2),
            "calls": sum(xero.calls for xero in xeros),
            "refused_429": sum(xero.refused_429 for xero in xeros),
            "documents": sum(xero.documents for xero in xeros),
            "documents_per_call": round(carried / max(calls, 1), 2),
            "per_document_endpoint_calls": sum(xero.per_document_calls for xero in xeros),
            "delay_s": {lane.value: self._delays(lane) for lane in Lane},
            "backlog_empty_at_h": round(max(done) / HOUR_S, 2) if done and not self.world.watch.open else None,
            "lost": self.lost(),
            "duplicated": sum(xero.duplicated for xero in xeros),
            **self._details(xeros),
        }

    def lost(self) -> int:
        """Events that were not completed, whose document Xero does not have, or has with another sum than the store."""
        last = self._last()
        return sum(
            event.done_at is None
            or (event.wanted is not None and not self._has(org, *event.wanted, last[org, event.wanted].total))
            for (org, _), event in self.world.watch.events.items()
        )

    def _last(self) -> dict[tuple[str, tuple[Kind, str]], Event]:
        """The store's last version of each document."""
        events = sorted(self.world.watch.events.items(), key=lambda item: item[1].version)
        return {(org, event.wanted): event for (org, _), event in events if event.wanted is not None}

    def _has(self, org: str, kind: Kind, number: str, total: Decimal | None) -> bool:
        xero = self.world.xeros[org]
        return (kind, number) in xero.by_number and (total is None or xero.total_of(kind, number) == total)

    def delays(self, lane: Lane) -> list[float]:
        """Seconds from publishing to the document in Xero, sorted; events that ask for none do not count."""
        events = self.world.watch.events.values()
        asked = (event for event in events if event.lane is lane and event.wanted is not None)
        return sorted(event.done_at - event.at for event in asked if event.done_at is not None)

    def _delays(self, lane: Lane) -> dict[str, float] | None:
        delays = self.delays(lane)
        if not delays:
            return None
        return {"p50": _share(delays, 0.5), "p99": _share(delays, 0.99), "max": round(delays[-1], 1)}

    def _details(self, xeros: Iterable[VirtualXero]) -> dict[str, Any]:
        xeros = list(xeros)
        calls = self.world.ledger.calls
        backfill = [(calls.opened[key], calls.carried[key]) for key in calls.opened if _is_backfill(*key)]
        opened, carried = (sum(pair) for pair in zip(*backfill, strict=True)) if backfill else (0, 0)
        return {
            "most_in_60_s": max(xero.minute.most for xero in xeros),
            "most_in_24_h": max(xero.day.most for xero in xeros),
            "most_in_flight": max(xero.most_in_flight for xero in xeros),
            "parked": dict(Counter(held.reason for held in self.world.watch.parked)),
            "returned": self.world.broker.returned,
            "most_deliveries": self.world.broker.most_deliveries,
            "lookup_calls": sum(xero.lookups for xero in xeros),
            "lost_replies": sum(xero.lost_replies for xero in xeros),
            "backfill_documents_per_call": round(carried / opened, 2) if opened else None,
        }


def _is_backfill(lane: Lane, kind: Kind) -> bool:
    return lane is Lane.BACKFILL and kind is not Kind.ALLOCATION


def _share(delays: list[float], share: float) -> float:
    return round(delays[min(len(delays) - 1, int(share * len(delays)))], 1)
