"""What tables keep whole on a terminal of 80 columns."""

from __future__ import annotations

import io
from datetime import date

import pytest
from rich.console import Console

from producers.runs import RunState
from tests.fakes import START
from worker.cli.budget_view import show
from worker.cli.resync_view import table
from worker.ledger.records import Purpose
from worker.ledger.run_reports import RunStatus
from worker.views.budget import BudgetStatus
from worker.views.requests import Count, DayCount, Requests

RUN = "97fe095895c4429bb1cd8f84acca68aa"


def test_a_run_is_listed_with_all_of_its_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run = RunStatus(RUN, "shop", "resync-all", RunState.DONE, None, "", START, START, START, 5, 0, 0, 1)

    table([run])

    assert RUN in capsys.readouterr().out


def test_a_day_is_listed_with_its_date_and_figures() -> None:
    count = Count(calls=1234, requests=1234, documents=45678)
    day = DayCount(date(2026, 11, 26), count, {purpose: Count(requests=205) for purpose in Purpose})
    report = Requests("main", BudgetStatus(5000, 40, 5, 960, 1, None, None, ""), (), (day,))
    out = io.StringIO()

    show(Console(file=out, width=80), report)

    last = next(line for line in out.getvalue().splitlines() if line.startswith("2026"))
    assert last.split()[:10] == ["2026-11-26", *["205"] * 6, "1234", "45678", "37.0"]
