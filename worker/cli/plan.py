"""`xerelay plan`: what a load costs, before anyone starts it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from schemas.envelope import Lane
from worker.budget.limits import Limits
from worker.cli.duration import in_words
from worker.cli.options import refuse
from worker.cli.printing import on_stdout
from worker.views.planning import Cost, Load, cost

Count = Annotated[int, typer.Option(min=0, help="How many of these the load has.")]


def plan(
    customers: Count = 0,
    products: Count = 0,
    orders: Count = 0,
    refunds: Count = 0,
    day: Annotated[
        int, typer.Option(min=1, help="Xero's cap of calls a day: 1000 on the free tier, else 5000.")
    ] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Say what a load costs in calls and days. Asks nobody and sends nothing.

    An order brings one invoice and one payment, a refund one credit note and one payment; 50 documents go in a call.
    """
    load = Load(customers=customers, products=products, orders=orders, refunds=refunds, payments=orders + refunds)
    if load == Load():
        refuse(
            "how large a load? give one or more of --customers, --products, --orders or --refunds, "
            "such as: xerelay plan --customers 5000 --orders 20000"
        )
    try:
        price = cost(load, Limits(day=day), lane=Lane.BACKFILL, now=datetime.now(UTC))
    except OverflowError:
        refuse("expected a load that is done before the year 10000, got a larger one; give fewer, or a larger --day")
    if as_json:
        typer.echo(json.dumps(facts(price)))
        return
    table = Table("documents", "how many", "calls")
    for kind, calls in price.calls.items():
        table.add_row(f"{kind}s".replace("_", " "), str(price.documents[kind]), str(calls))
    table.add_row("all", str(price.all_documents), str(price.all_calls))
    on_stdout().print(table)
    typer.echo(
        f"about {in_words(price.takes)} with {day} calls a day, half of what is saved up left for the day's own sales"
    )


def facts(price: Cost) -> dict[str, object]:
    """The price as JSON has it."""
    return {
        "documents": price.all_documents,
        "calls": {str(kind): calls for kind, calls in price.calls.items()},
        "calls_total": price.all_calls,
        "days": round(price.takes.total_seconds() / 86_400, 2),
    }
