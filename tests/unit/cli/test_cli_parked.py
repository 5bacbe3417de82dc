"""How `xerelay parked` lists, retries, lets go and exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import ORG, event, lease_of
from worker.cli.parked_view import show_list
from worker.documents.documents import EntityKey
from worker.ledger.admin_actions import AdminAction
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState
from worker.views.parked import ParkedEvent, parked_event

REASONS = {"1": "tax_unmapped", "2": "overpaid", "3": "overpaid"}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """Three parked invoices; the detail of the third would be a formula."""
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        events = [
            event(
                int(number),
                HoldState.PERSON,
                id=f"p{number}",
                reason=reason,
                owner=EntityKey(ORG, "shop", "invoice", number),
                detail="=1+1" if number == "3" else "see there",
                hint="mend it",
                body=json.dumps({"id": f"e{number}", "data": {"name": "Jo Doe"}}).encode(),
            )
            for number, reason in REASONS.items()
        ]
        await ledger.held.hold(await lease_of(ledger), events)

    line.in_ledger(fill)
    return line


def parked(line: CommandLine) -> list[str]:
    return sorted(one["id"] for one in line.json("parked", "list"))


def actions(line: CommandLine) -> list[AdminAction]:
    return line.in_ledger(lambda ledger: ledger.admin_actions.latest())


def test_the_list_has_reasons_hints_and_counts_and_nobodys_name(line: CommandLine) -> None:
    text = line.run("parked", "list", "--limit", "2").stdout
    [one] = line.json("parked", "list", "--reason", "tax_unmapped", "--entity", "invoice", "--store", "shop")

    assert "shop invoice" in text
    assert "main: 2 parked for overpaid" in text
    assert "2 of 3 shown" in text
    assert (one["id"], one["organisation"], one["entity_id"], one["hint"]) == ("p1", "main", "1", "mend it")
    assert "Jo Doe" not in text + json.dumps(one)


def test_a_list_in_a_pipe_has_each_reason_on_one_line_however_long_it_is(line: CommandLine) -> None:
    detail = "word " * 40
    more = event(9, HoldState.PERSON, id="p9", reason="overpaid", detail=detail, hint=detail)

    async def fill(ledger: Ledger) -> None:
        await ledger.held.hold(await lease_of(ledger), [more])

    line.in_ledger(fill)
    lines = line.run("parked", "list").stdout.splitlines()

    [why] = [lines[at + 1] for at, one in enumerate(lines) if one.startswith("p9  main")]
    assert why.startswith("  overpaid since ")
    assert why.endswith(f"; what to do: {detail}")


async def test_a_list_is_shown_as_it_is_read() -> None:
    out, seen = io.StringIO(), []

    async def events() -> AsyncIterator[ParkedEvent]:
        for number in ("p1", "p2"):
            yield parked_event(event(1, HoldState.PERSON, id=number))
            seen.append(out.getvalue().splitlines()[-2].split()[0])

    await show_list(Console(file=out), events(), {(ORG, "because"): 3})

    assert seen == ["p1", "p2"]
    assert out.getvalue().splitlines()[-2:] == [
        "main: 3 parked for because",
        "2 of 3 shown; more with --limit, fewer with filters",
    ]


def test_a_list_as_json_is_one_document_however_many_it_has(line: CommandLine) -> None:
    nothing = line.json("parked", "list", "--reason", "none")
    one = line.json("parked", "list", "--limit", "1")
    result = line.run("parked", "list", "--json")

    assert (nothing, len(one)) == ([], 1)
    assert len(json.loads(result.stdout)) == 3
    assert len(result.stdout.splitlines()) == 5


def test_one_in_full_has_its_message(line: CommandLine) -> None:
    text = line.run("parked", "show", "p1").stdout
    one = line.json("parked", "show", "p1")
    nothing = line.run("parked", "show", "p9")

    assert '"name": "Jo Doe"' in text
    assert json.loads(one["body"])["id"] == "e1"
    assert (nothing.exit_code, nothing.stderr) == (1, "nothing is held under 'p9'\n")


def test_what_is_named_goes_at_once_and_the_rest_stays(line: CommandLine) -> None:
    result = line.run("parked", "retry", "p1", "p9", "--by", "ann")

    assert (result.exit_code, result.stdout) == (0, "1 on their way\n")
    assert result.stderr == "not p9: nothing is held under the id, or its message was purged\n"
    assert parked(line) == ["p2", "p3"]
    assert [(one.who, one.action, one.subject) for one in actions(line)] == [("ann", "parked.retry", "shop invoice 1")]


@pytest.mark.parametrize("filters", [("--reason", "tax_unmaped"), ("--entity", "payment")])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["list"], "no parked event was found\n"),
        (["retry", "--yes"], "0 on their way\n"),
        (["discard", "--yes", "--why", "booked by hand"], "0 discarded\n"),
    ],
)
def test_filters_that_leave_nothing_say_what_they_leave_out(
    command: list[str], said: str, filters: tuple[str, str], line: CommandLine
) -> None:
    result = line.run("parked", *command, *filters)

    assert result.stdout == said
    assert result.stderr == (
        "left out by the filters: main: 2 parked for overpaid\n"
        "left out by the filters: main: 1 parked for tax_unmapped\n"
    )


def test_many_are_changed_only_after_a_yes(line: CommandLine) -> None:
    nobody = line.run("parked", "retry", "--reason", "overpaid")
    agreed = line.json("parked", "retry", "--reason", "overpaid", "--yes")

    assert nobody.exit_code == 2
    assert nobody.stderr == "main: 2 parked for overpaid\nretry 2 events? nobody is there to ask: give --yes\n"
    assert agreed == {"retried": 2, "missed": []}
    assert parked(line) == ["p1"]


@pytest.mark.parametrize("command", [["retry"], ["discard", "--why", "a test"]])
def test_nothing_is_changed_for_want_of_an_argument(command: list[str], line: CommandLine) -> None:
    result = line.run("parked", *command, "--yes")

    assert result.exit_code == 2
    assert "which events?" in result.stderr
    assert len(parked(line)) == 3


def test_a_discard_keeps_who_and_why(line: CommandLine) -> None:
    result = line.run("parked", "discard", "--all", "--yes", "--why", "test orders", "--by", "ann")

    assert (result.exit_code, result.stdout) == (0, "3 discarded\n")
    assert parked(line) == []
    assert {(one.who, one.action, one.reason) for one in actions(line)} == {("ann", "parked.discard", "test orders")}
    assert len(actions(line)) == 3


@pytest.mark.parametrize("why", [[], ["--why", ""], ["--why", "  "]])
def test_a_discard_without_a_reason_does_nothing(why: list[str], line: CommandLine) -> None:
    result = line.run("parked", "discard", "p1", *why)

    assert result.exit_code != 0
    assert len(parked(line)) == 3


@pytest.mark.parametrize(
    ("command", "done", "why_not"),
    [
        (["retry"], "1 on their way\n", "nothing is held under the id, or its message was purged"),
        (["discard", "--why", "a test"], "1 discarded\n", "nothing is parked under the id"),
    ],
)
def test_ids_that_are_not_there_are_named_once(command: list[str], done: str, why_not: str, line: CommandLine) -> None:
    result = line.run("parked", *command, "p1", "p1", "p9", "p9")

    assert (result.stdout, result.stderr) == (done, f"not p9: {why_not}\n")


@pytest.mark.parametrize(("command", "done"), [(["retry"], "retried"), (["discard", "--why", "a test"], "discarded")])
def test_ids_that_are_not_there_stand_in_the_json_too(command: list[str], done: str, line: CommandLine) -> None:
    told = line.json("parked", *command, "p9", "p1", "p8")

    assert told == {done: 1, "missed": ["p9", "p8"]}


@pytest.mark.parametrize("command", [["retry"], ["discard", "--why", "a test"]])
def test_ids_of_which_none_is_there_are_a_failure(command: list[str], line: CommandLine) -> None:
    known, unknown = line.run("parked", *command, "p1", "p9"), line.run("parked", *command, "p9")

    assert (known.exit_code, unknown.exit_code) == (0, 1)


def test_what_is_on_its_way_is_not_discarded_but_named(line: CommandLine) -> None:
    line.run("parked", "retry", "p1")

    both = line.run("parked", "discard", "p1", "p2", "--why", "booked by hand")
    alone = line.run("parked", "discard", "p1", "--why", "booked by hand")
    told = line.json("parked", "discard", "p1", "p9", "p3", "--why", "booked by hand")

    named = "not p1: it is on its way, and a worker may send it any moment: see what becomes of it\n"
    assert (both.exit_code, both.stdout, both.stderr) == (0, "1 discarded\n", named)
    assert (alone.exit_code, alone.stdout, alone.stderr) == (1, "0 discarded\n", named)
    assert told == {"discarded": 1, "missed": ["p1", "p9"]}


def test_an_export_is_a_spreadsheet_without_formulas_or_lines_with_messages(line: CommandLine) -> None:
    rows = list(csv.DictReader(io.StringIO(line.run("parked", "export").stdout)))
    lines = line.run("parked", "export", "--json", "--reason", "tax_unmapped").stdout.splitlines()

    assert sorted((row["id"], row["reason"], row["detail"]) for row in rows) == [
        ("p1", "tax_unmapped", "see there"),
        ("p2", "overpaid", "see there"),
        ("p3", "overpaid", "'=1+1"),
    ]
    assert [json.loads(one)["message"] for one in lines] == [{"id": "e1", "data": {"name": "Jo Doe"}}]
