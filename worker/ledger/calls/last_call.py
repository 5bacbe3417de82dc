"""What a process remembers of the call that it opened last: a ledger that lacks it, or its end, was set back."""

from __future__ import annotations

from typing import NamedTuple

from worker.ledger.database.errors import set_back
from worker.ledger.records import CallState


class LastCall(NamedTuple):
    """By what was committed. Its row stays for as long as no later one was opened, and what is closed stays so."""

    id: str
    is_closed: bool = False

    def insist_on(self, org: str, state: str | None) -> None:
        """Raise `LedgerSetBack` where `state` of it, None of no row, is an earlier one."""
        if state is None or (self.is_closed and state != CallState.CLOSED.value):
            raise set_back(f"call {self.id} of {org!r} is not {'there' if state is None else 'closed'} any more")
