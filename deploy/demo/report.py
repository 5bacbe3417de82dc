"""What the demo says at its end: a document for machines, tables for people, and whether all is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo.against import SumRow
from deploy.demo.books import parked_as_spoiled
from deploy.demo.chain import Evening
from worker.ledger.records import Held
from worker.ledger.runs.run_reports import RunStatus

_FIGURES = (
    "store_orders",
    "store_requests",
    "events_published",
    "repeats_on_the_wire",
    "calls",
    "documents_per_call",
    "calls_left_today",
    "refused_429",
    "lost",
    "duplicated",
    "cents_off",
    "seconds",
)
_RUN_FIGURES = ("pages", "published", "written", "unchanged", "parked", "calls")
_CONTACTS = "Contacts"
_MOST_DIFFERENCES = 10


def is_right(evening: Evening) -> bool:
    """Nothing lost, doubled or off; sums equal; exactly the spoiled messages parked; repeats without calls.

    And `xerelay reconcile` finds nothing.
    """
    difference = evening.difference
    complete = not (difference.missing or difference.extra or evening.audit["duplicates"])
    equal = not difference.wrong and all(row.store == row.xero for row in (*evening.taxes, *evening.accounts))
    parked = parked_as_spoiled(evening.bad, [held.reason for held in evening.parked])
    return complete and equal and parked and costs_nothing(evening) and not evening.reconciled["differences"]


def costs_nothing(evening: Evening) -> bool:
    """Whether the resync of complete books published all of it and cost no call, addresses apart.

    Magento gives a customer whose address alone is edited no new time: a resync is what finds it, and writes contacts.
    """
    again = evening.again
    if again is None or not again.published or again.written + again.unchanged != again.published:
        return False
    calls = calls_of_again(evening)
    return set(calls) <= {_CONTACTS} and calls[_CONTACTS] <= again.written


def calls_of_again(evening: Evening) -> Counter[str]:
    """Calls to Xero during the resync of complete books, by endpoint."""
    return _calls(evening.audit) - _calls(evening.before_again)


def _calls(audit: Mapping[str, Any]) -> Counter[str]:
    calls: Counter[str] = Counter()
    for row in audit["calls"]:
        calls[row["endpoint"]] += row["count"]
    return calls


def summary(evening: Evening) -> dict[str, Any]:
    """The report."""
    difference, audit = evening.difference, evening.audit
    documents, calls = sum(audit["documents"].values()), audit["calls_total"]
    return {
        "store_orders": evening.orders_in_store,
        "store_requests": evening.requests,
        "pages": evening.run.pages if evening.run else 0,
        "events_published": evening.wire.events,
        "repeats_on_the_wire": evening.wire.repeats,
        "entities": dict(evening.wire.entities),
        "documents_in_xero": audit["documents"],
        "calls": calls,
        "calls_by_endpoint": dict(_calls(audit)),
        "documents_per_call": round(documents / max(calls, 1), 1),
        "refused_429": audit["refused_429"],
        "calls_left_today": evening.calls_left,
        "lost": len(difference.missing),
        "duplicated": len(difference.extra) + len(audit["duplicates"]),
        "cents_off": difference.cents,
        "resync": _run(evening.run),
        "resync_of_complete_books": _run(evening.again) | {"calls": calls_of_again(evening).total()},
        "taxes": [_sums(row, ("net", "tax")) for row in evening.taxes],
        "payment_accounts": [_sums(row, ("in", "out", "count")) for row in evening.accounts],
        "cases": dict(evening.cases),
        "reconcile": _reconciled(evening),
        "not_booked": dict(evening.expected.left_out),
        "parked": [{"entity": _entity(held), "reason": held.reason, "detail": held.detail} for held in evening.parked],
        "differences": _differences(evening),
        "seconds": round(evening.seconds, 1),
    }


def show(console: Console, document: Mapping[str, Any], evening: Evening) -> None:
    """The tables a person reads."""
    figures = Table("figure", "value", title="The store's day in Xero")
    for key in _FIGURES:
        figures.add_row(key.replace("_", " "), str(document[key]))
    for kind, count in document["documents_in_xero"].items():
        figures.add_row(f"{kind.replace('_', ' ')} in Xero", str(count))
    reconciled = document["reconcile"]
    figures.add_row("xerelay reconcile", f"{reconciled['differences']} differences, {reconciled['equal']} equal")
    console.print(figures)
    _show_runs(console, document)
    _show_sums(console, "Net and tax by tax type", evening.taxes)
    _show_sums(console, "In, out and number of payments by account", evening.accounts)
    booked = Table("case", "documents", title="Documents by case of docs/accounting.md; some are of several")
    for case, count in document["cases"].items():
        booked.add_row(case, str(count))
    console.print(booked)
    parked = Table("parked", "why", title="Parked, as they should be: these messages were spoiled on purpose")
    for held in evening.parked:
        parked.add_row(_entity(held), f"{held.reason}: {held.detail}")
    console.print(parked)
    for line in document["differences"][:_MOST_DIFFERENCES]:
        console.print(f"difference: {line}")


def _show_runs(console: Console, document: Mapping[str, Any]) -> None:
    runs = Table("resync-all", *_RUN_FIGURES)
    names = {"resync": "while the store traded", "resync_of_complete_books": "of complete books"}
    for key, name in names.items():
        runs.add_row(name, *(str(document[key][figure]) for figure in _RUN_FIGURES))
    console.print(runs)


def _show_sums(console: Console, title: str, rows: Iterable[SumRow]) -> None:
    table = Table("of", "currency", "code", "store", "Xero", "", title=title)
    for row in rows:
        store, xero = (" / ".join(map(str, amounts)) for amounts in (row.store, row.xero))
        table.add_row(row.what, row.currency, row.code, store, xero, "equal" if row.store == row.xero else "DIFFERS")
    console.print(table)


def _run(run: RunStatus | None) -> dict[str, int]:
    return {name: getattr(run, name) if run else 0 for name in _RUN_FIGURES}


def _sums(row: SumRow, names: tuple[str, ...]) -> dict[str, Any]:
    key = {"of": row.what, "currency": row.currency, "code": row.code}
    store, xero = (dict(zip(names, map(str, amounts), strict=True)) for amounts in (row.store, row.xero))
    return key | {"store": store, "xero": xero}


def _differences(evening: Evening) -> list[str]:
    difference = evening.difference
    found = [f"missing: {name}" for name in difference.missing] + [f"too many: {name}" for name in difference.extra]
    said = [f"reconcile: {one['finding']} {one['number']} {one['detail']}" for one in evening.reconciled["differences"]]
    return found + difference.wrong + said


def _reconciled(evening: Evening) -> dict[str, Any]:
    found = evening.reconciled
    return {"differences": len(found["differences"]), "equal": found["equal"], "calls": found["calls"]}


def _entity(held: Held) -> str:
    return f"{held.owner.entity} {held.owner.entity_id}" if held.owner else f"message {held.event_id}"
