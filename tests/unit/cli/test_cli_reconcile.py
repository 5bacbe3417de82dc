"""How `xerelay reconcile` is asked, and what it says."""

from __future__ import annotations

import json
import os
import pty
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.support.mapping_cases import organisation
from tests.support.settings_cases import MINIMAL
from worker.cli import app
from worker.cli.reading_view import ReadingView
from worker.cli.reconcile import ask
from worker.cli.reconcile_view import Result, facts, show
from worker.documents.documents import Kind
from worker.reconcile.compare import Comparison, Days, Difference, Finding
from worker.reconcile.fields import Field
from worker.reconcile.standing import Standing
from worker.reconcile.sums import Sum

DAY = date(2026, 11, 24)
CENT = Field("net", "20.00", "20.01", 1)
ACCOUNT = Field("account", "092", "")
COMPARISON = Comparison(
    differences=(
        Difference(Finding.MISSING, Kind.CREDIT_NOTE, "C-shop-1", DAY, "voided in Xero", cents=-2400),
        Difference(Finding.DIFFERENT, Kind.INVOICE, "I-shop-2", DAY, fields=(CENT, ACCOUNT), cents=1),
        Difference(Finding.UNREADABLE, None, "shop invoices 7", None, "its order is gone"),
    ),
    sums=(Sum("tax", "OUTPUT2", "net", "GBP", Decimal("20.00"), Decimal("20.01")),),
    equal=811,
)
RESULT = Result("main", Days(DAY, DAY), COMPARISON, calls=3)


def test_differences_are_told_in_lines_that_are_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    show(RESULT)

    assert capsys.readouterr().out.splitlines()[:6] == [
        "main, 2026-11-24: 3 differences, 811 documents equal, 3 calls",
        "  missing: credit note C-shop-1 of 2026-11-24 (-24.00): voided in Xero",
        "  different: invoice I-shop-2 of 2026-11-24 (+0.01)",
        "    net: 20.00 in the store, 20.01 in Xero (+0.01)",
        "    account: 092 in the store, none in Xero",
        "  unreadable: shop invoices 7: its order is gone",
    ]


def test_payments_that_stand_are_told_below_the_differences(capsys: pytest.CaptureFixture[str]) -> None:
    stood = replace(RESULT, comparison=replace(COMPARISON, standing=(Standing("091", "090", 2),)))

    show(stood)

    told = capsys.readouterr().out.splitlines()[6]
    assert told == "  2 payments stand on account 090, their method now has 091: no difference"
    assert facts(stood)["standing"] == [{"configured": "091", "booked": "090", "payments": 2}]


def test_sums_are_a_table_that_shows_what_xero_has_too_much(capsys: pytest.CaptureFixture[str]) -> None:
    show(RESULT)

    [row] = [line for line in capsys.readouterr().out.splitlines() if "OUTPUT2" in line]
    assert [cell for cell in row.split() if cell.isascii()] == [
        "tax",
        "OUTPUT2",
        "net",
        "GBP",
        "20.00",
        "20.01",
        "+0.01",
    ]


def test_json_has_all_of_it_and_amounts_as_text() -> None:
    told = json.loads(json.dumps(facts(RESULT)))

    assert (told["from"], told["to"], told["calls"], told["equal"]) == ("2026-11-24", "2026-11-24", 3, 811)
    assert told["differences"][1] == {
        "finding": "different",
        "kind": "invoice",
        "number": "I-shop-2",
        "day": "2026-11-24",
        "cents": 1,
        "detail": "",
        "fields": [
            {"name": "net", "store": "20.00", "xero": "20.01", "cents": 1},
            {"name": "account", "store": "092", "xero": "", "cents": None},
        ],
    }
    assert told["sums"][0]["difference"] == "0.01"


@pytest.mark.parametrize("command", [["reconcile", "--from", "2026-11-24"], ["ledger", "rebuild"]])
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "no store is configured"),
        (["--org", "other"], "no [organisations.other]"),
        (["--org", "main"], "no store feeds"),
    ],
)
def test_an_organisation_that_no_store_feeds_cannot_be_read(
    command: list[str], more: list[str], said: str, tmp_path: Path
) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(MINIMAL.partition("[stores.")[0])

    result = CliRunner().invoke(app, [*command, *more, "--config", str(config)])

    assert result.exit_code == 2
    assert said in result.stderr


def test_days_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(MINIMAL.partition("[stores.")[0])

    result = CliRunner().invoke(
        app, ["reconcile", "--from", "2026-11-24", "--to", "2026-11-23", "--config", str(config)]
    )

    assert result.exit_code == 2
    assert "before --from" in result.stderr


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False)])
def test_many_calls_are_asked_for_on_a_terminal(answer: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    person, terminal = pty.openpty()
    os.write(person, answer.encode())

    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with nullcontext() if goes_on else pytest.raises(typer.Exit):
            ask(organisation(), 101, yes=False)

    os.close(person)


@pytest.mark.parametrize(("price", "yes"), [(100, False), (5000, True)])
def test_few_calls_and_a_yes_ask_nothing(price: int, yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    person, terminal = pty.openpty()

    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        ask(organisation(), price, yes=yes)

    os.close(person)


def test_where_nobody_can_answer_nothing_is_asked() -> None:
    ask(organisation(), 5000, yes=False)


def test_a_list_that_does_not_come_is_said_to_be_asked_for_again(capsys: pytest.CaptureFixture[str]) -> None:
    ReadingView().told.asks_again("no connection: ConnectError", 4.0)

    assert capsys.readouterr().err == "xero did not give a list (no connection: ConnectError): asked again in 4 s\n"
