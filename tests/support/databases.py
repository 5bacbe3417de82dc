"""Databases of a test's own."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from worker.ledger.database.turn_file import turn_file
from worker.ledger.database.upgrade import upgrade

KINDS = ("sqlite", "postgresql")
EMPTY = "template1"
_SQLITE = "sqlite+inline:///"


def sqlite_url(file: Path) -> str:
    return f"{_SQLITE}{file}"


async def upgraded(url: str) -> None:
    """As `upgrade`; but a SQLite file that was never there is a copy, which costs a tenth of its migration."""
    if url.startswith(_SQLITE) and _was_never(file := Path(url.removeprefix(_SQLITE))):
        copy_upgraded(file)
    else:
        await upgrade(url)


def _was_never(file: Path) -> bool:
    return not file.exists() and not turn_file(file).exists()


def copy_upgraded(file: Path) -> None:
    """An empty ledger of this version, with the mode that `upgrade` gives its file."""
    file.touch(mode=0o600)
    file.write_bytes(_upgraded_file())


@cache
def _upgraded_file() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:  # the caller's loop may be running
        file = Path(folder) / "ledger.db"
        beside.submit(asyncio.run, upgrade(sqlite_url(file))).result()
        return file.read_bytes()


def postgresql_url(server_url: str, names: list[str], *, template: str = EMPTY) -> str:
    """Of a new database, a copy of `template`; its name is added to `names`."""
    name = f"test_{secrets.token_hex(6)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
    names.append(name)
    return urlsplit(server_url)._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()
