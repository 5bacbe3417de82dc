"""What events would become in Xero, with nothing sent: the documents, and the calls that would carry them.

As if Xero held none of them yet: what is there already as it should be costs no call.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.codec import decode_event
from schemas.envelope import Lane
from schemas.errors import Undecodable
from worker.documents.documents import DOCUMENTS_PER_CALL, DocumentKey, Kind, Write
from worker.intake.reading import Arrival, Sound, Unsound, cure_of, read
from worker.mapping.result import Writes
from worker.settings import OrganisationSettings


@dataclass(frozen=True, slots=True)
class NotBooked:
    """An event of which nothing would come: parked for a `reason`, with its cure as `hint`, or ignored, without one."""

    line: int
    reason: str
    detail: str
    hint: str = ""

    @property
    def parked(self) -> bool:
        """Whether a person would have to look at it."""
        return bool(self.hint)


@dataclass(slots=True)
class DryRun:
    """`take` every line, then look at the rest. Of a document's versions the newest is kept, as when sending."""

    organisations: Mapping[str, OrganisationSettings]
    now: datetime
    events: int = 0
    not_booked: list[NotBooked] = field(default_factory=list)
    _writes: dict[DocumentKey, Write] = field(default_factory=dict)

    def take(self, number: int, body: bytes) -> None:
        """One event, as `xerelay publish` takes it."""
        self.events += 1
        try:
            org = decode_event(body).organisation
        except Undecodable as error:
            self.not_booked.append(NotBooked(number, error.reason, error.detail, cure_of(error)))
            return
        if org not in self.organisations:
            hint = f"there is: {', '.join(self.organisations)}"
            self.not_booked.append(NotBooked(number, "misrouted", f"organisation {org!r} is not configured", hint))
            return
        self._map(number, body, self.organisations[org])

    def _map(self, number: int, body: bytes, org: OrganisationSettings) -> None:
        (result,) = read([Arrival(body, Lane.BATCH)], org, self.now)
        if isinstance(result, Sound):
            if result.ignored:
                self.not_booked.append(NotBooked(number, "ignored", result.ignored))
            for write in Writes(result.writes).made:
                self._keep(write)
        elif isinstance(result, Unsound):
            self.not_booked.append(NotBooked(number, result.reason, result.detail, result.hint))
        else:
            self.not_booked.append(NotBooked(number, "processing", result.detail, "report it, with this event"))

    def _keep(self, write: Write) -> None:
        known = self._writes.get(write.key)
        if known is None or (not known.only_if_absent, known.version) <= (not write.only_if_absent, write.version):
            self._writes[write.key] = write

    @property
    def writes(self) -> list[Write]:
        """The documents, in the order in which they go out: kind by kind, parents first."""
        order = {kind: place for place, kind in enumerate(Kind)}
        return sorted(self._writes.values(), key=lambda write: (write.key.org, order[write.kind]))

    @property
    def calls(self) -> dict[str, dict[Kind, int]]:
        """By organisation and kind, full calls assumed. An item or a contact that is there already costs none."""
        counts = Counter((write.key.org, write.kind) for write in self.writes)
        found: dict[str, dict[Kind, int]] = {}
        for (org, kind), count in counts.items():
            found.setdefault(org, {})[kind] = math.ceil(count / DOCUMENTS_PER_CALL)
        return found


def document_of(write: Write) -> str:
    """Its JSON as it would be sent, with a name in angle brackets for each id that only Xero gives."""
    ids = {key: f"<id of {key.source} {key.entity} {key.entity_id}, {key.part}>" for key in write.content.needs}
    return write.content.filled(ids, write.content.codes).decode()
