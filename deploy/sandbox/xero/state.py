"""Everything one sandbox holds, and how it is brought back to its beginning."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.faults import Faults
from deploy.sandbox.xero.idempotency import IdempotencyStore
from deploy.sandbox.xero.identity import Identity, default_apps
from deploy.sandbox.xero.limits import Caps, Limits
from deploy.sandbox.xero.store import TENANT_SPACE, Book


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox is started. The first organisation is `main`, the others `org2`, `org3`."""

    organisations: int = 1
    caps: Caps = field(default_factory=Caps)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CallKind:
    """What calls are counted by."""

    organisation: str
    method: str
    endpoint: str
    status: int


class Sandbox:
    """The state of one sandbox."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: no documents, no calls, no tokens, no faults, the limits as started."""
        self.clock = SandboxClock()
        names = ["main", *(f"org{number}" for number in range(2, self.options.organisations + 1))]
        self.books = {book.tenant_id: book for book in (Book(name, self.clock) for name in names)}
        self.limits = Limits(replace(self.options.caps), self.clock)
        self.idempotency = IdempotencyStore(self.clock)
        self.faults = Faults()
        self.order = random.Random(self.options.seed)  # noqa: S311 - decides an order, keeps no secret
        self.calls: Counter[CallKind] = Counter()
        tenants = {book.tenant_id: book.settings.organisation["Name"] for book in self.books.values()}
        self.identity = Identity(self.clock, tenants, default_apps())
        self.identity.connect("sandbox-custom", [self.main.tenant_id], str(uuid.uuid5(TENANT_SPACE, "custom")))

    @property
    def main(self) -> Book:
        """The first organisation."""
        return next(iter(self.books.values()))

    def book_named(self, name: str | None) -> Book:
        """An organisation by its short name; the first one where none is given. Raises KeyError."""
        if name is None:
            return self.main
        return next((book for book in self.books.values() if book.name == name), None) or self.books[name]
