"""What every line is tracked under and what documents are printed with, held against what Xero has of both. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from worker.checking.finding import Finding, fine, wrong
from worker.settings import OrganisationSettings

Row = Mapping[str, Any]
Rows = Sequence[Row]

_ARCHIVED = "ARCHIVED"


def judge_tracking(org: OrganisationSettings, categories: Rows) -> Iterator[Finding]:
    """Of the category and each of its options that is configured. `categories` are Xero's, archived ones too."""
    if org.tracking is None:
        return
    section = f"[organisations.{org.name}.tracking"
    named = _quoted(org.tracking.category)
    category = _of_name(categories, org.tracking.category)
    if (fault := _fault(category)) is not None:
        text = f"tracking category {named} {fault}"
        yield wrong("tracking", text, _cure(f"{section}] category = {named}"), where=org.name)
        return
    wanted = {f"{section}] option": org.tracking.option}
    wanted |= {f"{section}.options] {_quoted(place)}": option for place, option in org.tracking.options.items()}
    found = [
        wrong("tracking", f"option {_quoted(name)} of tracking category {named} {fault}", _cure(line), where=org.name)
        for line, name in ((f"{place} = {_quoted(name)}", name) for place, name in wanted.items())
        if (fault := _fault(_of_name((category or {}).get("Options") or (), name))) is not None
    ]
    yield from found or [fine("tracking", f"{named} has the options that are configured", where=org.name)]


def judge_themes(org: OrganisationSettings, themes: Rows) -> Iterator[Finding]:
    """Of each branding theme that is configured."""
    table = f"[organisations.{org.name}.branding_themes]"
    wanted = {} if org.branding_theme is None else {f"[organisations.{org.name}] branding_theme": org.branding_theme}
    wanted |= {f"{table} {_quoted(place)}": theme for place, theme in org.branding_themes.items()}
    there = {str(row.get("BrandingThemeID")).lower() for row in themes}
    found = [
        wrong("branding themes", f"branding theme {theme} is not in Xero", _cure(f'{line} = "{theme}"'), where=org.name)
        for line, theme in wanted.items()
        if theme.lower() not in there
    ]
    if wanted:
        count = len(set(wanted.values()))
        yield from found or [fine("branding themes", f"{count} are there", where=org.name)]


def _of_name(rows: Rows, name: str) -> Row | None:
    """The active one, where an archived one has its name as well."""
    alike = [row for row in rows if str(row.get("Name")).casefold() == name.casefold()]
    return next((row for row in alike if row.get("Status") != _ARCHIVED), next(iter(alike), None))


def _fault(row: Row | None) -> str | None:
    if row is None:
        return "is not in Xero"
    return "is archived in Xero" if row.get("Status") == _ARCHIVED else None


def _cure(line: str) -> str:
    return f"change {line}, or add or restore it in Xero: every document that names it is refused"


def _quoted(name: str) -> str:
    return f'"{name}"'
