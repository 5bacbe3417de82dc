"""Databases of a test's own."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

KINDS = ("sqlite", "postgresql")
EMPTY = "template1"


def sqlite_url(file: Path) -> str:
    return f"sqlite+inline:///{file}"


def postgresql_url(server_url: str, names: list[str], *, template: str = EMPTY) -> str:
    """Of a new database, a copy of `template`; its name is added to `names`."""
    name = f"test_{secrets.token_hex(6)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
    names.append(name)
    return urlsplit(server_url)._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()
