"""`xerelay budget`: what the calls were for, and how many are left."""

from __future__ import annotations

from worker.bootstrap import limits_of
from worker.cli.budget_view import show
from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, Config, Org, organisations, settings
from worker.cli.plain import print_json
from worker.cli.printing import on_stdout
from worker.ledger.ledger import Ledger
from worker.views.requests import Requests, requests


def budget(*, org: Org = "", as_json: AsJson = False, config: Config = None) -> None:
    """Report the calls: today by purpose, and the last 30 days.

    Days are UTC's. Requests are what the cap is counted by: a call that is sent again is one more, and so is one that
    could not be sent. Failed ones got no 2xx answer.
    """
    checked = settings(config)
    chosen = organisations(checked, org)

    async def read(ledger: Ledger) -> list[Requests]:
        return [await requests(ledger, one.name, limits=limits_of(one)) for one in chosen]

    reports = with_ledger(checked, read)
    if as_json:
        print_json({"organisations": reports})
        return
    console = on_stdout()
    for one in reports:
        show(console, one)
