"""A document whose period is locked, beside the one that Xero shows: what of both is the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.documents.documents import Kind
from worker.mapping.locks import booked_on, on_day, was_moved
from worker.xero.facts import UNAPPROVED, date_of

Element = Mapping[str, Any]


def as_it_stands(kind: Kind, ours: Element, theirs: Element, *, left: Mapping[str, Any], moved_from: str) -> Element:
    """`ours` on the day of `theirs`, where that is the store's own, or the first open one when it was booked.

    Which day is locked may have changed since, and is not known before Xero has refused a document for it. So also on a
    day that a person chose, unless the store's is another since: `left` are the facts of it, and name the day that it
    was left on where anybody knows. `moved_from` is the store's own date where `ours` is on another.
    """
    there, own_day, left_on = date_of(theirs) or "", moved_from or date_of(ours) or "", left.get("date", "")
    own = {**ours, "Date": own_day, "LineItems": counted(ours), **_own_due_date(ours, left)} if moved_from else ours
    if there == own_day:
        return own
    if left_on not in ("", there):
        before = own if own_day == left_on else on_day(kind, own, own_day, left_on)
        return {**before, "Date": there} if own_day == left_on or was_moved(kind, theirs, own_day, left_on) else ours
    is_open_day = there > own_day and any(booked_on(line) == there for line in theirs.get("LineItems") or ())
    return on_day(kind, own, own_day, there) if is_open_day else ours


def _own_due_date(ours: Element, left: Mapping[str, Any]) -> dict[str, str]:
    """The due date that was left, where the move of `ours` has hidden the store's: nobody says that it is another."""
    to, due = date_of(ours), left.get("due", left.get("date"))
    is_hidden = to is not None and due is not None and date_of(ours, "DueDate") == to and due < to
    return {"DueDate": due} if is_hidden else {}


def is_locked(ours: Element, theirs: Element, moved_from: str) -> bool:
    """Whether `theirs` counts in the period that `ours` was moved out of: Xero refuses every change of it."""
    there, to = date_of(theirs), date_of(ours)
    if not moved_from or there is None or to is None:
        return False
    return there < to and theirs.get("Status") not in UNAPPROVED


def counted(element: Element) -> list[Element]:
    """The lines without the note that the date is another."""
    return [line for line in element.get("LineItems") or () if booked_on(line) is None]
