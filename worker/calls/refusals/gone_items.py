"""Items that a person deleted in Xero, or gave another code there: the ledger forgets them, and the call is made anew.

A document then goes without their codes, for description and account say enough. The product's next event makes the
item again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from worker.calls.refusals.asking import ask_soon
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import Call, Member, Purpose
from worker.session.outcome import Results
from worker.session.session import Session
from worker.xero.lookup import lookups
from worker.xero.messages import ITEM_UNKNOWN, NOT_FOUND
from worker.xero.replies.verdicts import Refused


async def forget_gone_items(session: Session, results: Results) -> Results:
    """The results, with the members freed that Xero refused for such an item.

    None is freed twice for the same item: what the ledger does not know is neither named by a document nor updated by
    its id. Raises what the ledger raises.
    """
    named = {member.key: codes for member, refused in results.refused if (codes := _unknown_codes(member, refused))}
    gone = {member.key for member, refused in results.refused if _is_gone(member, refused)}
    if not named and not gone:
        return results
    await _forget(session, gone)
    await session.ledger.documents.forget_items(session.lease, {code for codes in named.values() for code in codes})
    freed = [member for member, _ in results.refused if member.key in named or member.key in gone]
    refused = [(member, one) for member, one in results.refused if member not in freed]
    return replace(results, refused=refused, freed=[*results.freed, *freed])


async def forget_unlisted_items(session: Session, call: Call) -> bool:
    """Whether some of the items that `call` updates are gone, as its 404 may say: it is to be made anew then.

    A 404 names no document, and may be a gateway's: gone is what Xero does not list, or lists under another id. Where
    it does not say soon, none is. Raises as `ask_soon`, and what the ledger raises.
    """
    gone: set[DocumentKey] = set()
    updated = [member for member in call.members if member.kind is Kind.ITEM and member.xero_id is not None]
    for request in lookups(Kind.ITEM, updated):
        shown = await ask_soon(
            session, purpose=Purpose.LOOKUP, path=request.path, params=request.params, kind=Kind.ITEM
        )
        if shown is not None:
            there = {str(item.get("ItemID")).lower() for item in shown}
            gone |= {member.key for member in request.members if str(member.xero_id).lower() not in there}
    if gone:
        await _forget(session, gone)
    return bool(gone)


async def _forget(session: Session, gone: Collection[DocumentKey]) -> None:
    await session.ledger.documents.forget(session.lease, gone)
    session.buffer.unsettle(gone)


def _unknown_codes(member: Member, refused: Refused) -> set[str]:
    """Those of the codes sent with `member` that Xero says it does not know."""
    if refused.reason != ITEM_UNKNOWN:
        return set()
    words = "\n".join(refused.messages).lower()
    return {code for code in _codes(member) if f"'{code}'".lower() in words}


def _codes(member: Member) -> Iterable[str]:
    return (str(line["ItemCode"]) for line in member.element.get("LineItems") or () if line.get("ItemCode"))


def _is_gone(member: Member, refused: Refused) -> bool:
    return member.kind is Kind.ITEM and member.xero_id is not None and refused.reason == NOT_FOUND
