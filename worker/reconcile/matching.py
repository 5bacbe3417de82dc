"""Which entry of Xero is which of those that the store wants. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.documents.documents import Kind
from worker.reconcile.entries import Entry
from worker.reconcile.reissued import is_replaced
from worker.reconcile.wanted import Unbookable
from worker.xero.changes.reissue import parts


@dataclass(slots=True)
class Matched:
    """`found` has the entry of Xero for the id() of a wanted one, `held` those of numbers that cannot be booked.

    `replaced` has wanted sales that were issued anew, each with an earlier invoice.
    """

    found: dict[int, Entry] = field(default_factory=dict)
    held: dict[str, Entry] = field(default_factory=dict)
    repeats: list[Entry] = field(default_factory=list)
    strangers: list[Entry] = field(default_factory=list)
    replaced: list[tuple[Entry, Entry]] = field(default_factory=list)

    def add_repeat(self, entry: Entry) -> None:
        """A further document of a number, if it counts."""
        if not entry.is_gone:
            self.repeats.append(entry)

    def holds(self, one: Unbookable) -> bool:
        """Whether Xero has the number all the same."""
        return one.number in self.held

    def standing(self) -> Iterator[Entry]:
        """What the books hold of what the store knows."""
        replaced = (one for _, one in self.replaced)
        return (one for one in (*self.found.values(), *self.held.values(), *replaced) if not one.is_gone)


def match(wanted: Sequence[Entry], theirs: Sequence[Entry], unbookable: Mapping[str, Unbookable]) -> Matched:
    """Each entry of Xero to the wanted one it is named after: standing ones first, ours before copies, gone last."""
    ours = _by_name(wanted)
    booked = {one.xero_id.lower() for one in wanted if one.xero_id}
    matched = Matched()
    for entry in sorted(theirs, key=lambda one: (one.is_gone, one.is_draft, one.xero_id.lower() not in booked)):
        store = next((ours[entry.kind, name] for name in entry.names if (entry.kind, name) in ours), None)
        name = next((name for name in entry.names if name in unbookable), None)
        if store is None and name is None:
            matched.strangers.append(entry)
        elif store is None and str(name) not in matched.held:
            matched.held[str(name)] = entry
        elif store is None:
            matched.add_repeat(entry)
        elif is_replaced(entry, store):
            matched.replaced.append((store, entry))
        elif id(store) not in matched.found:
            matched.found[id(store)] = replace(entry, currency=entry.currency or store.currency)
        else:
            matched.add_repeat(entry)
    return matched


def _by_name(wanted: Sequence[Entry]) -> dict[tuple[Kind, str], Entry]:
    """All that Xero may have them under. What a re-issued sale began with yields to what another one is called."""
    begun = {(one.kind, parts(one.alias)[0]): one for one in wanted if one.alias}
    return begun | {(one.kind, name): one for one in wanted for name in (one.alias, one.number) if name}
