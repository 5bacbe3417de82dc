"""What a process shows before it has its ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from worker.ledger.database.errors import LedgerUnavailable
from worker.metrics.process import Exposition, process_metrics


class Beginning:
    """Watches a process of `role` that waits for its ledger; `error` is why, once the ledger was asked for in vain."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._exposition = Exposition(self)
        self.error: LedgerUnavailable | None = None

    async def metrics(self) -> bytes:
        """See the protocol."""
        return self._exposition.text()

    async def missing(self) -> Sequence[str]:
        """See the protocol. The ledger, before all else."""
        return (f"ledger: {self.error or 'not open yet'}",)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        # a ledger that is being migrated is not away
        if self.error is not None:
            yield from process_metrics(self._role, {}, ledger_is_up=False)
