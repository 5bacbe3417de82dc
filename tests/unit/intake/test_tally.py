"""What is added to a run's record when its events end."""

from __future__ import annotations

from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support import mapping_cases
from tests.support.fakes import START
from tests.support.sample_ledger import ORG, event
from worker.buffer.work import Work
from worker.documents.documents import EntityKey
from worker.intake.tally import tally
from worker.ledger.records import HoldState
from worker.ledger.runs.run_events import tally_held


def work(run_id: str = "run-1", *, result: str = "written", absorbed: tuple[Work, ...] = ()) -> Work:
    owner = EntityKey(ORG, "shop", "invoice", "1")
    made = Work("e1", owner, START, START, Lane.BACKFILL, b"", run_id=run_id, result=result)
    made.absorbed.extend(absorbed)
    return made


def test_events_of_no_run_are_not_counted() -> None:
    assert tally([work(""), work("")], [(work(""), event(1, HoldState.PERSON))], calls=1) == {}


def test_ends_are_counted_by_run_with_the_call_that_carried_them() -> None:
    works = [work(), work(result="adopted"), work("run-2"), work(""), work(result="stale")]

    counts = tally(works, [(work(), event(1, HoldState.PERSON))], calls=1)

    assert counts == {
        "run-1": {"written": 2, "unchanged": 1, "parked": 1, "calls": 1},
        "run-2": {"written": 1, "calls": 1},
    }


def test_what_a_newer_version_made_needless_is_unchanged() -> None:
    assert tally([work("run-2", absorbed=(work(), work()))]) == {
        "run-1": {"unchanged": 2, "calls": 0},
        "run-2": {"written": 1, "calls": 0},
    }


def test_an_event_that_is_held_for_later_has_not_ended() -> None:
    waiting = [(work(), event(1, HoldState.TIME)), (work(), event(2, HoldState.PARENT))]

    assert tally((), waiting) == {}


def test_a_message_that_was_not_readable_ends_for_the_run_that_its_envelope_names() -> None:
    sale = mapping_cases.event(Entity.INVOICE, mapping_cases.invoice(mapping_cases.line("10.00")))
    body = encode_event(sale.model_copy(update={"correlation_id": "run-1"}))
    spoiled = event(1, body=body.replace(b'"gross":"10.00"}', b'"gross":"11.00"}'))

    assert tally_held([spoiled, event(2, body=b"\xff")], "unchanged") == {"run-1": {"unchanged": 1}}
