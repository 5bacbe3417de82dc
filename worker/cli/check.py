"""`xerelay check`: whether the set-up works, and what to mend where it does not."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from worker.checking.checkup import Checkup
from worker.checking.finding import Finding, Level
from worker.checking.xero import paths_of
from worker.cli.options import AsJson, Config, Org, organisations, settings
from worker.cli.plain import print_json
from worker.cli.store_option import the_store
from worker.clock import SystemClock
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import StoreSettings

_COLOURS = {Level.OK: typer.colors.GREEN, Level.WARN: typer.colors.YELLOW, Level.FAIL: typer.colors.RED}


def check(
    *,
    org: Org = "",
    store: Annotated[
        str, typer.Option("--store", help="One store; all that feed the organisations unless given.")
    ] = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Try out the set-up, and say what to mend.

    Looks at the broker, the ledger, the stores, and in Xero at consent, scopes, organisation, accounts, tax rates,
    payment accounts, tracking, branding themes, currencies, lock dates and time zones. Each line begins with ok, warn
    or fail, and ends with what cures it. Creates nothing but new tokens, which prove the secret and the consent. Costs
    4 calls for each organisation, one more where tracking is configured and one where themes are. Exits 1 when a line
    says fail.
    """
    checked = settings(config)
    orgs, stores = _chosen(checked, org, store)
    calls = sum(len(paths_of(one)) for one in orgs)
    typer.echo(f"asks Xero of {', '.join(one.name for one in orgs)}: {calls} calls in all", err=True)
    checkup = Checkup(checked, orgs, stores, SystemClock(), tell=_ignore if as_json else _show)
    asyncio.run(checkup.run())
    if as_json:
        print_json({"findings": checkup.findings, "calls": checkup.calls, "failed": checkup.failed})
    if checkup.failed:
        raise typer.Exit(1)


def _chosen(checked: Settings, org: str, store: str) -> tuple[list[OrganisationSettings], list[StoreSettings]]:
    """What the options mean. Exits 2 for a name that is not configured, or a store that does not feed `org`."""
    orgs = organisations(checked, org)
    if store:
        one = the_store(checked, store, org)
        return [each for each in orgs if org or each.name in one.organisations], [one]
    names = {each.name for each in orgs}
    return orgs, [each for each in checked.stores.values() if names & set(each.organisations)]


def _show(finding: Finding) -> None:
    word, rest = finding.line[: len(finding.level)], finding.line[len(finding.level) :]
    typer.echo(typer.style(word, fg=_COLOURS[finding.level]) + rest)


def _ignore(_finding: Finding) -> None:
    pass
