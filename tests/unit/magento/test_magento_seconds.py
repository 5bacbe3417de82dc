"""Snapshots that bear the same time, in the order of their reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.magento.seconds import SETTLED, as_read_at
from producers.store import Found, Place, Row
from schemas.entities import Entity, Removed

STAMP = datetime(2026, 10, 3, 9, 20, 1, tzinfo=UTC)
_ages = st.timedeltas(timedelta(seconds=-5), 2 * SETTLED)


def version(stamp: datetime, read_at: datetime) -> datetime:
    found = Found(Entity.INVOICE, stamp, (Place("base"),), Removed(id="7"))  # type: ignore[arg-type]  # any data will do
    (row,) = as_read_at(read_at, [Row(7, stamp, (found,))])
    assert row.changed_at == stamp
    return row.snapshots[0].version


@given(first=_ages, later=st.timedeltas(timedelta(seconds=1), SETTLED))
def test_what_is_read_a_second_later_is_newer_until_the_time_stands_as_it_is(
    first: timedelta, later: timedelta
) -> None:
    one, two = version(STAMP, STAMP + first), version(STAMP, STAMP + first + later)

    settled = first >= SETTLED
    soon = first + later <= timedelta()
    assert one == STAMP if settled else one < STAMP
    assert one == two if settled or soon else one < two


@given(first=_ages, second=_ages)
def test_what_has_an_earlier_time_stays_older(first: timedelta, second: timedelta) -> None:
    before = STAMP - timedelta(seconds=1)

    assert version(before, before + first) < version(STAMP, STAMP + second)


@given(ahead=st.timedeltas(SETTLED + timedelta(seconds=1), timedelta(days=36500)))
def test_what_bears_a_time_that_has_not_come_was_changed_by_the_time_it_was_read(ahead: timedelta) -> None:
    assert version(STAMP + ahead, STAMP) == STAMP


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=3650)])
def test_what_is_changed_after_that_and_bears_a_true_time_is_newer(ahead: timedelta) -> None:
    dated_ahead = version(STAMP + ahead, STAMP)

    edited = STAMP + timedelta(seconds=1)

    assert version(edited, edited + timedelta(minutes=1)) > dated_ahead
