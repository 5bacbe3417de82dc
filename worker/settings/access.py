"""How a PostgreSQL ledger is reached: a password and an authority of their own become part of its URL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import SecretStr

from worker.settings.problems import Problem
from worker.settings.sections import LedgerSection

_POSTGRES = "postgresql"
_TLS_PARAMETERS = {"sslmode", "sslrootcert"}


def disagreements(ledger: LedgerSection) -> Iterator[Problem]:
    """What of the section cannot go with its URL."""
    parts = urlsplit(ledger.url.get_secret_value())
    given = [key for key in ("password", "ca_file") if getattr(ledger, key) is not None]
    if given and not parts.scheme.startswith(_POSTGRES):
        for key in given:
            yield Problem(f"ledger.{key}", "only a postgresql:// url has it; remove it, or set ledger.url")
        return
    if ledger.password and not parts.username:
        yield Problem("ledger.url", "names no user, whom ledger.password is of; write postgresql://user@host/xerelay")
    if ledger.password and parts.password:
        yield Problem("ledger.password", "url has a password too; use one of the two")
    if ledger.ca_file and not parts.hostname:
        yield Problem("ledger.url", "names no host, which ledger.ca_file is to vouch for")
    for parameter in _TLS_PARAMETERS & parse_qs(parts.query).keys():
        if ledger.ca_file:
            yield Problem("ledger.ca_file", f"it means sslmode=verify-full; remove {parameter} from url")


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
