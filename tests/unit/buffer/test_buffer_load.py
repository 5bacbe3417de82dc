"""What a buffer says that it holds is what it holds, whoever absorbed whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.buffer_cases import CONTACT, a_key, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.buffer.work import Work, everyone
from worker.documents.documents import Kind


def admit(buffer: Buffer, version: int, *, at: float = 0.0, lane: Lane = Lane.IMMEDIATE, entity_id: str = "1") -> Work:
    work = a_work("customer", entity_id, version=version, at=at, lane=lane)
    work.body = b"x" * (version + 1)
    key = a_key("customer", entity_id, "contact")
    buffer.admit(work, [a_write(key, Kind.CONTACT, version=version)], known=())
    return work


def test_of_versions_that_take_each_others_place_every_message_counts() -> None:
    buffer = Buffer()
    versions = [admit(buffer, version, lane=Lane.BATCH) for version in range(100)]

    assert buffer.load.held[Lane.BATCH] == 100
    assert buffer.load.size_bytes == sum(len(work.body) for work in versions)


def test_of_versions_that_are_older_than_the_one_here_every_message_counts() -> None:
    buffer = Buffer()
    versions = [admit(buffer, version) for version in reversed(range(100))]

    assert buffer.load.held[Lane.IMMEDIATE] == 100
    assert buffer.load.size_bytes == sum(len(work.body) for work in versions)


def test_an_absorbed_event_counts_for_the_lane_it_came_by() -> None:
    buffer = Buffer()
    admit(buffer, 1, lane=Lane.BATCH)
    admit(buffer, 2, lane=Lane.IMMEDIATE)

    assert buffer.load.held == {Lane.BATCH: 1, Lane.IMMEDIATE: 1}


def test_of_an_entity_that_is_renewed_again_and_again_the_first_version_is_the_oldest() -> None:
    buffer = Buffer()
    for version in range(5):
        admit(buffer, version, at=540.0 * version)

    assert buffer.load.oldest() == 0.0


def test_thousands_of_versions_of_one_entity_all_end_with_the_last() -> None:
    buffer = Buffer()
    versions = [admit(buffer, version) for version in range(3_000)]
    buffer.take(Kind.CONTACT, 50, 0.0)

    done = buffer.settle(CONTACT)

    assert done == [versions[-1]]
    assert sorted(map(id, everyone(done))) == sorted(map(id, versions))
    assert (buffer.load.size_bytes, buffer.load.oldest()) == (0, None)


def test_what_is_dropped_goes_with_what_it_absorbed() -> None:
    buffer = Buffer()
    admit(buffer, 1)
    newest = admit(buffer, 2)
    admit(buffer, 0)

    buffer.drop(newest)

    assert (buffer.load.held[Lane.IMMEDIATE], buffer.load.size_bytes) == (0, 0)


def test_what_was_absorbed_can_go_alone() -> None:
    buffer = Buffer()
    old = admit(buffer, 1, lane=Lane.BATCH)
    newest = admit(buffer, 2)

    assert buffer.shed(newest, lambda work: work.lane is Lane.BATCH) == [old]

    assert everyone(buffer.works()) == [newest]
    assert +buffer.load.held == {Lane.IMMEDIATE: 1}
    assert buffer.wants(CONTACT)


@dataclass
class Watched:
    """A buffer, and by another account than its own what it has to hold."""

    buffer: Buffer = field(default_factory=Buffer)
    held: list[Work] = field(default_factory=list)

    def gone(self, works: list[Work]) -> None:
        for work in works:
            self.held.remove(work)

    def do(self, step: str, entity_id: str, version: int, lane: Lane, at: float) -> None:
        buffer = self.buffer
        if step == "admit":
            self.held.append(admit(buffer, version, at=at, lane=lane, entity_id=entity_id))
        elif step == "take":
            buffer.take(Kind.CONTACT, 2, 0.0)
        elif step == "settle":
            self.gone(everyone(buffer.settle(a_key("customer", entity_id, "contact"))))
        elif step == "put back":
            buffer.put_back([a_key("customer", entity_id, "contact")])
        elif step == "park":
            self.drop(buffer.land(a_key("customer", entity_id, "contact")))
        elif step == "drop":
            self.drop([work for work in buffer.idle() if work.lane is lane])
        else:
            for work in buffer.idle():
                self.gone(buffer.shed(work, lambda one: one.admitted_at <= at - 10.0))

    def drop(self, works: list[Work]) -> None:
        for work in works:
            self.buffer.drop(work)
            self.gone(everyone([work]))


_STEP = st.tuples(
    st.sampled_from(["admit", "admit", "admit", "take", "settle", "put back", "park", "drop", "shed"]),
    st.sampled_from("12"),
    st.integers(0, 9),
    st.sampled_from(Lane),
)


@given(st.lists(_STEP, max_size=60))
def test_whatever_happens_the_load_is_what_memory_holds(steps: list[tuple[str, str, int, Lane]]) -> None:
    watched = Watched()
    load = watched.buffer.load

    for at, (step, entity_id, version, lane) in enumerate(steps):
        watched.do(step, entity_id, version, lane, float(at))

        assert sorted(map(id, everyone(watched.buffer.works()))) == sorted(map(id, watched.held))
        assert +load.held == Counter(work.lane for work in watched.held)
        assert load.size_bytes == sum(len(work.body) for work in watched.held)
        assert load.oldest() == min((work.admitted_at for work in watched.held), default=None)
        assert not any(one.absorbed for work in watched.held for one in work.absorbed)
