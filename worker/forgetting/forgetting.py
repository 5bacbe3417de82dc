"""Finds one customer in the ledger, and takes them out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.entities import Entity
from worker.documents.documents import DocumentKey, EntityKey
from worker.forgetting.person import (
    Identity,
    Person,
    asked_for,
    folded,
    guest_id,
    identity_of,
    is_telling,
    known_part,
    mentions,
    telling,
    tells,
    without_person,
)
from worker.forgetting.sieve import Sieve, sieve_for
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.ledger.personal import Erasure, Redacted
from worker.ledger.records import Call, CallState, Document, Held
from worker.mapping.keys import contact_number
from worker.settings import OrganisationSettings
from worker.views.parked import message_of


@dataclass(frozen=True, slots=True)
class Traces:
    """What is known of a person in one organisation, and what is to become of it.

    `under_way` calls are not settled: their bodies are still needed. `left` is how much is there after it was done:
    what a call needs, what a worker may have in memory as it was, and what came since it was looked for.
    """

    organisation: str
    person: Person
    subjects: tuple[EntityKey, ...]
    erasure: Erasure
    under_way: int
    left: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing is there that could be taken out."""
        return self.erasure.is_empty and not self.under_way


@dataclass(frozen=True, slots=True)
class _Found:
    """The messages that are about a person or name them, and what they are called there."""

    held: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


class Forgetting:
    """Takes customers out of one organisation."""

    def __init__(self, ledger: Ledger, org: OrganisationSettings) -> None:
        self._ledger = ledger
        self._org = org

    async def forget(self, traces: Traces, *, who: str, why: str) -> Traces:
        """Take it out, in one transaction with the record of it, which names ids alone. Returns what was taken out."""
        done = await self._ledger.personal.erase(traces.organisation, traces.erasure, traces.subjects, who=who, why=why)
        again = await self.look(traces.person)
        left = len(done.on_their_way) + again.erasure.count + again.under_way
        return replace(traces, erasure=replace(traces.erasure, removed=done.removed), left=left)

    async def sources(self, customer_id: str) -> list[str]:
        """The stores that have a contact under this id: with several, somebody has to say whose is meant."""
        found = await self._ledger.histories.documents(Sought((self._org.name,), "", str(Entity.CUSTOMER), customer_id))
        return sorted({one.key.source for one in found})

    def guests(self, addresses: Iterable[str]) -> set[tuple[str, str]]:
        """The ids of what was bought under these addresses without an account."""
        return {("", guest) for address in addresses if (guest := guest_id(address, self._org))}

    async def identities(self, person: Person) -> AsyncIterator[Identity]:
        """Whoever is named, without some who cannot be them. Looks at all that is held, and at calls of contacts."""
        async for message in self._messages(sieve_for(person, self._org)):
            if (one := identity_of(message, self._org)) is not None:
                yield one
        async for call in self._ledger.personal.contact_calls(self._org.name):
            for one in _of_call(call):
                yield one

    async def _messages(self, may_be_theirs: Sieve) -> AsyncIterator[Any]:
        """All that is held or discarded."""
        async for _, body in self._ledger.histories.held_bodies([self._org.name]):
            if may_be_theirs(body):
                yield message_of(body)
        async for gone in self._ledger.histories.every_discard([self._org.name]):
            if may_be_theirs(gone.body):
                yield message_of(gone.body)

    async def look(self, person: Person) -> Traces:
        """What is there of them now. What names nobody any more is left out."""
        contacts = await self._contacts(person)
        numbers = _numbers(person, contacts)
        calls = [
            call
            async for call in self._ledger.personal.contact_calls(self._org.name)
            if any(person.is_meant(one) for one in _of_call(call)) or asked_for(call.params) & numbers
        ]
        found = await self._search(person)
        words = person.emails | found.words | _words(person, contacts, calls)
        redacted, removed = await self._of_held(person, found.held, words)
        said = await self._ledger.pauses.details(self._org.name)
        erasure = Erasure(
            redacted=tuple(redacted),
            removed=tuple(removed),
            emptied=tuple(found.discarded),
            calls=tuple(call.id for call in calls if call.state is CallState.CLOSED),
            contacts=tuple(one.key for one in contacts if "name" in one.facts),
            pauses=tuple(detail for detail in said if mentions(detail, words)),
        )
        subjects = dict.fromkeys([one.key.owner for one in contacts] + self._named(person))
        return Traces(
            organisation=self._org.name,
            person=person,
            subjects=tuple(subjects),
            erasure=erasure,
            under_way=sum(call.state is not CallState.CLOSED for call in calls),
        )

    async def _search(self, person: Person) -> _Found:
        """Look through all messages."""
        may_be_theirs, found = sieve_for(person, self._org), _Found()
        async for held_id, body in self._ledger.histories.held_bodies([self._org.name]):
            if may_be_theirs(body) and self._is_found(body, person, found.words):
                found.held.append(held_id)
        for sought in self._accounts(person):
            # a message need not say itself whose it is
            found.held.extend([one.id for one in await self._ledger.histories.held(sought)])
        async for gone in self._ledger.histories.every_discard([self._org.name]):
            if gone.body and may_be_theirs(gone.body) and self._is_found(gone.body, person, found.words):
                found.discarded.append(gone.id)
        return found

    def _is_found(self, body: bytes, person: Person, words: set[str]) -> bool:
        """Whether a message is about them, or has their address in it. What is told of them is added to `words`."""
        message = message_of(body)
        is_theirs = self._is_of(message, person)
        words |= telling(message) if is_theirs else set()
        return is_theirs or mentions(body, person.emails)

    async def _of_held(
        self, person: Person, found: Iterable[str], words: Collection[str]
    ) -> tuple[list[Redacted], list[str]]:
        """What becomes of all that is held: rewritten, or removed. `found` by their messages; others by a detail."""
        redacted: list[Redacted] = []
        removed: list[str] = []
        details = self._ledger.histories.held_details([self._org.name])
        telling_ids = [held_id async for held_id, detail in details if mentions(detail, words)]
        async for held in self._ledger.histories.held_of_ids(dict.fromkeys([*found, *telling_ids])):
            kept = self._kept(held, person, words)
            if kept is None:
                removed.append(held.id)
            elif (kept.body, kept.detail) != (held.body, held.detail):
                redacted.append(kept)
        return redacted, removed

    def _kept(self, held: Held, person: Person, words: Collection[str]) -> Redacted | None:
        """A held event as it stays; None where there is nothing else in it, as in a customer's own."""
        message, body = message_of(held.body), held.body
        account = held.owner if held.owner and held.owner.entity == Entity.CUSTOMER else None
        is_theirs = self._is_of(message, person, account if body else None)
        if is_theirs and account:
            return None
        if is_theirs:
            body = without_person(body, self._org)
        elif mentions(body, person.emails):
            # no event, or in a field that the contract does not know, or of a sale that is another's
            body = known_part(body)
        told = mentions(held.detail, words) or (is_theirs and tells(held.detail, message))
        return Redacted(held.id, body, "" if told else held.detail)

    def _is_of(self, message: Any, person: Person, account: EntityKey | None = None) -> bool:
        """Whether a message is about them; `account` is whose it is where it does not say so itself."""
        one = identity_of(message, self._org)
        if one is None and account is not None:
            one = Identity(account.source, account.entity_id, "")
        return one is not None and person.is_meant(one)

    async def _contacts(self, person: Person) -> list[Document]:
        found: dict[DocumentKey, Document] = {}
        for sought in self._accounts(person):
            found |= {one.key: one for one in await self._ledger.histories.documents(sought)}
        return list(found.values())

    def _accounts(self, person: Person) -> list[Sought]:
        return [Sought((self._org.name,), source, str(Entity.CUSTOMER), one) for source, one in sorted(person.ids)]

    def _named(self, person: Person) -> list[EntityKey]:
        ids = sorted(one for one in person.ids if one[0])
        return [EntityKey(self._org.name, source, str(Entity.CUSTOMER), one) for source, one in ids]


