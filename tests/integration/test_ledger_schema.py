"""The schema: migrated, complete, and guarded."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tests.support.sample_ledger import opened
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerBehind, LedgerError, LedgerUnavailable
from worker.ledger.database.revisions import MIGRATIONS, revisions, tables_after
from worker.ledger.database.store_tables import metadata
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger


async def test_the_migrated_schema_is_the_one_the_code_describes(empty_database_url: str) -> None:
    await upgrade(empty_database_url)

    database = Database(empty_database_url)
    async with database.reading() as connection:
        differences = await connection.run_sync(_differences)
    await database.close()

    assert differences == []


def test_the_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert [one.revision for one in scripts.walk_revisions()] == list(reversed(revisions()))
    assert scripts.get_current_head() == revisions()[-1]


def test_each_table_is_known_to_be_made_by_a_migration() -> None:
    assert tables_after("") == metadata.tables.keys()
    assert tables_after(revisions()[-1]) == set()


async def test_several_workers_may_upgrade_at_once(empty_database_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_database_url) for _ in range(4)))

    async with opened(empty_database_url) as ledger:
        assert await ledger.leases.holders() == []


async def test_a_database_that_was_not_upgraded_is_refused(empty_database_url: str) -> None:
    with pytest.raises(LedgerBehind, match=r"the ledger.s schema is not there, .*: run `xerelay db upgrade`"):
        await Ledger.open(empty_database_url)


async def test_a_schema_newer_than_the_code_is_refused_and_left_alone(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await _run(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(LedgerBehind, match="newer"):
        await Ledger.open(empty_database_url)
    with pytest.raises(LedgerBehind, match="newer"):
        await upgrade(empty_database_url)


@pytest.mark.parametrize("use", [Ledger.open, upgrade])
async def test_an_older_backup_over_a_newer_ledger_says_what_to_do(
    use: Callable[[str], Awaitable[object]], empty_database_url: str, tmp_path: Path
) -> None:
    # as `pg_restore --clean` leaves them, which drops what the backup knows and nothing else
    (tmp_path / "ledger.db").touch()
    await _migrate(empty_database_url, "0005")
    for left in ("CREATE TABLE notices (channel TEXT)", "CREATE TABLE tenants (connection TEXT)"):
        await _run(empty_database_url, left)

    with pytest.raises(LedgerBehind) as refused:
        await use(empty_database_url)

    assert refused.value.said.endswith("is at revision 0005, and has tables of later ones: notices, tenants")
    assert "put it into an empty database" in refused.value.cure
    for statement in refused.value.cure.split("what is left of that one: ")[1].split("; "):
        await _run(empty_database_url, statement)
    async with opened(empty_database_url) as ledger:
        assert await ledger.leases.holders() == []


async def test_what_a_dropped_table_leaves_behind_does_not_stop_the_upgrade(
    empty_database_url: str, tmp_path: Path
) -> None:
    # as that advice does to a backup of 0002: a trigger goes with its table, a function of PostgreSQL's does not
    (tmp_path / "ledger.db").touch()
    await _migrate(empty_database_url, "0003")
    await _run(empty_database_url, "DROP TABLE admin_actions")
    await _run(empty_database_url, "UPDATE alembic_version SET version_num = '0002'")

    await upgrade(empty_database_url)

    async with opened(empty_database_url) as ledger:
        assert await ledger.leases.holders() == []


@pytest.mark.parametrize("use", [Ledger.open, upgrade])
@pytest.mark.parametrize(
    ("loss", "said"),
    [("DELETE FROM alembic_version", "has no row: "), ("DROP TABLE alembic_version", "is not there: ")],
)
async def test_a_ledger_that_lost_word_of_its_version_says_what_to_do(
    use: Callable[[str], Awaitable[object]], loss: str, said: str, empty_database_url: str
) -> None:
    await upgrade(empty_database_url)
    await _run(empty_database_url, loss)

    with pytest.raises(LedgerBehind) as refused:
        await use(empty_database_url)

    assert "the database has admin_actions, " in refused.value.said
    assert f"alembic_version, their version, {said}restore a whole backup" in str(refused.value)
    for statement in refused.value.cure.split("put it back: ")[1].split("; "):
        await _run(empty_database_url, statement)
    async with opened(empty_database_url) as ledger:
        assert await ledger.leases.holders() == []


async def _migrate(empty_database_url: str, revision: str) -> None:
    """As the version did whose newest schema that was."""
    database = Database(empty_database_url)
    async with database.transaction() as connection:
        await connection.run_sync(_upgrade_to, revision)
    await database.close()


def _upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def _run(empty_database_url: str, statement: str) -> None:
    database = Database(empty_database_url)
    async with database.transaction() as connection:
        await connection.execute(text(statement))
    await database.close()


async def test_the_sqlite_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"

    async with opened(f"sqlite+inline:///{file}") as ledger:
        await ledger.leases.heartbeat("w1")
        modes = _modes(tmp_path)

    assert modes == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db-turn"), 0o600)


@pytest.mark.parametrize("use", [Ledger.open, upgrade])
@pytest.mark.parametrize(
    ("file", "cure"), [("nowhere/ledger.db", "make the folder {}/nowhere"), ("folder", "name a file in it")]
)
async def test_a_file_that_cannot_be_opened_is_named_with_a_cure(
    use: Callable[[str], Awaitable[object]], file: str, cure: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(LedgerUnavailable) as refused:
        await use(f"sqlite+inline:///{tmp_path}/{file}")

    assert str(refused.value).startswith(f"ledger.url: {tmp_path}/{file} cannot be opened: ")
    assert str(refused.value).endswith(f": {cure.format(tmp_path)}, or correct ledger.url")


async def test_to_look_at_a_file_that_is_not_there_names_it_and_does_not_make_it(tmp_path: Path) -> None:
    with pytest.raises(LedgerBehind, match=f"nor is its file {tmp_path}/ledger.db: run `xerelay db upgrade`"):
        await Ledger.open(f"sqlite+inline:///{tmp_path}/ledger.db")

    assert _modes(tmp_path) == {}


async def test_an_upgrade_that_may_not_make_the_file_does_not_ask_for_an_upgrade() -> None:
    # nobody makes a file there, not even root
    with pytest.raises(LedgerUnavailable) as refused:
        await upgrade("sqlite+inline:////proc/ledger.db")

    assert str(refused.value).startswith("ledger.url: /proc/ledger.db cannot be made: ")
    assert str(refused.value).endswith(": let this user write to the folder /proc, or correct ledger.url")


async def test_a_file_is_opened_whatever_it_is_called(tmp_path: Path) -> None:
    file = "books # 1 a&b%25.db"

    async with opened(f"sqlite+inline:///{tmp_path}/{file}") as ledger:
        await ledger.leases.heartbeat("w1")
        modes = _modes(tmp_path)

    assert file in modes


async def test_another_kind_of_database_is_refused_without_its_password() -> None:
    with pytest.raises(LedgerError, match=r"expected sqlite\+inline") as caught:
        await upgrade("mysql://me:secret@127.0.0.1/ledger")

    assert "secret" not in str(caught.value)


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def _open_files() -> set[Path]:
    return {Path(descriptor).resolve() for descriptor in Path("/proc/self/fd").iterdir()}


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_a_file_that_is_no_database_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"something else, " * 100)
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"

    for use in (Ledger.open, upgrade):
        with pytest.raises(LedgerError) as refused:
            await use(url)

        assert str(refused.value) == (
            "ledger.url: expected a sound database of SQLite's, got: file is not a database; "
            "name another file, or restore a backup"
        )


async def test_a_file_that_is_refused_is_not_left_open(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(b"something else, " * 100)

    with pytest.raises(LedgerError) as refused:
        await Ledger.open(f"sqlite+inline:///{file}")

    # its traceback keeps what was made on the way, so that nothing is closed by being forgotten
    assert refused.tb is not None
    assert file not in _open_files()
