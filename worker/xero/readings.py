"""What Xero has just been seen to hold of documents that are about to be written. Pure.

Xero has no conditional update: whoever would not overwrite a person's change has to look first. That costs one call for
as many documents as one query takes, and only for documents that change; what is new needs none, unless it may be
there under an earlier connector's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from worker.documents.documents import MONEY, VOID, DocumentKey, Kind, Write
from worker.ledger.records import Known

REVISED = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})
"""Documents that people work on in Xero, and that are therefore looked at before they are changed."""


@dataclass(slots=True)
class Readings:
    """By document: its element, or None where Xero has nothing. What is not in it has not been asked for.

    Sales that the store dates before `cut_over` are asked for before they are created; None: none are. With `reissues`,
    paid sales are issued anew, or were before the configuration was changed: money that is to be deleted may be on an
    old invoice.
    """

    elements: dict[DocumentKey, Mapping[str, Any] | None] = field(default_factory=dict)
    cut_over: date | None = None
    reissues: bool = False


def needs_reading(write: Write, known: Known, readings: Readings) -> bool:
    """Whether Xero has to be asked before `write` is sent."""
    if write.action is VOID:
        return readings.reissues and write.kind in MONEY and write.key not in readings.elements
    is_new = write.key not in known.documents
    if is_new and readings.cut_over is None:
        return False
    if write.kind not in REVISED or write.key in readings.elements:
        return False
    # an earlier connector booked it on the store's own date, whatever is locked by now
    return not is_new or (write.moved_from or str(write.payload["Date"])) < str(readings.cut_over)
