"""The ledger's section. A password and an authority of their own become part of a PostgreSQL's URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import Field, SecretStr

from worker.settings.problems import Problem
from worker.settings.section import Section
from worker.settings.values import EncryptionKey, FilledSecret, LedgerUrl, ReadableFile

_POSTGRES = "postgresql"
_TLS_PARAMETERS = {"sslmode", "sslrootcert"}


class LedgerSection(Section):
    """The state database. `url` comes with its driver: `sqlite+inline:` or `postgresql+psycopg:`.

    It is all one needs: `load` puts `password` and `ca_file` into it.
    """

    url: LedgerUrl = SecretStr("sqlite+inline:///xerelay.db")
    password: FilledSecret | None = None
    ca_file: ReadableFile | None = None
    encryption_key: EncryptionKey
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    parked_retention_days: Annotated[int, Field(ge=1, le=3650)] = 365

    def contradictions(self) -> Iterator[Problem]:
        """What cannot go with the URL."""
        parts = urlsplit(self.url.get_secret_value())
        given = [key for key in ("password", "ca_file") if getattr(self, key) is not None]
        if given and not parts.scheme.startswith(_POSTGRES):
            for key in given:
                yield Problem(key, "only a postgresql:// url has it; remove it, or set ledger.url")
            return
        if self.password and not parts.username:
            yield Problem("url", "names no user, whom ledger.password is of; write postgresql://user@host/xerelay")
        if self.password and parts.password:
            yield Problem("password", "url has a password too; use one of the two")
        if self.ca_file and not parts.hostname:
            yield Problem("url", "names no host, which ledger.ca_file is to vouch for")
        for parameter in _TLS_PARAMETERS & parse_qs(parts.query).keys():
            if self.ca_file:
                yield Problem("ca_file", f"it means sslmode=verify-full; remove {parameter} from url")


def with_access(ledger: LedgerSection) -> LedgerSection:
    """The section with the whole truth in its `url`: the password, and with `ca_file` the host's verification.

    libpq's words for it are `sslmode=verify-full` and `sslrootcert` (https://www.postgresql.org/docs/current/libpq-ssl.html).
    """
    parts = urlsplit(ledger.url.get_secret_value())
    if ledger.password:
        user, _, host = parts.netloc.rpartition("@")
        password = quote(ledger.password.get_secret_value(), safe="")
        parts = parts._replace(netloc=f"{user.rstrip(':')}:{password}@{host}")
    if ledger.ca_file:
        verified = urlencode({"sslmode": "verify-full", "sslrootcert": str(ledger.ca_file)})
        parts = parts._replace(query="&".join(filter(None, (parts.query, verified))))
    if not (ledger.password or ledger.ca_file):
        return ledger
    return ledger.model_copy(update={"url": SecretStr(parts.geturl())})
