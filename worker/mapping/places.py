"""What differs by the place of a sale: a website's own setting, else its store's, else the organisation's."""

from __future__ import annotations

from collections.abc import Mapping

from worker.settings import OrganisationSettings


def tracking_of(source: str, website: str, org: OrganisationSettings) -> list[dict[str, str]]:
    """The tracking of every line."""
    if org.tracking is None:
        return []
    option = _of(org.tracking.options, source, website) or org.tracking.option
    return [{"Name": org.tracking.category, "Option": option}]


def branding_theme(source: str, website: str, org: OrganisationSettings) -> str | None:
    """The theme a document is printed with; `None` is the organisation's own."""
    return _of(org.branding_themes, source, website) or org.branding_theme


def _of(table: Mapping[str, str], source: str, website: str) -> str | None:
    return table.get(f"{source}/{website}") or table.get(source)
