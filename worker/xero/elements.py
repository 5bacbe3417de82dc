"""One document as the element of a call: open places filled, id and number added. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from worker.documents.content import Content
from worker.documents.documents import ALLOCATION, CONTACT, CREDIT_NOTE, INVOICE, PAYMENT, VOID, Write
from worker.documents.literals import decode, encode
from worker.ledger.records import Document, Known, Member
from worker.mapping.text import cut
from worker.xero.endpoints import ENDPOINTS
from worker.xero.facts import UNAPPROVED
from worker.xero.routes import credit_note_id, standing

MAX_NAME = 255
_MARK_CHARS = 12
_DIGEST_CHARS = 12
DIGESTS = "_digests"
"""Where an update of a contact keeps the digests of all its fields; it is never sent."""

LEFT = "_left"
"""Where an update of a sale or refund keeps what the ledger is to have of fields that it leaves to a person; unsent."""

_UNSENT = {ALLOCATION: "CreditNote", CONTACT: DIGESTS, INVOICE: LEFT, CREDIT_NOTE: LEFT}


def text_of(write: Write, known: Known) -> bytes:
    """The JSON of `write`; its open places must be known. An item code that Xero lacks is left out."""
    return text_beside(write, standing(write, known), known)


def text_beside(write: Write, document: Document | None, known: Known) -> bytes:
    """The same; `document` is the standing one."""
    if document is None and write.kind is not ALLOCATION:
        return _filled(write.content, known)
    return encode(_element(write, document, known))


def element_of(write: Write, known: Known) -> dict[str, Any]:
    """What the document is to hold, as it would be created: places filled, its number in it."""
    element = dict(decode(_filled(write.content, known)))
    return {ENDPOINTS[write.kind].number: write.number, **element}


def sent(member: Member) -> bytes:
    """What of it goes into the body: not what the path names of an allocation, nor what is for the ledger."""
    ours = _UNSENT.get(member.kind)
    if ours is None or (member.xero_id is None and member.kind is not ALLOCATION):
        return member.text
    return encode({name: value for name, value in member.element.items() if name != ours})


def suffixed(payload: Mapping[str, Any], number: str) -> dict[str, Any]:
    """A contact's payload with the store's customer id behind its name, for when the name is another's.

    Names are unique among Xero's active contacts. Customers of two stores may share an id, and ids may end alike: the
    second time the whole ContactNumber takes the id's place. Suffixing three times changes nothing more.
    """
    name = str(payload["Name"])
    mark, whole = f" ({number.rsplit(':', 1)[-1][-_MARK_CHARS:]})", f" ({number})"
    mark, whole = (one.replace("<", "").replace(">", "") for one in (mark, whole))
    if name.endswith(whole):
        return dict(payload)
    if name.endswith(mark):
        name, mark = name.removesuffix(mark), whole
    return {**payload, "Name": cut(name, MAX_NAME - len(mark)).rstrip() + mark}


def named(payload: dict[str, Any], number: str, name: str) -> dict[str, Any]:
    """A contact's payload with the suffix that `name`, its name in Xero, has: what once needed one still does."""
    once = suffixed(payload, number)
    return next((one for one in (once, suffixed(once, number)) if one["Name"] == name), payload)


def _element(write: Write, document: Document | None, known: Known) -> dict[str, Any]:
    if write.action is VOID and document is not None:
        element = _voiding(write, document)
    else:
        element = dict(decode(_filled(write.content, known)))
        if document is not None:
            element = _updating(write, element, document)
        if ENDPOINTS[write.kind].number and write.kind is not PAYMENT:
            element.setdefault(ENDPOINTS[write.kind].number, write.number)
    if write.kind is ALLOCATION:
        element["CreditNote"] = {"CreditNoteID": credit_note_id(write, known)}
    return element


def _filled(content: Content, known: Known) -> bytes:
    ids = {key: known.documents[key].xero_id for key in content.needs}
    return content.filled(ids, known.item_codes)


def _updating(write: Write, element: dict[str, Any], document: Document) -> dict[str, Any]:
    if write.kind is CONTACT and "Name" in element:
        element = named(element, write.number, str(document.facts.get("name")))
    if write.keeps_edits:
        digests = digests_of(element)
        element = {**_changed(element, digests, document), DIGESTS: digests}
    if write.kind is CONTACT:
        # the number may be a later one, which took an archived contact's place
        element["ContactNumber"] = document.number
    return {ENDPOINTS[write.kind].id: document.xero_id, **element}


def digests_of(element: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each field, which the ledger keeps of a contact as it was last said to be."""
    known = element.get(DIGESTS)
    if isinstance(known, dict):
        return known
    return {name: sha256(encode(value)).hexdigest()[:_DIGEST_CHARS] for name, value in element.items()}


def _changed(element: dict[str, Any], digests: Mapping[str, str], document: Document) -> dict[str, Any]:
    """The fields that differ from what was said last: the others are as they were, or a person changed them."""
    before = document.facts.get("digests")
    if not isinstance(before, Mapping):
        return element
    return {name: value for name, value in element.items() if before.get(name) != digests[name]}


def _voiding(write: Write, document: Document) -> dict[str, Any]:
    if write.kind is PAYMENT:
        return {"Status": "DELETED"}
    if write.kind is ALLOCATION:
        # nothing of it is sent: what it was on is to be known when it is gone
        return {"Status": "DELETED", "Invoice": {"InvoiceID": document.facts.get("target_id")}}
    status = "DELETED" if document.facts.get("status") in UNAPPROVED else "VOIDED"
    # without its number: a person may have given it to another, which Xero would refuse, or undo
    return {ENDPOINTS[write.kind].id: document.xero_id, "Status": status}
