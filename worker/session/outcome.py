"""What a reply of Xero means for the call that it answers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import Call, Document, Member
from worker.xero.changes.reissue import is_copy
from worker.xero.messages import ARITHMETIC, PERIOD_LOCKED, grave
from worker.xero.replies.reply import Reply, ReplyKind
from worker.xero.replies.verdicts import Exists, Refused, Written, verdicts

LIKE_REFUSALS = 5
"""So many refusals alike, one after the other, pause a kind instead of parking thousands."""

_ADDED_UP_HINT = (
    "xero adds it up otherwise than was predicted: correct the document in xero by hand, then discard this event; "
    "please report it with the event"
)
_WARNED_HINT = "xero has taken it all the same: correct the document in xero by hand, then discard this event"


class Fate(StrEnum):
    """What happens to a call next."""

    RECORD = "record"
    HALVE = "halve"
    AGAIN = "again"
    PAUSE = "pause"
    LOOK_UP = "look up"
    SETTLE = "settle"
    FAIL = "fail"


FATES: dict[ReplyKind, Fate] = {
    ReplyKind.ANSWERED: Fate.RECORD,
    ReplyKind.REFUSED_WHOLE: Fate.HALVE,
    ReplyKind.TOO_MANY_MINUTE: Fate.AGAIN,
    ReplyKind.TOO_MANY_CONCURRENT: Fate.AGAIN,
    ReplyKind.TOO_MANY_APP: Fate.AGAIN,
    ReplyKind.TOO_MANY_DAY: Fate.PAUSE,
    ReplyKind.CONSENT: Fate.PAUSE,
    ReplyKind.SCOPE: Fate.PAUSE,
    ReplyKind.UNSENT: Fate.AGAIN,
    ReplyKind.SERVER_ERROR: Fate.LOOK_UP,
    ReplyKind.UNCERTAIN: Fate.SETTLE,
    ReplyKind.NOT_FOUND: Fate.FAIL,
    ReplyKind.UNEXPECTED: Fate.FAIL,
}


class Doubt(NamedTuple):
    """Why a person has to look at what Xero has taken."""

    reason: str
    detail: str
    hint: str


@dataclass(slots=True)
class Results:
    """What Xero said of each member of an answered call.

    `doubted` are there, among the `documents`, and a person has to look at them. `why` has the reason for
    which Xero refused what `exists`. `freed` are to go into another call: what refused them is known now.
    """

    documents: list[Document] = field(default_factory=list)
    refused: list[tuple[Member, Refused]] = field(default_factory=list)
    doubted: dict[DocumentKey, Doubt] = field(default_factory=dict)
    exists: list[Member] = field(default_factory=list)
    why: dict[DocumentKey, str] = field(default_factory=dict)
    unanswered: list[Member] = field(default_factory=list)
    freed: list[Member] = field(default_factory=list)


def sort_verdicts(call: Call, reply: Reply) -> Results:
    """Each member under what becomes of it."""
    results = Results()
    by_key = verdicts(call, reply)
    for member in call.members:
        verdict = by_key.get(member.key)
        if isinstance(verdict, Written):
            results.documents.append(document(member, verdict))
            if (verdict.differs or verdict.warnings) and (doubt := _doubt(verdict)) is not None:
                results.doubted[member.key] = doubt
        elif isinstance(verdict, Refused):
            results.refused.append((member, verdict))
        elif isinstance(verdict, Exists):
            results.exists.append(member)
            results.why[member.key] = verdict.reason
        else:
            results.unanswered.append(member)
    return results


def _doubt(written: Written) -> Doubt | None:
    if written.differs:
        return Doubt(ARITHMETIC, f"xero has taken {written.number} with {written.differs}", _ADDED_UP_HINT)
    words = "; ".join(grave(written.warnings))
    return Doubt("xero_warned", f"xero has taken {written.number} and warns: {words}", _WARNED_HINT) if words else None


def document(member: Member, written: Written) -> Document:
    """What the ledger keeps of a document that is in Xero."""
    return Document(
        member.key,
        member.kind,
        written.xero_id,
        written.number or member.number,
        member.version,
        member.content_hash,
        written.facts,
    )


class Refusals:
    """Counts like refusals in a row, per kind of document."""

    def __init__(self) -> None:
        self._alike: Counter[tuple[Kind, str]] = Counter()

    def count(self, kind: Kind, results: Results) -> str | None:
        """The reason that pauses `kind` now, if the refusals of this call make it five in a row."""
        if results.documents:
            for key in [k for k in self._alike if k[0] is kind]:
                del self._alike[key]
        for member, refused in results.refused:
            if refused.pauses_kind and not _is_of_old(member, refused) and self.one(kind, refused.reason):
                return refused.reason
        return None

    def one(self, kind: Kind, reason: str) -> bool:
        """Count one more for `reason`; whether that makes it five in a row."""
        self._alike[kind, reason] += 1
        return self._alike[kind, reason] >= LIKE_REFUSALS

    def forget(self, kind: Kind) -> None:
        """The pause is over: one more refusal alike pauses again."""
        for key in self._alike:
            if key[0] is kind:
                self._alike[key] = LIKE_REFUSALS - 1


def _is_of_old(member: Member, refused: Refused) -> bool:
    """A change in a locked period, or a copy of an old sale that is issued anew, says nothing of the sales of today."""
    return is_copy(member.key) or (refused.reason == PERIOD_LOCKED and member.xero_id is not None)


def settled_keys(documents: Sequence[Document]) -> set[DocumentKey]:
    """The documents that are there now."""
    return {d.key for d in documents}
