"""Whether a SQLite file is still the one that was opened: somebody may remove, replace or move it under a process.

The process would go on with a file that nobody finds again, and whoever starts next would know nothing of what it did.
"""

from __future__ import annotations

from pathlib import Path

from worker.ledger.database.errors import LedgerUnavailable

# a process that ended would be started again by what watches it, and begin with an empty file or an older one
_CURE = (
    "put that file back; or stop all workers, agents and consoles, restore as docs/reconcile.md says, "
    "and run `xerelay ledger rebuild` before any of them starts: payments would be made twice"
)


class SameFile:
    """The file that a path named first. While it is open its number is no other's, though it is removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: tuple[int, int] | None = None

    def insist(self) -> None:
        """Raise the fault, if there is one."""
        if (fault := self.fault()) is not None:
            raise fault

    def fault(self) -> LedgerUnavailable | None:
        """What is wrong where the path names another file by now, or none; of one never seen, whoever opens it says."""
        try:
            status = self._path.stat()
        except OSError as error:
            return self._another(f"and it cannot be found: {error.strerror}") if self._first else None
        found = status.st_dev, status.st_ino
        if self._first is None:
            self._first = found
        return None if found == self._first else self._another("found another in its place")

    def _another(self, found: str) -> LedgerUnavailable:
        return LedgerUnavailable(f"ledger.url: expected {self._path}, the file that was opened, {found}", _CURE)
