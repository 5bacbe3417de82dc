"""The ids that a run asks for, until the store has shown them. Pure."""

from __future__ import annotations

from producers.runs import Run
from producers.selection import ids_of, row_of
from producers.store import Page

_NAMED = 10


class Sought:
    """Those of one run that no page has shown yet; none where a run asks for no ids."""

    def __init__(self, run: Run) -> None:
        self._entities = run.entities
        self._left = list(dict.fromkeys(ids_of(run)))

    @property
    def rows(self) -> list[int]:
        """The rows that may hold them, ascending."""
        return sorted({row for one in self._left if (row := row_of(one)) is not None})

    def see(self, page: Page) -> None:
        """What it shows is known to the store, and so is a row that is broken or that the books want nothing of."""
        shown = {found.data.id for row in page.rows for found in row.snapshots if found.entity in self._entities}
        silent = {row.id for row in page.rows if not row.snapshots} | {broken.id for broken in page.broken}
        self._left = [one for one in self._left if one not in shown and row_of(one) not in silent]

    @property
    def unknown(self) -> str:
        """What the store does not know, for a person; empty where it knows all."""
        if not self._left:
            return ""
        more = f" and {len(self._left) - _NAMED} more" if len(self._left) > _NAMED else ""
        [entity] = self._entities
        named = ", ".join(self._left[:_NAMED])
        return f"the store does not know {entity.replace('_', ' ')} {named}{more}: give ids as its events carry them"
