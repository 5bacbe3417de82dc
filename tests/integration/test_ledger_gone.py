"""A SQLite file that was removed while nothing ran: whoever starts does not make it anew, and know nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.first_start import start
from tests.support.forked import FORKSERVER
from tests.support.sample_ledger import opened
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger

_STARTS, _START_S = 4, 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "ledger.db"
    link.symlink_to(tmp_path / "disk" / "books.db")
    return link


def _remove(file: Path) -> None:
    file.unlink()


def _moved(file: Path, name: str) -> Path:
    return file.rename(file.with_name(name))


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def _used(file: Path) -> None:
    async with opened(f"sqlite+inline:///{file}") as ledger:
        await ledger.leases.heartbeat("w1")


@pytest.mark.parametrize("use", [upgrade, Ledger.open])
async def test_a_file_that_was_removed_is_not_made_anew(use: Callable[[str], Awaitable[object]], file: Path) -> None:
    await _used(file)
    _remove(file)

    with pytest.raises(LedgerUnavailable) as refused:
        await use(f"sqlite+inline:///{file}")

    assert refused.value.said == f"ledger.url: expected {file}, which was there: ledger.db-turn lies beside it"
    assert "docs/reconcile.md" in refused.value.cure
    assert f"remove {file}-turn too" in refused.value.cure
    assert "xerelay ledger rebuild" in refused.value.cure
    assert _names(file.parent) == {"ledger.db-turn"}


async def test_it_is_looked_for_beside_the_file_that_a_link_leads_to(linked: Path) -> None:
    await _used(linked)
    _remove(linked.parent / "disk" / "books.db")

    with pytest.raises(LedgerUnavailable, match=r"which was there: books\.db-turn lies beside it"):
        await upgrade(f"sqlite+inline:///{linked}")


async def test_whoever_begins_anew_on_purpose_removes_the_lock_file_too(file: Path) -> None:
    await _used(file)
    _remove(file)
    _remove(file.with_name("ledger.db-turn"))

    await _used(file)

    assert _names(file.parent) == {"ledger.db", "ledger.db-turn"}


async def test_a_backup_in_its_place_is_used(file: Path) -> None:
    await _used(file)
    backup = _moved(file, "backup.db")
    _moved(backup, "ledger.db")

    async with opened(f"sqlite+inline:///{file}") as ledger:
        assert await ledger.leases.live_workers(within_s=60) == ["w1"]


async def test_a_first_start_that_is_cut_off_is_followed_by_another(file: Path) -> None:
    await upgrade(f"sqlite+inline:///{file}")
    # the lock file comes with the first write: no start leaves it without the ledger's own
    assert _names(file.parent) == {"ledger.db"}

    await _used(file)

    assert _names(file.parent) == {"ledger.db", "ledger.db-turn"}


def test_of_many_that_start_first_none_takes_the_file_for_a_lost_one(file: Path) -> None:
    all_there = FORKSERVER.Barrier(_STARTS)
    url = f"sqlite+inline:///{file}"
    processes = [FORKSERVER.Process(target=start, args=(url, all_there), daemon=True) for _ in range(_STARTS)]
    for process in processes:
        process.start()

    for process in processes:
        process.join(_START_S)

    assert [process.exitcode for process in processes] == [0] * _STARTS
