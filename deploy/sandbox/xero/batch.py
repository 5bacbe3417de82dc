"""A call of many documents: each is tried on its own, and the reply says what became of each [xero 5.1]."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.sandbox.xero.errors import ZERO_ID, CallRefused, Json, Refused, server_error
from deploy.sandbox.xero.readable import check_readable


@dataclass(frozen=True, slots=True)
class Saved:
    """A document that was written, as the reply shows it."""

    document: Json
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Naming:
    """How the replies of an endpoint call things. The error flag differs between endpoints."""

    plural: str
    id_field: str
    error_flag: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call wants to be answered, and what a fault does to it half way."""

    summarize: bool = True
    break_half_way: bool = False
    order: random.Random = field(default_factory=random.Random)


def write_all(naming: Naming, elements: list[Json], save: Callable[[Json], Saved], manner: Manner) -> list[Json]:
    """Save what can be saved; return the elements of the reply. Raises CallRefused.

    The order of the reply is not the order of the call: Xero documents none.
    """
    if len(elements) > 1:  # where it is the only one, nothing else could have been saved
        check_readable(elements)
    replies: list[Json] = []
    failed: list[Json] = []
    for position, element in enumerate(elements):
        if manner.break_half_way and position >= (len(elements) + 1) // 2:
            break
        try:
            saved = save(element)
        except Refused as refusal:
            failed.append(_failed(naming, element, refusal, manner))
        else:
            replies.append(_succeeded(naming, saved, manner))
    if manner.break_half_way:
        raise server_error()
    if failed and manner.summarize:
        raise validation_failed(failed)
    replies += failed
    manner.order.shuffle(replies)
    return replies


def validation_failed(elements: list[Json]) -> CallRefused:
    """The 400 that lists only the refused documents [xero 5.1]."""
    head = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred"}
    return CallRefused(400, {**head, "Elements": elements})


def _messages(texts: tuple[str, ...]) -> list[Json]:
    return [{"Message": text} for text in texts]


def _failed(naming: Naming, element: Json, refusal: Refused, manner: Manner) -> Json:
    """An echo of what was asked, under the id it had or a zero one; nothing in it says what the document is now."""
    shown = {naming.id_field: ZERO_ID, **element, naming.error_flag: True}
    if not manner.summarize:
        shown["StatusAttributeString"] = "ERROR"
    return {**shown, "ValidationErrors": _messages(refusal.messages)}


def _succeeded(naming: Naming, saved: Saved, manner: Manner) -> Json:
    """The document as it was when it was written, whatever the same call does to it later."""
    shown = {**saved.document, naming.error_flag: False, "ValidationErrors": []}
    if saved.warnings:
        shown["Warnings"] = _messages(saved.warnings)
    if not manner.summarize:
        shown["StatusAttributeString"] = "WARNING" if saved.warnings else "OK"
    return shown
