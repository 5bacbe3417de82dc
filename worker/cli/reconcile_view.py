"""How a comparison is shown: differences as lines, sums as a table, or all of it as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rich.table import Table

from worker.cli.printing import on_stdout
from worker.reconcile.compare import Comparison, Days, Difference
from worker.reconcile.fields import Field
from worker.reconcile.standing import Standing
from worker.reconcile.sums import Sum

_CENTS = Decimal(100)


@dataclass(frozen=True, slots=True)
class Result:
    """One organisation's comparison, and the calls it took.

    `days` were compared, and `before` not: they lie before `start_date`. None where there are no such days.
    """

    organisation: str
    days: Days | None
    comparison: Comparison
    calls: int
    before: Days | None = None
    start_date: date | None = None

    @property
    def left_out(self) -> str:
        """Why some of the days were not compared; empty where all were."""
        if self.before is None:
            return ""
        why = f"before its start_date, {self.start_date}, and xerelay keeps nothing of such days in Xero"
        return f"{self.before} not compared: {why}"


def show(result: Result) -> None:
    """Print it for a person."""
    console = on_stdout()
    if result.left_out:
        console.print(f"{result.organisation}, {result.left_out}", soft_wrap=True, markup=False)
    if result.days:
        console.print(_headline(result, result.days), soft_wrap=True, markup=False)
    for one in result.comparison.differences:
        console.print(f"  {_told(one)}", soft_wrap=True, markup=False)
        for field in one.fields:
            console.print(f"    {_field(field)}", soft_wrap=True, markup=False)
    for stand in result.comparison.standing:
        console.print(f"  {_stands(stand)}", soft_wrap=True, markup=False)
    if result.comparison.sums:
        console.print(_table(result.comparison.sums))


def facts(result: Result) -> dict[str, Any]:
    """It as JSON has it; amounts are decimal strings."""
    comparison = result.comparison
    return {
        "organisation": result.organisation,
        **_span(result.days),
        "not_compared": {**_span(result.before), "why": result.left_out} if result.before else None,
        "calls": result.calls,
        "equal": comparison.equal,
        "differences": [_difference(one) for one in comparison.differences],
        "standing": [
            {"configured": one.configured, "booked": one.booked, "payments": one.payments}
            for one in comparison.standing
        ],
        "sums": [_sum(one) for one in comparison.sums],
    }


def _span(days: Days | None) -> dict[str, str | None]:
    return {"from": days.first.isoformat() if days else None, "to": days.last.isoformat() if days else None}


def _headline(result: Result, days: Days) -> str:
    comparison = result.comparison
    count = len(comparison.differences)
    what = f"{count} difference{'s' if count != 1 else ''}" if count else "no difference"
    return f"{result.organisation}, {days}: {what}, {comparison.equal} documents equal, {result.calls} calls"


def _told(one: Difference) -> str:
    kind = f"{one.kind} ".replace("_", " ") if one.kind else ""
    day = f" of {one.day}" if one.day else ""
    money = f" ({_signed(one.cents)})" if one.cents else ""
    return f"{one.finding}: {kind}{one.number}{day}{money}{': ' if one.detail else ''}{one.detail}"


def _field(field: Field) -> str:
    more = "" if field.cents is None else f" ({_signed(field.cents)})"
    return f"{field.name}: {field.store} in the store, {field.xero or 'none'} in Xero{more}"


def _stands(one: Standing) -> str:
    count = f"{one.payments} payment{'s' if one.payments != 1 else ''}"
    return f"{count} stand on account {one.booked}, their method now has {one.configured}: no difference"


def _signed(cents: int) -> str:
    return f"{Decimal(cents) / _CENTS:+.2f}"


def _table(sums: tuple[Sum, ...]) -> Table:
    table = Table("by", "", "", "currency")
    for name in ("store", "Xero", "difference"):
        table.add_column(name, justify="right")
    for one in sums:
        difference = f"{one.difference:+.2f}" if one.difference else ""
        table.add_row(
            one.by, one.name or "none", one.what, one.currency, f"{one.store:.2f}", f"{one.xero:.2f}", difference
        )
    return table


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "finding": str(one.finding),
        "kind": str(one.kind) if one.kind else None,
        "number": one.number,
        "day": one.day.isoformat() if one.day else None,
        "cents": one.cents,
        "detail": one.detail,
        "fields": [
            {"name": field.name, "store": field.store, "xero": field.xero, "cents": field.cents} for field in one.fields
        ],
    }


def _sum(one: Sum) -> dict[str, str]:
    return {
        "by": one.by,
        "name": one.name,
        "what": one.what,
        "currency": one.currency,
        "store": f"{one.store:.2f}",
        "xero": f"{one.xero:.2f}",
        "difference": f"{one.difference:.2f}",
    }
