"""What an admin adds to an organisation's configuration in the console. Pure.

What stands in the configuration file always wins; an overlay only fills what the file leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from worker.settings.organisation import OrganisationSettings, tax_key
from worker.settings.problems import problems

TENANT = "tenant_id"
ROLES = ("gift_card", "store_credit", "reward_points", "refund_adjustment")
"""The accounts that a file may leave out one by one. The pair that makes items tracked stays the file's."""

_KEY = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class Table(StrEnum):
    """Where an entry belongs: a table of `[organisations.NAME]`, or beside them."""

    ACCOUNTS = "accounts"
    TAX = "tax"
    PAYMENTS = "payments"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Entry:
    """`key = "value"` in a table; of `organisation` the only key is `tenant_id`."""

    table: Table
    key: str
    value: str


Overlay = tuple[Entry, ...]


class BadEntry(Exception):
    """An entry that cannot be added. The text says what was expected."""


def filled(org: OrganisationSettings, overlay: Iterable[Entry]) -> OrganisationSettings:
    """The organisation with what its file leaves out. Without such entries it is `org` itself."""
    added = [entry for entry in overlay if not in_file(org, entry.table, entry.key)]
    if not added:
        return org
    changes: dict[str, Any] = {
        "accounts": org.accounts.model_copy(update=dict(_of(added, Table.ACCOUNTS))),
        "tax": {**org.tax, **dict(_of(added, Table.TAX))},
        "payments": {**org.payments, **dict(_of(added, Table.PAYMENTS))},
    }
    return org.model_copy(update=changes | dict(_of(added, Table.ORGANISATION)))


def in_file(org: OrganisationSettings, table: Table, key: str) -> bool:
    """Whether the configuration file has this key, so that no overlay can."""
    if table is Table.ORGANISATION:
        return getattr(org, key) is not None
    if table is Table.ACCOUNTS:
        return getattr(org.accounts, key) is not None
    return key in getattr(org, table)


def checked(org: OrganisationSettings, table: str, key: str, value: str) -> Entry:
    """The entry as it is kept, a tax rate in its short form. Raises `BadEntry`."""
    try:
        entry = Entry(Table(table), tax_key(key) if table == Table.TAX else key, value)
    except ValueError:
        raise BadEntry(f"expected one of {', '.join(Table)}, got {table[:20]!r}") from None
    _check_key(entry)
    if in_file(org, entry.table, entry.key):
        raise BadEntry(f"the configuration file has {entry.key} already, and it wins: change it there")
    _check_value(org, entry)
    return entry


def _check_key(entry: Entry) -> None:
    known: Mapping[Table, tuple[str, ...]] = {Table.ACCOUNTS: ROLES, Table.ORGANISATION: (TENANT,)}
    if entry.table in known and entry.key not in known[entry.table]:
        raise BadEntry(f"expected one of {', '.join(known[entry.table])}, got {entry.key[:40]!r}")
    if not _KEY.fullmatch(entry.key):
        raise BadEntry("expected a payment method, tax code or rate of 1 to 100 characters")


def _check_value(org: OrganisationSettings, entry: Entry) -> None:
    """The rules are those of the file."""
    plain = org.model_dump(exclude_unset=True)
    if entry.table is Table.ORGANISATION:
        plain[entry.key] = entry.value
    else:
        plain[entry.table] = {**plain.get(entry.table, {}), entry.key: entry.value}
    try:
        OrganisationSettings.model_validate(plain)
    except ValidationError as error:
        found = next(problems(error, OrganisationSettings, frozenset()))
        raise BadEntry(found.text) from None


def _of(entries: Iterable[Entry], table: Table) -> Iterator[tuple[str, str]]:
    return ((entry.key, entry.value) for entry in entries if entry.table is table)
