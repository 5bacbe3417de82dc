"""What of the configuration an event was parked for, read from its hint. Pure.

The hints are those of `worker.mapping`, whose own refusals a test holds this against.
"""

from __future__ import annotations

import re

from worker.settings.overlay import ROLES, Table

_ADD = re.compile(
    r"add to (?:the configuration: )?\[organisations\.[a-z0-9_]+\.(payments|tax|accounts)\]:? "
    r'(?:"(.{1,100}?)"|([a-z_]+)) = "<'
)


def missing_of(hint: str) -> tuple[Table, str] | None:
    """The table and key that the hint says to add, where the console can add it."""
    found = _ADD.match(hint)
    if found is None:
        return None
    table, key = Table(found[1]), found[2] or found[3]
    return None if table is Table.ACCOUNTS and key not in ROLES else (table, key)
