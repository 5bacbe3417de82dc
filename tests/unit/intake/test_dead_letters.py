"""What the broker gave up is told as what it died of, with what to do about that."""

from __future__ import annotations

import pytest

from producers.amqp import Delivery
from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import dead_queue
from tests.support.fakes import START
from tests.support.mapping_cases import event, invoice, line, organisation
from worker.intake.reading import Arrival, Unsound, read
from worker.ledger.held.succession import DEATHS, REFUSED

BODY = encode_event(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))


def parked(died_of: str) -> Unsound:
    delivery = Delivery(dead_queue("main"), BODY, "main.batch.invoice", "m1", False, 0, 1, 1, died_of)
    [outcome] = read([Arrival(BODY, Lane.BATCH, delivery=delivery, dead=True)], organisation(), START)
    assert isinstance(outcome, Unsound)
    return outcome


@pytest.mark.parametrize(
    ("died_of", "reason", "cure"),
    [
        ("delivery_limit", "redelivery_limit", "worker crashes"),
        ("", "redelivery_limit", "worker crashes"),
        ("expired", "message_expired", "message-ttl"),
        ("maxlen", "queue_full", "max-length"),
        ("rejected", "message_rejected", "who else consumes"),
    ],
)
def test_a_dead_letter_is_parked_for_what_it_died_of(died_of: str, reason: str, cure: str) -> None:
    found = parked(died_of)

    assert found.reason == reason
    assert cure in found.hint


def test_no_dead_letter_says_how_its_entity_is() -> None:
    reasons = {parked(word).reason for word in ("", "expired", "maxlen", "rejected")}

    assert reasons == DEATHS
    assert reasons <= REFUSED


def test_a_dead_letter_of_another_organisation_is_told_as_one_with_where_to_look() -> None:
    delivery = Delivery(dead_queue("other"), BODY, "main.batch.invoice", "m1", False, 0, 1, 1, "delivery_limit")

    [outcome] = read([Arrival(BODY, Lane.BATCH, delivery=delivery, dead=True)], organisation(name="other"), START)

    assert isinstance(outcome, Unsound)
    assert (outcome.reason, outcome.detail) == (
        "misrouted",
        "organisation 'main' came through the dead queue of 'other'",
    )
    assert "list_bindings" in outcome.hint
