"""A ledger that cannot be reached or written says what to mend, where that is known."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from worker.checking.services import ledger_fault
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerError, LedgerUnavailable
from worker.ledger.database.unavailable import unavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.organisations.leases import Leases

ROOM = "is there room on the disk of the file that ledger.url names?"


async def refused(url: str) -> LedgerUnavailable:
    with pytest.raises(LedgerUnavailable) as caught:
        await Ledger.open(url.replace("postgresql://", "postgresql+psycopg://", 1))
    return caught.value


async def test_a_database_that_is_missing_is_one_to_create_or_to_name(postgres_url: str) -> None:
    error = await refused(urlsplit(postgres_url)._replace(path="/no_such_one").geturl())

    assert error.said.startswith("the ledger's database refuses us: ")
    assert error.said.endswith('database "no_such_one" does not exist')
    assert error.cure == "mend the database's name in ledger.url, or create it (createdb)"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_belongs_to_another_user_is_one_to_give_to_ours(database_url: str) -> None:
    plain = database_url.replace("+psycopg", "", 1)
    guest = f"guest_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(database_url)
    with psycopg.connect(plain, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {guest} LOGIN PASSWORD 'secret'")

        with pytest.raises(LedgerUnavailable) as caught:
            await upgrade(parts._replace(netloc=f"{guest}:secret@{parts.hostname}:{parts.port}").geturl())
        owner.execute(f"DROP ROLE {guest}")

    assert caught.value.said.startswith("the ledger's database refuses us: permission denied for ")
    assert caught.value.cure.startswith("make the user of ledger.url the owner of the database")


async def test_a_parameter_with_a_wrong_value_is_one_to_mend(postgres_url: str) -> None:
    error = await refused(urlsplit(postgres_url)._replace(query="sslmode=maybe").geturl())

    assert (error.said, error.cure) == (
        'the ledger\'s database does not answer: connection is bad: invalid sslmode value: "maybe"',
        "mend it in ledger.url",
    )


async def test_where_nobody_listens_the_cure_is_to_start_it_or_to_name_it() -> None:
    error = await refused("postgresql://me:secret@127.0.0.1:1/ledger")

    assert error.cure == "is PostgreSQL running, and does ledger.url name its host and port?"
    assert ledger_fault(error).line.endswith(f"Connection refused: {error.cure}")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_pooler_that_gives_each_transaction_another_session_is_told_as_such(database_url: str) -> None:
    await upgrade(database_url)
    database = Database(database_url)
    for _ in range(10):
        await Leases(database).heartbeat("w1")
    async with database.engine.connect() as connection:
        # another session knows none of them
        (await connection.get_raw_connection()).driver_connection.pgconn.exec_(b"DEALLOCATE ALL")  # type: ignore[union-attr]

    with pytest.raises(LedgerError) as caught:
        await Leases(database).heartbeat("w1")
    await database.close()

    assert (caught.value.said, caught.value.cure) == (
        'ledger.url: expected a session of our own, got: prepared statement "_pg3_0" does not exist',
        "name PostgreSQL itself, or a pooler that pools sessions and not transactions",
    )


def test_a_file_that_may_only_be_read_is_not_one_that_is_not_running(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    sqlite3.connect(file).close()
    others = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)

    with pytest.raises(LedgerUnavailable) as caught, unavailable():
        others.execute("CREATE TABLE x (y)")
    others.close()

    assert str(caught.value) == (
        "the ledger's database takes no writes: attempt to write a readonly database: "
        "let this user write to the file that ledger.url names, and to its folder"
    )


@pytest.mark.parametrize("said", ["database or disk is full", "disk I/O error"])
def test_a_full_disk_is_one_to_make_room_on(said: str) -> None:
    with pytest.raises(LedgerUnavailable) as caught, unavailable():
        raise sqlite3.OperationalError(said)

    assert (caught.value.said, caught.value.cure) == (f"the ledger's database does not answer: {said}", ROOM)
    assert ledger_fault(caught.value).line.endswith(f"{said}: {ROOM}")


_WITHOUT_ROOM = """
import asyncio, resource, sys
from worker.ledger.database.upgrade import upgrade
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
asyncio.run(upgrade(sys.argv[1]))
"""


def test_a_new_file_that_finds_no_room_is_not_told_as_locked(tmp_path: Path) -> None:
    # a limit on the size of files stands in for the full disk
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_ROOM, f"sqlite+inline:///{tmp_path / 'ledger.db'}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stderr.splitlines()[-1].endswith(f"the ledger's database does not answer: disk I/O error: {ROOM}")


def test_what_is_lost_on_the_way_has_no_cure_of_ours() -> None:
    with pytest.raises(LedgerUnavailable) as caught, unavailable():
        raise sqlite3.OperationalError("database is locked")

    assert (caught.value.said, caught.value.cure) == ("the ledger's database does not answer: database is locked", "")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ('too many connections for database "books"', ""),
        ('too many connections for role "xerelay"', ""),
        ("sorry, too many clients already", ""),
        ('permission denied for database "books"', "let the user of ledger.url connect (GRANT CONNECT ON DATABASE)"),
        ('role "xerelay" is not permitted to log in', "let the user of ledger.url log in (ALTER ROLE … LOGIN)"),
        ('role "xerelay" does not exist', "mend the user in ledger.url, or create it (createuser)"),
    ],
)
def test_a_server_that_is_there_and_refuses_is_mended_where_it_says(said: str, cure: str) -> None:
    with pytest.raises(LedgerUnavailable) as caught, unavailable():
        raise psycopg.OperationalError(f'connection failed: connection to server at "127.0.0.1" failed: FATAL:  {said}')

    assert caught.value.cure == cure
