"""Of which tenant the documents of an organisation are: of another one nothing that the ledger knows is true."""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, or_, select

from worker.ledger.database.engine import Database
from worker.ledger.database.statements import Prepared, upsert
from worker.ledger.database.tables import documents, held, tenants
from worker.ledger.organisations.leases import fenced
from worker.ledger.records import Lease

_BOUND = select(tenants.c.tenant_id).where(tenants.c.org == bindparam("of"))
_HAS_DOCUMENTS = select(documents.c.org).where(documents.c.org == bindparam("of")).limit(1)
_OTHER_NAME = (
    select(tenants.c.org)
    .where(
        tenants.c.tenant_id == bindparam("tenant"),
        tenants.c.org != bindparam("of"),
        or_(*(select(table.c.org).where(table.c.org == tenants.c.org).exists() for table in (documents, held))),
        ~select(documents.c.org).where(documents.c.org == bindparam("of")).exists(),
    )
    .order_by(tenants.c.org)
    .limit(1)
)


class Tenants:
    """One tenant for each organisation, until nothing of it is left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bind(self, lease: Lease, tenant_id: str) -> str:
        """The tenant of the organisation's documents, in small letters; `tenant_id` while there are none.

        The first call after an upgrade takes what is configured then. Raises `LeaseLost`.
        """
        wanted = tenant_id.lower()
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            bound: str | None = (await connection.execute(_BOUND, {"of": lease.name})).scalar_one_or_none()
            if bound == wanted:
                return wanted
            if bound is not None and (await connection.execute(_HAS_DOCUMENTS, {"of": lease.name})).first() is not None:
                return bound
            await _binding(self._database.dialect).run(connection, [{"org": lease.name, "tenant_id": wanted}])
        return wanted

    async def of_documents(self, org: str) -> str | None:
        """The tenant of the organisation's documents, in small letters; None without any, and until it is known."""
        async with self._database.reading() as connection:
            if (await connection.execute(_HAS_DOCUMENTS, {"of": org})).first() is None:
                return None
            return (await connection.execute(_BOUND, {"of": org})).scalar_one_or_none()

    async def other_name(self, org: str, tenant_id: str) -> str | None:
        """The organisation under which the ledger has what it knows of this tenant, while it has no document of `org`.

        Somebody renamed it: the name is the key of all that the ledger knows.
        """
        async with self._database.reading() as connection:
            found = await connection.execute(_OTHER_NAME, {"of": org, "tenant": tenant_id.lower()})
            return found.scalar_one_or_none()


@cache
def _binding(dialect: str) -> Prepared:
    return upsert(dialect, tenants, ("org",))
