"""OAuth tokens, encrypted at rest, replaced by compare-and-swap."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import bindparam, select, update

from worker.instants import instant, micros
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerError, WrongKey
from worker.ledger.database.statements import insert
from worker.ledger.database.tables import tokens
from worker.ledger.records import TokenSet

_TIMES = ("expires_at", "refreshed_at", "previous_until")
_LOAD = select(tokens).where(tokens.c.connection == bindparam("of"))
_GENERATION = select(tokens.c.generation).where(tokens.c.connection == bindparam("of"))
_SWAP = (
    update(tokens)
    .where(tokens.c.connection == bindparam("of"), tokens.c.generation == bindparam("expected"))
    .values(generation=tokens.c.generation + 1, sealed=bindparam("sealed"))
    .returning(tokens.c.generation)
)
_HOW_TO_MAKE = 'make one with: python -c "import os, base64; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'


class Tokens:
    """One token set per connection. The key is the URL-safe base64 of 32 bytes."""

    def __init__(self, database: Database, encryption_key: str | None) -> None:
        self._database = database
        self._key = encryption_key

    async def load(self, connection: str) -> TokenSet | None:
        """The tokens of a connection. Raises `WrongKey` when they were stored with another key."""
        async with self._database.reading() as session:
            row = (await session.execute(_LOAD, {"of": connection})).one_or_none()
        return None if row is None else self._open(connection, row.generation, row.sealed)

    async def generation(self, connection: str) -> int:
        """Of the tokens that are stored, for `swap`; 0 when there are none. Needs no key: any key's may be replaced."""
        async with self._database.reading() as session:
            found: int | None = (await session.execute(_GENERATION, {"of": connection})).scalar_one_or_none()
        return found or 0

    async def swap(self, connection: str, expected_generation: int, new: TokenSet) -> bool:
        """Replace the tokens when their generation is still the expected one (0: there are none yet).

        True: stored, with the next generation whatever `new` says. False: somebody else was first; load again.
        """
        sealed = self._seal(connection, new)
        async with self._database.transaction() as session:
            if expected_generation == 0:
                first = insert(self._database.dialect, tokens).on_conflict_do_nothing().returning(tokens.c.generation)
                values = {"connection": connection, "generation": 1, "sealed": sealed}
                return (await session.execute(first, values)).one_or_none() is not None
            values = {"of": connection, "expected": expected_generation, "sealed": sealed}
            return (await session.execute(_SWAP, values)).one_or_none() is not None

    def _seal(self, connection: str, new: TokenSet) -> bytes:
        plain = {name: micros(value) if isinstance(value, datetime) else value for name, value in asdict(new).items()}
        # the connection inside: a row copied to another connection must not open
        return self._fernet().encrypt(json.dumps(plain | {"connection": connection}).encode())

    def _open(self, connection: str, generation: int, sealed: bytes) -> TokenSet:
        try:
            plain = json.loads(self._fernet().decrypt(sealed))
        except InvalidToken:
            raise WrongKey(
                f"the tokens of connection {connection!r} were stored with another ledger.encryption_key: "
                "set the key they were stored with, or connect again"
            ) from None
        if plain.pop("connection") != connection:
            raise LedgerError(f"the tokens stored for connection {connection!r} belong to another one: connect again")
        plain |= {name: instant(plain[name]) for name in _TIMES if plain[name] is not None}
        return replace(TokenSet(**plain), generation=generation)

    def _fernet(self) -> Fernet:
        if not self._key:
            raise WrongKey(f"ledger.encryption_key: not set, but tokens are stored encrypted; {_HOW_TO_MAKE}")
        try:
            return Fernet(self._key)
        except ValueError:
            raise WrongKey(f"ledger.encryption_key: expected the URL-safe base64 of 32 bytes; {_HOW_TO_MAKE}") from None