async def find(
    tasks: Sequence[Forgetting], *, source: str = "", customer_id: str = "", email: str = ""
) -> list[Traces]:
    """What is there of one customer, known by the id a store gave them, by e-mail address, or both.

    An address leads to the accounts that have it, an id to what its owner bought as a guest, and no further. What one
    organisation knows of them counts in all.
    """
    asked = Identity(source, customer_id, folded(email))
    ids = {(source, customer_id)} if customer_id else set()
    addresses = {asked.email} - {""}
    known = Person(frozenset(ids), frozenset(addresses))
    for task in tasks:
        async for one in task.identities(known):
            if asked.email and one.email == asked.email and one.customer_id:
                ids.add((one.source, one.customer_id))
            elif customer_id and (one.source, one.customer_id) == (source, customer_id) and one.email:
                addresses.add(one.email)
    known = replace(known, addresses=frozenset(addresses))
    return [await task.look(replace(known, ids=frozenset(ids | task.guests(addresses)))) for task in tasks]


def _words(person: Person, contacts: Iterable[Document], calls: Iterable[Call]) -> set[str]:
    """What their contacts are called, and how they are reached, as the ledger and calls have it."""
    named = [contact.facts.get("name") for contact in contacts]
    for call in calls:
        for member, one in zip(call.members, _of_call(call), strict=True):
            if person.is_meant(one):
                named += [member.element.get("Name"), member.element.get("EmailAddress")]
    return {word for word in map(str, filter(None, named)) if is_telling(word)}


def _numbers(person: Person, contacts: Iterable[Document]) -> set[str]:
    """What their contacts are called in Xero, and were before another took an archived one's place."""
    known = {(one.key.source, one.key.entity_id) for one in contacts} | {one for one in person.ids if one[0]}
    return {one.number for one in contacts} | {contact_number(*one) for one in known}


def _of_call(call: Call) -> list[Identity]:
    """Whose contacts a call carried."""
    return [
        Identity(member.key.source, member.key.entity_id, folded(str(member.element.get("EmailAddress") or "")))
        for member in call.members
    ]
