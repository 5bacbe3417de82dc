"""What can go wrong with the ledger, one class per reaction.

LedgerError
├── LeaseLost           the fencing number is not current: stop serving that name
├── LedgerUnavailable   the database is gone or busy: wait and try again
│   └── LedgerSetBack   it lacks what this process had committed: no later try may succeed
├── LedgerBehind        the schema is older or newer than the code: stop and tell the operator
├── WrongKey            stored tokens cannot be read with the configured key: a person has to connect again
└── DocumentBusy        a document belongs to another open call: settle that one first
"""

from __future__ import annotations

_CURE = (
    "it was restored or lost commits; stop all workers, agents and consoles, and run `xerelay ledger rebuild`, as "
    "docs/reconcile.md says, before any of them starts: payments would be made twice"
)


class LedgerError(Exception):
    """The ledger cannot do what was asked. `said` is why, `cure` what to do, where that is known."""

    def __init__(self, said: str = "", cure: str = "") -> None:
        super().__init__(f"{said}: {cure}" if cure else said)
        self.said = said
        self.cure = cure


class LeaseLost(LedgerError):
    """Somebody else holds the lease now, or it was released."""


class LedgerUnavailable(LedgerError):
    """The database does not answer. Nothing was changed, or it cannot be known; every method can be repeated."""


class LedgerSetBack(LedgerUnavailable):
    """The database is older than what this process has committed or read, as after a restore or a failover."""


def set_back(how: str) -> LedgerSetBack:
    """What to raise of a ledger that lacks what was committed to it; `how` that shows."""
    return LedgerSetBack(f"ledger.url: the database is older than it was: {how}", _CURE)


class LedgerBehind(LedgerError):
    """The schema and the code do not belong together."""


class WrongKey(LedgerError):
    """The encryption key is malformed, or not the one the tokens were stored with."""


class DocumentBusy(LedgerError):
    """A document is already a member of an open or uncertain call."""
