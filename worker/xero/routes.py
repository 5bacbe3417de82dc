"""Which request brings a document to Xero. Pure.

PUT creates and never overwrites what a person made; POST updates by id.
https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from worker.documents.documents import ALLOCATION, PAYMENT, VOID, DocumentKey, Write
from worker.ledger.records import Document, Known
from worker.xero.endpoints import ENDPOINTS, GONE, NO_ID, Endpoint

_EACH = (("summarizeErrors", "false"),)
"""Ask for a verdict per document: without it one bad document turns all into a 400, the good ones saved or not."""

UNEDITABLE = frozenset({PAYMENT, ALLOCATION})
"""Xero creates and deletes these, and never changes one."""

"""Where Xero named none when it made the allocation: it has no such one, and is then asked which it has."""

_UNIT_DECIMALS = (("unitdp", "4"),)


class Route(NamedTuple):
    """Method, path and parameters. `envelope` is the plural key around the elements; without it there is one alone."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    envelope: str = ""

    @property
    def single(self) -> bool:
        """Whether the call carries one document only."""
        return not self.envelope

    @property
    def of_one(self) -> bool:
        """Whether it is about one document that is in Xero: nothing of others goes along, however much waits."""
        return self.path.count("/") > 1

    def wrap(self, pieces: Sequence[bytes]) -> bytes:
        """The body around encoded elements."""
        joined = b",".join(pieces)
        return b'{"%s":[%s]}' % (self.envelope.encode(), joined) if self.envelope else joined


def _of_many(method: str, endpoint: Endpoint) -> Route:
    params = _EACH + (_UNIT_DECIMALS if endpoint.unit_decimals else ())
    return Route(method, f"/{endpoint.plural}", params, endpoint.plural)


_CREATE = {kind: _of_many("PUT", endpoint) for kind, endpoint in ENDPOINTS.items()}
_UPDATE = {kind: _of_many("POST", endpoint) for kind, endpoint in ENDPOINTS.items()}


def route_of(write: Write, known: Known) -> Route | None:
    """The request for `write`; `None` while the credit note of an allocation is not there."""
    kind = write.kind
    if kind is ALLOCATION:
        return _allocation(write, known)
    document = standing(write, known)
    if document is None:
        return _CREATE[kind]
    return _UPDATE[kind] if kind is not PAYMENT else Route("POST", f"/Payments/{document.xero_id}")


def standing(write: Write, known: Known) -> Document | None:
    """The document of `write` that Xero has now; a deleted payment or allocation makes room for another."""
    document = known.documents.get(write.key)
    if document is None:
        return None
    gone = write.kind in UNEDITABLE and document.facts.get("status") in GONE
    return None if gone else document


def credit_note_id(write: Write, known: Known) -> str | None:
    """The Xero id of the credit note that an allocation spends."""
    allocation = known.documents.get(write.key)
    if allocation is not None and "credit_note_id" in allocation.facts:
        return str(allocation.facts["credit_note_id"])
    own = DocumentKey(*write.key[:4], part="credit_note")
    candidates = [key for key in sorted(write.needs) if key.part.startswith("credit_note")]
    document = known.documents.get(candidates[0] if candidates else own)
    return document.xero_id if document else None


def _allocation(write: Write, known: Known) -> Route | None:
    credit_note = credit_note_id(write, known)
    if credit_note is None:
        return None
    path = f"/CreditNotes/{credit_note}/Allocations"
    if write.action is VOID:
        return Route("DELETE", f"{path}/{known.documents[write.key].xero_id or NO_ID}")
    return Route("PUT", path, _EACH, "Allocations")
