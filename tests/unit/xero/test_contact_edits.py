"""A contact's update holds what changed in the store, so that what people changed in Xero stays."""

import json
from typing import Any

from schemas.envelope import Lane
from tests.support.xero_fakes import V1, V2, call_from, document_of, known_of, write_of
from tests.unit.xero.test_xero_compose import body_of
from worker.documents.content import Content
from worker.documents.documents import Kind, Write
from worker.ledger.calls.call_rows import call_of, row_of
from worker.ledger.records import Document
from worker.session.outcome import sort_verdicts
from worker.xero.compose import compose
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.sameness import differences

ANN = {"Name": "Ann", "EmailAddress": "ann@example.com", "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}]}


def a_contact(*, keeps_edits: bool = True, **changes: Any) -> Write:
    write = write_of(Kind.CONTACT, "7", {**ANN, **changes}, number="shop:7")
    return write._replace(keeps_edits=keeps_edits, version=V2 if changes else V1)


def written(write: Write, *known: Document) -> Document:
    """What the ledger keeps once Xero has taken it."""
    call = call_from(compose([write], known_of(*known)))
    reply = Reply(ReplyKind.ANSWERED, 200, ({**call.members[0].element, "ContactID": "id-contact-7"},))
    (document,) = sort_verdicts(call, reply).documents
    return document


def test_an_update_sends_only_what_changed_since_the_last_one() -> None:
    first = written(a_contact())
    second = written(a_contact(EmailAddress="new@example.com"), first)

    changed = compose([a_contact(EmailAddress="new@example.com")], known_of(first))
    again = compose([a_contact(EmailAddress="new@example.com", Name="Anna")], known_of(second))

    assert body_of(changed) == {
        "Contacts": [{"ContactID": "id-contact-7", "ContactNumber": "shop:7", "EmailAddress": "new@example.com"}]
    }
    assert body_of(again)["Contacts"][0].keys() == {"ContactID", "ContactNumber", "Name"}


def test_everything_is_sent_where_nobody_knows_what_was_sent_before_or_where_configured() -> None:
    unknown = compose([a_contact(Name="Anna")], known_of(document_of(a_contact())))
    overwriting = compose([a_contact(keeps_edits=False, Name="Anna")], known_of(written(a_contact())))

    for composed in (unknown, overwriting):
        assert body_of(composed)["Contacts"][0].keys() == {"ContactID", "ContactNumber", *ANN}


def test_digests_stay_in_the_ledger_and_do_not_count_as_a_difference() -> None:
    first = written(a_contact())
    call = call_from(compose([a_contact(Name="Anna")], known_of(first)))

    kept = call_of(row_of(call, Lane.BATCH))

    assert kept.members == call.members
    assert b"_digests" not in (call.body or b"_digests")
    assert not differences(
        call.members[0], {**ANN, "Name": "Anna", "ContactID": "id-contact-7", "ContactNumber": "shop:7"}
    )
    assert "ann@example.com" not in json.dumps(first.facts)


def test_a_contents_hash_is_that_of_all_fields() -> None:
    assert written(a_contact(Name="Anna"), written(a_contact())).content_hash == a_contact(Name="Anna").content_hash
    assert Content.of(ANN) != Content.of({**ANN, "Name": "Anna"})
