"""Whether an organisation books anything yet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from worker.checking.finding import Finding, odd
from worker.settings import OrganisationSettings


def check_start_dates(organisations: Sequence[OrganisationSettings], *, today: date) -> Iterator[Finding]:
    """Warn of a day that is still to come: it may be meant, and it may be a slip of the pen."""
    for org in organisations:
        if org.start_date > today:
            text = f"start_date is still to come: no sale before {org.start_date} is booked, so none of today"
            cure = f"change [organisations.{org.name}] start_date, unless it is meant so"
            yield odd("start date", text, cure, where=org.name)
