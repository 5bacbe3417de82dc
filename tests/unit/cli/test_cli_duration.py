"""How durations are worded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from producers.runs import RunState
from tests.support.fakes import START
from worker.cli.duration import in_words
from worker.cli.resync_view import told
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
