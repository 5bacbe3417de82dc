"""Documents dated in a period that is locked in Xero: they move to the next open day, with a note. Pure.

https://developer.xero.com/documentation/best-practices/data-integrity/creating-invoices
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from worker.documents.documents import Action, Kind, Write
from worker.mapping.text import one_line

MAX_REFERENCE = 255
_NOTE = re.compile(r"Dated (\S+) in the store\. That period is locked, so this is booked on (\S+)\.")


def in_locked_period(day: str | None, lock_date: date | None) -> bool:
    """Whether Xero takes nothing dated `day`: its lock date is that day, or a later one."""
    return lock_date is not None and day is not None and day <= lock_date.isoformat()


def on_an_open_day(write: Write, lock_date: date) -> Write:
    """The same document, dated after `lock_date`, be it once more. Its hash stays that of the store's own date.

    So what was booked before the lock moved is still unchanged, and costs no call.
    """
    if write.action is not Action.SAVE or write.kind in (Kind.CONTACT, Kind.ITEM):
        return write
    if not in_locked_period(str(write.payload["Date"]), lock_date):
        return write
    day = write.moved_from or str(write.payload["Date"])
    moved = on_day(write.kind, write.payload, day, (lock_date + timedelta(days=1)).isoformat())
    number = str(moved["Reference"]) if write.kind is Kind.PAYMENT else write.number
    return write._replace(number=number, content=write.content.with_payload(moved), moved_from=day)


def on_day(kind: Kind, payload: Mapping[str, Any], day: str, to: str) -> dict[str, Any]:
    """A payload of the store's date `day`, booked on `to`, with a note that says so in the place of an earlier one."""
    moved = {**payload, "Date": to}
    if "DueDate" in payload:
        moved["DueDate"] = max(str(payload["DueDate"]), to)
    if kind is Kind.PAYMENT:
        note = _noted_on_payment(day)
        moved["Reference"] = one_line(without_note(str(payload["Reference"]), day), MAX_REFERENCE - len(note)) + note
    if "LineItems" in payload:
        # a line of nothing but text, which Xero prints and does not count
        lines = [line for line in payload["LineItems"] if booked_on(line) is None]
        moved["LineItems"] = [*lines, {"Description": _noted(day, to)}]
    return moved


def was_moved(kind: Kind, element: Mapping[str, Any], day: str, to: str) -> bool:
    """Whether a document of Xero, dated `to`, says that the store's date is `day`."""
    if kind is Kind.PAYMENT:
        return str(element.get("Reference") or "").endswith(_noted_on_payment(day))
    return any(line.get("Description") == _noted(day, to) for line in element.get("LineItems") or ())


def without_note(reference: str, day: str) -> str:
    """A payment's reference as it is on the store's own date `day`."""
    return reference.removesuffix(_noted_on_payment(day))


def booked_on(line: Mapping[str, Any]) -> str | None:
    """The day that a line names as the one that its document was moved to; `None` where it is no such note."""
    noted = _NOTE.fullmatch(str(line.get("Description") or ""))
    return noted[2] if noted else None


def _noted(day: str, to: str) -> str:
    return f"Dated {day} in the store. That period is locked, so this is booked on {to}."


def _noted_on_payment(day: str) -> str:
    return f" (of {day}: locked)"
