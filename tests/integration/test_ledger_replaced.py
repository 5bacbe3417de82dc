"""A SQLite file that is removed, replaced or moved under a running process: nothing is written to what nobody finds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.sample_ledger import lease_of, opened
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def running(file: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{file}") as ledger:
        yield ledger


def _removed(file: Path) -> None:
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink()


def _moved(file: Path) -> None:
    file.rename(file.with_name("old.db"))


def _replaced(file: Path) -> None:
    backup = file.with_name("backup.db")
    shutil.copyfile(file, backup)
    _removed(file)
    backup.rename(file)


@pytest.mark.parametrize(
    ("restore", "found"),
    [(_removed, "and it cannot be found"), (_moved, "and it cannot be found"), (_replaced, "found another")],
    ids=["removed", "moved away", "replaced"],
)
async def test_a_file_that_is_another_is_neither_written_nor_read(
    running: Ledger, file: Path, restore: Callable[[Path], None], found: str
) -> None:
    lease = await lease_of(running)

    restore(file)

    with pytest.raises(LedgerUnavailable, match=found) as written:
        await running.leases.renew(lease)
    with pytest.raises(LedgerUnavailable, match=found):
        await running.leases.holders()
    assert str(file) in str(written.value)
    assert "stop all workers, agents and consoles" in written.value.cure
    assert "xerelay ledger rebuild" in written.value.cure


async def test_it_goes_on_when_the_file_is_back(running: Ledger, file: Path) -> None:
    lease = await lease_of(running)
    _moved(file)
    with pytest.raises(LedgerUnavailable):
        await running.leases.renew(lease)

    file.with_name("old.db").rename(file)

    await running.leases.renew(lease)


async def test_a_link_that_leads_elsewhere_is_another_file(tmp_path: Path) -> None:
    for name in ("one.db", "two.db"):
        await upgrade(f"sqlite+inline:///{tmp_path / name}")
    link = tmp_path / "ledger.db"
    link.symlink_to("one.db")
    async with opened(f"sqlite+inline:///{link}") as ledger:
        await lease_of(ledger)

        link.unlink()
        link.symlink_to("two.db")

        with pytest.raises(LedgerUnavailable, match="found another"):
            await ledger.leases.heartbeat("w1")


async def test_what_is_written_while_the_file_goes_does_not_count_as_written(file: Path) -> None:
    url = f"sqlite+inline:///{file}"
    await upgrade(url)
    database = Database(url)

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.exec_driver_sql("INSERT INTO workers VALUES ('w1', 1)")
            _removed(file)

    with pytest.raises(LedgerUnavailable, match="and it cannot be found"):
        await write()

    await database.close()


async def test_a_file_that_is_gone_is_not_told_to_be_made_anew(file: Path) -> None:
    """A worker that makes it, and knows nothing, would make each payment a second time."""
    url = f"sqlite+inline:///{file}"
    await upgrade(url)
    database = Database(url)
    async with database.reading():
        pass
    await database.close()  # as when its last connection broke: the next one is new

    _removed(file)

    with pytest.raises(LedgerUnavailable, match="and it cannot be found") as told:
        async with database.reading():
            pass
    assert "db upgrade" not in str(told.value)
