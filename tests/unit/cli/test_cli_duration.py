"""How durations are worded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.runs import Progress, RunState
from tests.support.fakes import START
from worker.cli.duration import in_words
from worker.cli.resync_view import facts, told
from worker.ledger.runs.run_reports import RunStatus


@pytest.mark.parametrize(
    ("takes", "words"),
    [
        (timedelta(), "1 minute"),
        (timedelta(seconds=89), "1 minute"),
        (timedelta(seconds=91), "2 minutes"),
        (timedelta(minutes=80), "80 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=2), "2.0 days"),
    ],
)
def test_a_duration_has_the_unit_a_person_would_use(takes: timedelta, words: str) -> None:
    assert in_words(takes) == words


def test_a_run_says_what_of_it_is_held_and_not_on_its_way() -> None:
    run = RunStatus(
        "1", "shop", "resync-all", RunState.DONE, None, "", START, START, START, 5, 4, 3, 1,
        {"invoices": Progress(22, 1, 22, 22, done=True)}, held_for_parent=7, held_for_approval=2,
    )  # fmt: skip

    assert "5 written, 4 unchanged, 3 parked, 7 held for their sale, 2 held for approval, 1 calls, 1 on" in told(
        run, None
    )
    figures = facts(run, None)
    assert (figures["held_for_parent"], figures["held_for_approval"]) == (7, 2)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=20), "about 1 minute left"),
        (timedelta(minutes=80), "about 80 minutes left"),
        (timedelta(days=3), "about 3.0 days left"),
    ],
)
def test_a_run_says_how_long_it_still_takes(left: timedelta, words: str) -> None:
    run = RunStatus("1", "shop", "resync-all", RunState.RUNNING, None, "", START, START, None, 5, 0, 0, 1)

    assert told(run, left).endswith(f"on their way, {words}")
