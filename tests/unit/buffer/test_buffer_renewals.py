"""An entity that is renewed keeps its place: it waits since the first event came that has not been sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.buffer_cases import CONTACT, INVOICE, a_key, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.documents.documents import Kind


def admit(buffer: Buffer, version: int, *, at: float, entity_id: str = "1") -> None:
    key = a_key("customer", entity_id, "contact")
    work = a_work("customer", entity_id, version=version, at=at)
    buffer.admit(work, [a_write(key, Kind.CONTACT, version=version)], known=())


def test_a_renewed_entity_waits_since_its_first_event_came() -> None:
    buffer = Buffer()
    for version in range(5):
        admit(buffer, version, at=float(version))

    assert buffer.waits_since(Kind.CONTACT, 5.0) == 0.0


def test_a_renewed_entity_keeps_its_turn() -> None:
    buffer = Buffer()
    admit(buffer, 0, at=0.0, entity_id="1")
    admit(buffer, 0, at=1.0, entity_id="2")
    admit(buffer, 1, at=2.0, entity_id="1")

    (first,) = buffer.take(Kind.CONTACT, 1, 3.0)

    assert (first.key.entity_id, first.write.payload["Version"]) == ("1", 1)


def test_a_renewed_sale_brings_its_newest_contact_along_at_the_old_place() -> None:
    buffer = Buffer()
    for version in range(2):
        snapshot = a_write(CONTACT, Kind.CONTACT, version=version, only_if_absent=True)
        sale = a_write(INVOICE, Kind.INVOICE, version=version, needs={CONTACT})
        buffer.admit(a_work("invoice", "9", version=version, at=float(version)), [snapshot, sale], known=())

    assert buffer.waits_since(Kind.CONTACT, 2.0) == 0.0
    (contact,) = buffer.take(Kind.CONTACT, 50, 2.0)
    assert contact.write.payload["Version"] == 1
    buffer.settle(CONTACT)
    assert buffer.waits_since(Kind.INVOICE, 2.0) == 0.0


def test_what_is_renewed_while_it_is_in_a_call_waits_since_the_first_event_behind_it() -> None:
    buffer = Buffer()
    admit(buffer, 0, at=0.0)
    buffer.take(Kind.CONTACT, 50, 0.0)
    admit(buffer, 1, at=1.0)
    admit(buffer, 2, at=2.0)

    buffer.settle(CONTACT)

    assert buffer.waits_since(Kind.CONTACT, 3.0) == 1.0


def test_a_version_that_takes_the_place_of_one_whose_call_wrote_nothing_waits_since_that_came() -> None:
    buffer = Buffer()
    admit(buffer, 0, at=0.0)
    buffer.take(Kind.CONTACT, 50, 0.0)
    admit(buffer, 1, at=1.0)

    buffer.put_back([CONTACT])

    assert buffer.waits_since(Kind.CONTACT, 3.0) == 0.0


@dataclass
class Waiting:
    """By another account than the buffer's: since when each entity waits, in a call or behind one."""

    buffer: Buffer = field(default_factory=Buffer)
    since: dict[str, float] = field(default_factory=dict)
    flying: dict[str, float] = field(default_factory=dict)

    def do(self, step: str, entity_id: str, at: int) -> None:
        key = a_key("customer", entity_id, "contact")
        if step == "admit":
            admit(self.buffer, at, at=float(at), entity_id=entity_id)
            self.since.setdefault(entity_id, float(at))
        elif step == "take":
            for slot in self.buffer.take(Kind.CONTACT, 2, 0.0):
                self.flying[slot.key.entity_id] = self.since.pop(slot.key.entity_id)
        elif entity_id in self.flying and step == "settle":
            self.buffer.settle(key)
            del self.flying[entity_id]
        elif entity_id in self.flying:
            self.buffer.put_back([key])
            self.since[entity_id] = self.flying.pop(entity_id)


_STEP = st.tuples(st.sampled_from(["admit", "admit", "admit", "take", "settle", "put back"]), st.sampled_from("123"))


@given(st.lists(_STEP, max_size=60))
def test_however_entities_are_renewed_the_one_that_waits_longest_is_known(steps: list[tuple[str, str]]) -> None:
    waiting = Waiting()

    for at, (step, entity_id) in enumerate(steps):
        waiting.do(step, entity_id, at)

        here = [since for one, since in waiting.since.items() if one not in waiting.flying]
        assert waiting.buffer.waits_since(Kind.CONTACT, 0.0) == min(here, default=None)


def test_what_waits_behind_a_call_that_wrote_nothing_goes_as_soon_as_what_was_in_that() -> None:
    buffer = Buffer()
    buffer.admit(a_work("invoice", "9"), [a_write(INVOICE, Kind.INVOICE)], known=())
    buffer.take(Kind.INVOICE, 50, 0.0)
    resync = a_work("invoice", "9", version=1, lane=Lane.BACKFILL)
    buffer.admit(resync, [a_write(INVOICE, Kind.INVOICE, version=1)], known=())

    buffer.put_back([INVOICE])

    assert buffer.choose(0.0) == (Kind.INVOICE, 0)
