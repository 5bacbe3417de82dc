"""`xerelay forget`: one customer's personal data out of the ledger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, By, Config, Org, organisations, refuse, settings, who
from worker.cli.plain import print_json
from worker.cli.store_option import refuse_unknown
from worker.forgetting.forgetting import Forgetting, Traces, find
from worker.ledger.admin_actions import entity_subject
from worker.ledger.ledger import Ledger
from worker.settings import OrganisationSettings

_WORDS = {
    "events_redacted": "events that wait will name nobody, or be emptied where they cannot be read",
    "events_removed": "events that wait, of the customer alone, will be removed unless they are on their way",
    "discards_emptied": "discarded messages will be emptied",
    "calls_emptied": "settled calls will lose what they carried",
    "contacts_renamed": "contacts of the ledger will lose their names",
    "pauses_emptied": "pauses will lose what Xero said of the customer",
    "calls_under_way": "calls are under way and keep what they carry until they are settled",
}

_NOBODY = (
    "nothing is known of this customer: expected an id or address that the ledger has; "
    "one who was forgotten before is not known either"
)


def forget(
    *,
    customer_id: Annotated[str, typer.Option("--id", help="The customer's id in the store.")] = "",
    email: Annotated[str, typer.Option("--email", help="Their e-mail address, for guests too.")] = "",
    store: Annotated[str, typer.Option("--store", help="The store whose id it is; needed when several have it.")] = "",
    org: Org = "",
    why: Annotated[str, typer.Option("--why", help="The reason, kept on record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is done.")] = False,
    by: By = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Take a customer's personal data out of the ledger.

    Says first what will be done. Events of sales that wait keep what the books need, and name nobody any more. What
    cannot be read and holds the e-mail address is emptied. Ids, hashes and versions stay. Messages in RabbitMQ, and
    Xero itself, are not touched. Exits 1 when something is still needed by a call under way, or an event is on its way
    in a worker that runs (run it again), and when nothing is known of the customer.
    """
    checked = settings(config)
    _refuse_nobody(store, customer_id, email)
    chosen = organisations(checked, org)
    found = with_ledger(checked, lambda ledger: _find(ledger, chosen, store, list(checked.stores), customer_id, email))
    if not found:
        with_ledger(checked, lambda ledger: refuse_unknown(checked, ledger, store))
    _tell(found)
    wanted = [one for one in found if not one.erasure.is_empty]
    if wanted:
        _ask(yes=yes)
    done: list[Traces] = []
    if wanted:
        done = with_ledger(checked, lambda ledger: _forget(ledger, chosen, wanted, by=who(by), why=why))
    left = sum(one.left for one in done) + sum(one.under_way for one in found if one.erasure.is_empty)
    if as_json:
        print_json({"forgotten": [facts(one) for one in done], "left": left})
    elif done and not left:
        typer.echo("forgotten")
    if left:
        typer.echo(f"{left} still under way: run it again in a minute, while a worker runs", err=True)
    if left or not found:
        raise typer.Exit(1)


def _refuse_nobody(store: str, customer_id: str, email: str) -> None:
    if not customer_id and not email:
        refuse("whom? give --id or --email")
    if store and not customer_id:
        refuse("--store says whose --id is; by --email a person is forgotten whatever the store")


async def _find(
    ledger: Ledger,
    chosen: Sequence[OrganisationSettings],
    store: str,
    configured: Sequence[str],
    customer_id: str,
    email: str,
) -> list[Traces]:
    tasks = [Forgetting(ledger, org) for org in chosen]
    source = await _store_of(tasks, store, configured, customer_id) if customer_id else ""
    found = await find(tasks, source=source, customer_id=customer_id, email=email)
    return [one for one in found if not one.is_empty]


async def _store_of(tasks: Sequence[Forgetting], store: str, configured: Sequence[str], customer_id: str) -> str:
    """The store whose id it is. Where two have it they mean two people, in different organisations too.

    A shop that publishes by itself is not configured: that one store is does not say that it is meant.
    """
    if store:
        return store
    known = {source for task in tasks for source in await task.sources(customer_id)}
    meant = known | set(configured) if len(configured) == 1 else known
    if len(meant) != 1:
        which = "no contact has the id" if not known else "several stores may have a customer"
        told = ", ".join(sorted(meant) or configured) or "none is configured"
        refuse(f"{which} {customer_id}; say with --store whose it is: {told}")
    return meant.pop()


async def _forget(
    ledger: Ledger, chosen: Sequence[OrganisationSettings], wanted: Sequence[Traces], *, by: str, why: str
) -> list[Traces]:
    tasks = {one.name: Forgetting(ledger, one) for one in chosen}
    return [await tasks[traces.organisation].forget(traces, who=by, why=why) for traces in wanted]


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        refuse("nobody is there to ask: give --yes")
    if not typer.confirm("forget it?", err=True):
        raise typer.Exit(1)


def _tell(found: Sequence[Traces]) -> None:
    """What will be done, without personal data."""
    for one in found:
        counts = facts(one)
        typer.echo(
            f"{one.organisation}: {', '.join(map(entity_subject, one.subjects)) or 'a customer without an id'}",
            err=True,
        )
        for name, what in _WORDS.items():
            if counts[name]:
                typer.echo(f"  {counts[name]} {what}", err=True)
    if not found:
        typer.echo(_NOBODY, err=True)


def facts(traces: Traces) -> dict[str, object]:
    """How much of what, as JSON has it."""
    erasure = traces.erasure
    return {
        "organisation": traces.organisation,
        "customers": [entity_subject(one) for one in traces.subjects],
        "events_redacted": len(erasure.redacted),
        "events_removed": len(erasure.removed),
        "discards_emptied": len(erasure.emptied),
        "calls_emptied": len(erasure.calls),
        "contacts_renamed": len(erasure.contacts),
        "pauses_emptied": len(erasure.pauses),
        "calls_under_way": traces.under_way,
    }
