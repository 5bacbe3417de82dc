"""What tables keep whole on a terminal of 80 columns."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import date

import pytest
from rich.console import Console

from producers.runs import Progress, RunState
from tests.support.fakes import START
from worker.cli.budget_view import show
from worker.cli.history_view import show as show_history
from worker.cli.parked_view import show_list
from worker.cli.resync_view import table
from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.records import HoldState, Purpose
from worker.ledger.runs.run_reports import RunStatus
from worker.views.budget import BudgetStatus
from worker.views.history import History, PastDocument
from worker.views.parked import ParkedEvent
from worker.views.requests import Count, DayCount, Requests

RUN = "97fe095895c4429bb1cd8f84acca68aa"


def test_a_run_is_listed_in_whole_words_with_all_of_its_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    read = {"invoices": Progress(pages=5, published=4321)}
    run = RunStatus(
        RUN, "webshop", "resync-all", RunState.RUNNING, None, "", START, START, None, 4000, 300, 12, 86, read
    )

    table([run])

    assert capsys.readouterr().out.splitlines() == [
        f"{RUN}  webshop  resync-all  2026-03-02 09:00 UTC",
        "  running: 5 pages, 4321 published, 4312 settled, 12 parked, 86 calls",
    ]


def test_a_list_of_no_runs_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    table([])

    assert capsys.readouterr().out.startswith("no run yet: ")


def test_a_day_is_listed_with_its_date_and_figures() -> None:
    count = Count(calls=1234, requests=1234, documents=45678)
    day = DayCount(date(2026, 11, 26), count, {purpose: Count(requests=205) for purpose in Purpose})
    report = Requests("main", BudgetStatus(5000, 40, 5, 960, 1, None, None, ""), (), (day,))
    out = io.StringIO()

    show(Console(file=out, width=80), report)

    last = next(line for line in out.getvalue().splitlines() if line.startswith("2026"))
    assert last.split()[:10] == ["2026-11-26", *["205"] * 6, "1234", "45678", "37.0"]


async def on_a_terminal(*parked: ParkedEvent, columns: int) -> list[str]:
    """What `parked list` shows of them there, without its colours."""
    out = io.StringIO()

    async def events() -> AsyncIterator[ParkedEvent]:
        for one in parked:
            yield one

    console = Console(file=out, width=columns, force_terminal=True, color_system=None, highlight=False)
    await show_list(console, events(), {})
    return out.getvalue().splitlines()


async def test_a_parked_event_is_listed_in_whole_words_with_its_id() -> None:
    hint = 'add to [organisations.main.payments]: "paypal" = "<account code>", or "none"; then retry'
    owner = EntityKey("main", "shop", "credit_memo", "100000017")
    parked = ParkedEvent(
        RUN, "main", HoldState.PERSON, owner, "e1", None, "payment_method_unmapped", "", hint, 1, START
    )

    lines = await on_a_terminal(parked, columns=80)

    assert lines[0] == f"{RUN}  main  shop credit_memo 100000017"
    assert lines[1].startswith("  payment_method_unmapped since 2026-03-02 09:00 UTC")
    assert f"; what to do: {hint}" in " ".join(line.strip() for line in lines[1:])
    assert len(lines) <= 4
    assert max(map(len, lines)) <= 80


async def test_parked_events_of_one_hint_are_told_apart_by_their_details() -> None:
    detail = "data.totals.gross: expected a decimal string, " + "and " * 60 + "no more"
    parked = ParkedEvent(
        RUN, "main", HoldState.PERSON, None, "e1", None, "invalid", detail, "mend the publisher", 1, START
    )

    _, line = await on_a_terminal(parked, columns=400)

    assert "UTC: data.totals.gross: expected a decimal string, and" in line
    assert line.endswith("and …; what to do: mend the publisher")


async def test_a_list_of_nothing_parked_says_so() -> None:
    lines = await on_a_terminal(columns=80)

    assert lines == ["no parked event was found"]


def test_a_documents_page_in_xero_stands_on_one_line() -> None:
    page = f"https://go.xero.com/app/!abcde/accounts-receivable/invoices/view/{RUN}?from=history"
    key = DocumentKey("main", "shop", "invoice", "31", Kind.INVOICE)
    seen = PastDocument(key, Kind.INVOICE, "I-shop-000000017", START, RUN, page, "AUTHORISED", "24.00", "GBP")
    out = io.StringIO()

    show_history(Console(file=out, width=80), History((), (seen,), (), (), (), ()))

    assert out.getvalue().splitlines() == [
        "invoice I-shop-000000017  AUTHORISED  24.00 GBP  as of 2026-03-02 09:00:00 UTC",
        f"  {page}",
    ]
