"""A time as the ledger keeps it is the time itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from worker.instants import instant, micros

_ANYWHERE = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.datetimes(datetime(1, 2, 1), datetime(9999, 11, 1), timezones=_ANYWHERE))  # noqa: DTZ001 - hypothesis wants them so
def test_a_time_comes_back_to_the_microsecond(at: datetime) -> None:
    kept = micros(at)

    assert instant(kept) == at
    assert instant(kept).tzinfo is UTC


@given(st.integers(-(10**16), 10**17))
def test_whole_microseconds_are_kept_as_they_are(kept: int) -> None:
    at = instant(kept)

    assert at == _EPOCH + timedelta(microseconds=kept)
    assert micros(at) == kept
