"""How `xerelay status` and `xerelay budget` answer."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.cli_ledger import CommandLine
from tests.support.fakes import START
from tests.support.sample_ledger import ORG, event, lease_of, open_call, write
from worker.cli.status import follow
from worker.cli.status_view import shown
from worker.documents.documents import Kind
from worker.ledger.held.overview import HeldCount
from worker.ledger.ledger import Ledger
from worker.ledger.records import CallState, HoldState, Pause
from worker.views.budget import BudgetStatus
from worker.views.status import LaneStatus, OrganisationStatus, Status

BUDGET = BudgetStatus(1000, 40, 5, 960, 1, None, None, "")
QUIET = OrganisationStatus(
    name="main",
    served_by="host-1",
    lanes=tuple(LaneStatus(lane, (Entity.ORDER,), 0, 0, START) for lane in Lane),
    dead=0,
    next_window=START,
    held=(),
    calls={},
    budget=BUDGET,
    pauses=(),
)
STATUS = Status(START, ("host-1",), (QUIET,), {"shop": "agent-1"}, "")


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


SINCE = "since 09:00:00"


def told(seen: Status) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(shown(seen))
    text = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO
    assert isinstance(text, str)
    return text


def changed(**values: object) -> Status:
    return replace(STATUS, organisations=(replace(QUIET, **values),))  # type: ignore[arg-type] # fields by name


def backlog(takes: timedelta) -> Status:
    return changed(lanes=tuple(LaneStatus(lane, (), 7, 0, START + takes) for lane in Lane))


def test_a_quiet_organisation_is_one_row() -> None:
    text = told(STATUS)

    assert "2026-03-02 09:00:00 UTC, 1 worker" in text
    assert "store shop: served by agent-1" in text
    for cell in ("main", "host-1", "960/1000", "–"):
        assert cell in text


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (changed(served_by=None), "nobody"),
        (changed(pauses=(Pause(ORG, None, "consent", "gone", START, None),)), f"main: paused {SINCE} (consent): gone"),
        (
            changed(pauses=(Pause(ORG, Kind.CREDIT_NOTE, "archived", "five", START, START + timedelta(days=1)),)),
            "main: credit notes paused since 09:00:00 (archived), until 2026-03-03 09:00: five",
        ),
        (
            changed(pauses=(Pause(ORG, None, "day_budget_spent", "no call", START, None),)),
            "main: paused since 09:00:00 (day_budget_spent): no call; 960 of the day's calls are left",
        ),
        (changed(held=(HeldCount(HoldState.PERSON, "overpaid", 3, START),)), f"main: 3 parked (overpaid), {SINCE}"),
        (changed(held=(HeldCount(HoldState.PARENT, "x", 2, START),)), "main: 2 held for a parent (x), since 09:00:00"),
        (changed(calls={CallState.OPEN: 3, CallState.UNCERTAIN: 2}), "main: 2 calls without an answer: what was in it"),
        (changed(calls={CallState.UNCERTAIN: 1}), "?"),
        (changed(dead=2), "main: 2 messages that the broker gave up"),
        (
            changed(budget=replace(BUDGET, forbidden_until=START, forbidden_by="day", left_today=0)),
            "main: Xero allows no calls before 09:00:00 (day)",
        ),
        (backlog(timedelta(seconds=5)), "1 min"),
        (backlog(timedelta(minutes=100)), "100 min"),
        (backlog(timedelta(hours=30)), "30 h"),
        (backlog(timedelta(days=3)), "3.0 days"),
        (changed(lanes=(LaneStatus(Lane.BATCH, (), 0, 7, START + timedelta(hours=5)),)), "5 h"),
        (changed(lanes=tuple(LaneStatus(lane, (), None, 0, None) for lane in Lane)), "?"),
        (replace(STATUS, broker="nobody listens"), "the broker could not be asked: nobody listens"),
        (replace(STATUS, stores={"shop": None}), "store shop: no agent serves it"),
    ],
)  # fmt: skip
def test_what_wants_attention_has_its_line(seen: Status, expected: str) -> None:
    assert expected in told(seen)


def test_status_is_told_without_a_broker(line: CommandLine) -> None:
    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        await ledger.held.hold(lease, [event(1, HoldState.PERSON, reason="overpaid")])
        await open_call(ledger, lease, write(1))

    line.in_ledger(fill)

    seen = line.json("status")
    table = line.run("status", "--org", "main")

    [main] = seen["organisations"]
    assert (main["name"], main["served_by"], main["calls"]) == ("main", "w1", {str(CallState.OPEN): 1})
    assert [lane["depth"] for lane in main["lanes"]] == [None, None, None]
    assert (main["budget"]["used"], main["held"][0]["reason"], seen["stores"]) == (1, "overpaid", {"shop": None})
    assert seen["broker"]
    assert table.exit_code == 0
    assert "1 parked (overpaid)" in table.stdout


@pytest.mark.parametrize("as_json", [True, False])
async def test_watching_looks_again_until_it_is_stopped(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    looks = 0
    stop = asyncio.Event()

    async def once() -> Status:
        nonlocal looks
        looks += 1
        if looks == 3:
            stop.set()
        return STATUS

    watching = asyncio.create_task(follow(once, as_json=as_json, every_s=0))
    await asyncio.wait_for(stop.wait(), 30)
    watching.cancel()
    await asyncio.wait({watching})

    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out.splitlines()[0])["workers"] == ["host-1"]
    else:
        assert out.count("1 worker") >= 3


def test_budget_reports_today_by_purpose_and_thirty_days(line: CommandLine) -> None:
    async def fill(ledger: Ledger) -> None:
        lease = await lease_of(ledger)
        for number, answer in ((1, 200), (2, 500)):
            call = await open_call(ledger, lease, write(number), write(10 + number))
            await ledger.calls.close(lease, call.id, status=answer)

    line.in_ledger(fill)

    [report] = line.json("budget")["organisations"]
    text = line.run("budget").stdout

    assert (report["organisation"], report["budget"]["used"], len(report["days"])) == ("main", 2, 30)
    assert report["today"] == [
        {
            "purpose": "write",
            "endpoint": "Invoices",
            "count": {"calls": 2, "requests": 2, "documents": 4, "failed": 1},
        }
    ]
    assert "main: 2 of 1000 calls in the last 24 hours, 998 left" in text
    assert "Invoices" in text


@pytest.mark.parametrize("command", [["status"], ["budget"], ["history", "--number", "1"], ["parked", "list"]])
def test_an_unknown_organisation_exits_2_and_a_missing_ledger_1(command: list[str], line: CommandLine) -> None:
    unknown = line.run(*command, "--org", "elsewhere")
    missing = line.run(*command)

    assert (unknown.exit_code, unknown.stderr) == (
        2,
        "no [organisations.elsewhere] in the configuration; there is: main\n",
    )
    assert missing.exit_code == 1
    assert missing.stderr.startswith("ledger: the ledger's schema is not there")
    assert missing.stderr.endswith(": run `xerelay db upgrade`, or start a worker\n")
