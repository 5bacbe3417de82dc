"""What tables keep whole on a terminal of 80 columns."""

from __future__ import annotations

import pytest

from producers.runs import RunState
from tests.fakes import START
from worker.cli.resync_view import table
from worker.ledger.run_reports import RunStatus

RUN = "97fe095895c4429bb1cd8f84acca68aa"


def test_a_run_is_listed_with_all_of_its_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    run = RunStatus(RUN, "shop", "resync-all", RunState.DONE, None, "", START, START, START, 5, 0, 0, 1)

    table([run])

    assert RUN in capsys.readouterr().out
