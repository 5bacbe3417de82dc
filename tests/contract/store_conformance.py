"""What every adapter of a store has to do: subclass `StoreConformance` with a fixture `subject`, and let pytest run it.

The store of a subject has at least 7 rows in each stream, so that pages end among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from producers.selection import row_of
from producers.store import Broken, Cursor, Row, Selection, StoreSource, Stream
from schemas.entities import SNAPSHOTS

BEGINNING = Cursor(datetime(2000, 1, 1, tzinfo=UTC))
EVERYTHING = Selection()
MOST_STEPS = 10_000
A_DAY = timedelta(days=1)


@dataclass
class Subject:
    """An adapter, and what a person may do in its store.

    `change` writes one row of a stream anew, at a later time, and returns its id; `remove` takes one out. `ends` is a
    time after every change.
    """

    source: StoreSource
    change: Callable[[Stream], Awaitable[int]]
    remove: Callable[[Stream], Awaitable[int]]
    ends: Callable[[], datetime]


class StoreConformance:
    """The suite."""

    async def test_it_answers(self, subject: Subject) -> None:
        await subject.source.check(subject.source.streams)

        now = await subject.source.now()
        assert now.tzinfo is not None
        assert abs(now - datetime.now(UTC)) < timedelta(days=3650)

    async def test_its_streams_have_names_of_their_own(self, subject: Subject) -> None:
        names = [stream.name for stream in subject.source.streams]

        assert len(set(names)) == len(names) > 0

    async def test_its_pages_hold_every_row_once_in_the_order_of_ids(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            ids = await all_ids(subject, stream)
            rows, broken = await all_pages(subject, stream)

            found = sorted([row.id for row in rows] + [one.id for one in broken])
            assert found == sorted(ids)
            assert [row.id for row in rows] == sorted(row.id for row in rows)
            assert len(ids) >= 7, f"{stream.name} has too few rows to show anything"

    async def test_a_page_behind_the_last_row_is_empty(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            last = max(await all_ids(subject, stream))

            page = await subject.source.page(stream, last, Selection())

            assert (page.rows, page.broken, page.more) == ((), (), False)

    async def test_it_counts_what_its_pages_hold(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            assert await subject.source.count(stream, Selection()) == len(await all_ids(subject, stream))

    async def test_days_leave_no_row_between_them(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            ids = sorted(await all_ids(subject, stream))
            for day in await days_of(subject, stream):
                before = await ids_of(subject, stream, Selection(until=day - A_DAY))
                that_day = await ids_of(subject, stream, Selection(since=day, until=day))
                after = await ids_of(subject, stream, Selection(since=day + A_DAY))

                # a store with several time zones may count a row to two days
                assert sorted({*before, *that_day, *after}) == ids
                assert not {*before} & {*after}
                assert await subject.source.count(stream, Selection(since=day, until=day)) == len(that_day)

    async def test_its_changes_hold_every_row_in_the_order_of_their_times(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            rows, broken, _ = await all_changes(subject, stream, BEGINNING)

            places = [(row.changed_at, row.id) for row in rows]
            assert sorted({row.id for row in rows} | {one.id for one in broken}) == sorted(
                await all_ids(subject, stream)
            )
            assert [at for at, _ in places] == sorted(at for at, _ in places)
            assert all(at.tzinfo is not None and at.microsecond == 0 for at, _ in places)

    async def test_nothing_comes_behind_the_last_change(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            _, _, cursor = await all_changes(subject, stream, BEGINNING)

            rows, broken, again = await all_changes(subject, stream, cursor)

            assert (rows, broken, again) == ([], [], cursor)

    async def test_what_changed_since_an_earlier_cursor_is_read_again(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            rows, _, _ = await all_changes(subject, stream, BEGINNING)
            earlier = Cursor(rows[len(rows) // 2].changed_at - timedelta(seconds=1))

            again, _, _ = await all_changes(subject, stream, earlier)

            assert {row.id for row in again} == {row.id for row in rows if row.changed_at >= earlier.changed_at}

    async def test_a_changed_row_comes_again_and_no_other(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            _, _, cursor = await all_changes(subject, stream, BEGINNING)

            changed = await subject.change(stream)

            rows, _, _ = await all_changes(subject, stream, cursor)
            assert {row.id for row in rows} == {changed}

    async def test_no_change_is_later_than_asked_for(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            rows, _, _ = await all_changes(subject, stream, BEGINNING)
            middle = sorted(row.changed_at for row in rows)[len(rows) // 2]

            early, _, _ = await all_changes(subject, stream, BEGINNING, until=middle)

            assert {row.id for row in early} >= {row.id for row in rows if row.changed_at <= middle}
            assert len(early) < len(rows) or rows[-1].changed_at <= middle

    async def test_rows_are_found_by_their_ids_and_others_left_out(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            rows, _ = await all_pages(subject, stream)
            some = [row.id for row in rows[::2]]

            page = await subject.source.rows(stream, [*some, max(some) + 1_000_000])

            assert sorted(row.id for row in page.rows) == sorted(some)

    async def test_a_row_says_the_same_whichever_way_it_is_read(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            paged, _ = await all_pages(subject, stream)
            changed, _, _ = await all_changes(subject, stream, BEGINNING)
            named = (await subject.source.rows(stream, [row.id for row in paged])).rows

            assert said(paged) == said(changed) == said(named)

    async def test_a_removed_row_is_in_no_list(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            gone = await subject.remove(stream)

            assert gone not in await all_ids(subject, stream)
            assert (await subject.source.rows(stream, [gone])).rows == ()
            assert gone not in {row.id for row in (await all_pages(subject, stream))[0]}

    async def test_its_snapshots_are_those_of_the_stream(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            for row in (await all_pages(subject, stream))[0]:
                for found in row.snapshots:
                    assert found.entity in stream.entities
                    assert type(found.data) is SNAPSHOTS[found.entity]
                    assert found.version.utcoffset() == timedelta()
                    assert found.places

    async def test_an_entitys_id_names_its_row(self, subject: Subject) -> None:
        for stream in subject.source.streams:
            for row in (await all_pages(subject, stream))[0]:
                assert {row_of(found.data.id) for found in row.snapshots} <= {row.id}

    async def test_no_entity_and_id_comes_twice(self, subject: Subject) -> None:
        seen: Counter[tuple[str, str]] = Counter()
        for stream in subject.source.streams:
            for row in (await all_pages(subject, stream))[0]:
                seen.update((found.entity, found.data.id) for found in row.snapshots)

        assert [one for one, times in seen.items() if times > 1] == []


async def all_ids(subject: Subject, stream: Stream) -> list[int]:
    """Every id of the list, by `ids`."""
    found: list[int] = []
    for _ in range(MOST_STEPS):
        piece = await subject.source.ids(stream, found[-1] if found else 0)
        if not piece:
            return found
        assert list(piece) == sorted(piece)
        assert not found or piece[0] > found[-1]
        found += piece
    raise AssertionError(f"ids of {stream.name} do not end")


async def all_pages(
    subject: Subject, stream: Stream, selection: Selection = EVERYTHING
) -> tuple[list[Row], list[Broken]]:
    """Every row, by `page`."""
    rows: list[Row] = []
    broken: list[Broken] = []
    last = 0
    for _ in range(MOST_STEPS):
        page = await subject.source.page(stream, last, selection)
        ids = [row.id for row in page.rows] + [one.id for one in page.broken]
        assert all(last < one <= page.last for one in ids)
        rows += page.rows
        broken += page.broken
        if not page.more:
            return rows, broken
        assert page.last > last, f"pages of {stream.name} stand still"
        last = page.last
    raise AssertionError(f"pages of {stream.name} do not end")


async def all_changes(
    subject: Subject, stream: Stream, after: Cursor, *, until: datetime | None = None
) -> tuple[list[Row], list[Broken], Cursor]:
    """Every row behind the cursor, by `changes`, and where that ends."""
    rows: dict[int, Row] = {}
    broken: list[Broken] = []
    until = until or subject.ends()
    for _ in range(MOST_STEPS):
        step = await subject.source.changes(stream, after, until=until)
        assert step.cursor >= after
        assert all(row.changed_at <= until for row in step.rows)
        for row in step.rows:
            rows.pop(row.id, None)
            rows[row.id] = row
        broken += step.broken
        if not step.more:
            return list(rows.values()), broken, step.cursor
        assert step.cursor > after, f"changes of {stream.name} stand still"
        after = step.cursor
    raise AssertionError(f"changes of {stream.name} do not end")


async def ids_of(subject: Subject, stream: Stream, selection: Selection) -> list[int]:
    """The rows of a selection."""
    rows, broken = await all_pages(subject, stream, selection)
    return [row.id for row in rows] + [one.id for one in broken]


async def days_of(subject: Subject, stream: Stream) -> Sequence[date]:
    """The first and the last day on which something of a stream changed, and one between."""
    rows, _, _ = await all_changes(subject, stream, BEGINNING)
    days = sorted({row.changed_at.date() for row in rows})
    return sorted({days[0], days[len(days) // 2], days[-1]})


def said(rows: Sequence[Row]) -> dict[int, list[tuple[str, object]]]:
    """What the rows' snapshots hold."""
    return {row.id: [(found.entity, found.data) for found in row.snapshots] for row in rows}
