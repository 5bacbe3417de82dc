"""From a template and values to HTML. Everything is escaped; a name that is missing is an error."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

HERE = Path(__file__).parent
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment, "span": span, "number": number}
    return environment


def render(template: str, **values: Any) -> str:
    """The page."""
    return _environment().get_template(template).render(**values)


def moment(at: datetime | None) -> Markup | str:
    """A time in UTC, as people and as machines read it."""
    if at is None:
        return "–"
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M} UTC")


def span(duration: timedelta | None) -> str:
    """How long, in the unit a person would use."""
    if duration is None:
        return "–"
    if duration < _MINUTE:
        return "less than a minute" if duration else "now"
    if duration < 2 * _HOUR:
        return f"{duration / _MINUTE:.0f} min"
    return f"{duration / _HOUR:.0f} h" if duration < 2 * _DAY else f"{duration / _DAY:.1f} days"


def number(value: float) -> Markup:
    """A whole number with its thousands apart, by a space that does not break the line."""
    return escape(f"{value:,.0f}".replace(",", "\u202f"))
