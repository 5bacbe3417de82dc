from __future__ import annotations

from tests.support.xero_fakes import V2, document_of, known_of, saying, write_of
from worker.documents.documents import Action, Kind
from worker.session.namesakes import Namesakes

FIRST = write_of(Kind.CONTACT, "1", {"Name": "Ann Lee"}, number="shop:1")
SECOND = write_of(Kind.CONTACT, "2", {"Name": "ANN LEE "}, number="shop:2")
NOBODY = known_of()


def names(namesakes: Namesakes, *writes: object, known: object = NOBODY) -> list[str]:
    told = namesakes.told_apart(writes, known)  # type: ignore[arg-type] # writes and what is known
    return [str(write.payload.get("Name")) for write in told]


def test_who_comes_second_gets_the_suffix_whenever_it_is_asked() -> None:
    namesakes = Namesakes()

    assert names(namesakes, FIRST, SECOND) == ["Ann Lee", "ANN LEE (2)"]
    assert names(namesakes, SECOND) == ["ANN LEE (2)"]
    assert names(namesakes, FIRST) == ["Ann Lee"]


def test_the_suffix_does_not_count_as_a_change() -> None:
    told = Namesakes().told_apart([FIRST, SECOND], NOBODY)

    assert [write.content_hash for write in told] == [FIRST.content_hash, SECOND.content_hash]


def test_a_contact_that_xero_has_keeps_its_name_and_others_stand_back() -> None:
    namesakes = Namesakes()
    there = known_of(document_of(SECOND, facts={"name": "Ann Lee"}))
    update = saying(SECOND, {"Name": "Ann Lee", "EmailAddress": "a@b.example"}, version=V2)

    assert names(namesakes, update, known=there) == ["Ann Lee"]
    assert names(namesakes, FIRST) == ["Ann Lee (1)"]


def test_a_name_that_xero_refused_is_not_tried_again_by_a_contact_that_is_there_or_new() -> None:
    namesakes = Namesakes()
    there = known_of(document_of(SECOND, facts={"name": "Bob Lee"}))

    namesakes.refused(SECOND.key, "Ann Lee")

    assert names(namesakes, SECOND, known=there) == ["ANN LEE (2)"]
    assert names(namesakes, SECOND) == ["ANN LEE (2)"]
    assert names(namesakes, FIRST) == ["Ann Lee"]


def test_a_suffix_that_was_refused_as_well_gives_way_to_the_longer_one() -> None:
    namesakes = Namesakes()

    for name in ("Ann Lee", "Ann Lee (1)"):
        namesakes.refused(FIRST.key, name)

    assert names(namesakes, FIRST) == ["Ann Lee (shop:1)"]


def test_a_contact_whose_every_name_was_refused_begins_anew() -> None:
    namesakes = Namesakes()

    for name in ("Ann Lee", "Ann Lee (1)", "Ann Lee (shop:1)"):
        namesakes.refused(FIRST.key, name)

    assert names(namesakes, FIRST) == ["Ann Lee"]


def test_a_name_that_another_contact_left_is_free_for_one_that_is_there() -> None:
    namesakes = Namesakes()
    names(namesakes, FIRST)
    there = known_of(document_of(SECOND, facts={"name": "Bob Lee"}))

    assert names(namesakes, SECOND, known=there) == ["ANN LEE "]


def test_other_kinds_and_voids_are_left_alone() -> None:
    item = write_of(Kind.ITEM, "1", {"Name": "Ann Lee"})
    void = SECOND._replace(action=Action.VOID)

    assert names(Namesakes(), FIRST, item, void) == ["Ann Lee", "Ann Lee", "ANN LEE "]
