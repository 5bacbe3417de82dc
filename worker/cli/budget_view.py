"""How the request report is shown."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from worker.ledger.records import Purpose
from worker.views.requests import Count, DayCount, Requests

_BAR = 20
"""Characters that a day of all its calls is long."""
_FIGURE = 5
"""Characters that a day's figure may have."""


def show(console: Console, report: Requests) -> None:
    """Print one organisation's."""
    left = report.budget
    used = f"{left.used} of {left.limit} calls in the last 24 hours"
    console.print(f"{report.organisation}: {used}, {left.left_today} left, {left.left_at_once} at once", soft_wrap=True)
    if left.forbidden_until is not None:
        until = f"{left.forbidden_until:%Y-%m-%d %H:%M:%S} UTC"
        console.print(f"Xero allows no calls before {until} ({left.forbidden_by})", style="bold red", soft_wrap=True)
    console.print(_today(report))
    days = [day for day in report.days if day.count.requests]
    if days:
        console.print(_days(days, left.limit))


def _today(report: Requests) -> Table:
    table = _counted("today's purpose", "endpoint")
    for use in report.today:
        table.add_row(str(use.purpose), use.endpoint, *_cells(use.count))
    table.add_row("all", "", *_cells(report.days[-1].count))
    return table


def _days(days: list[DayCount], limit: int) -> Table:
    purposes = [purpose for purpose in Purpose if any(purpose in day.by_purpose for day in days)]
    table = _counted("day", *(str(purpose) for purpose in purposes))
    table.add_column(f"of {limit}")
    table.box, table.pad_edge, table.padding = None, False, (0, 1, 0, 0)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:  # on a narrow terminal their heads break, and days and figures stay whole
        column.overflow, column.min_width = "fold", _FIGURE
    for day in days:
        by_purpose = [str(day.by_purpose.get(purpose, Count()).requests) for purpose in purposes]
        table.add_row(day.day.isoformat(), *by_purpose, *_cells(day.count), _bar(day.count.requests / limit))
    return table


def _counted(*names: str) -> Table:
    table = Table(*names)
    for name in ("requests", "documents", "per call", "failed"):
        table.add_column(name, justify="right")
    return table


def _cells(count: Count) -> list[str]:
    failed = f"[bold red]{count.failed}[/]" if count.failed else "0"
    return [str(count.requests), str(count.documents), f"{count.documents_per_call:.1f}", failed]


def _bar(share: float) -> str:
    style = "red" if share >= 1 else "green"
    return f"[{style}]{'█' * max(1, round(min(share, 1) * _BAR))}[/] {share:.0%}"
