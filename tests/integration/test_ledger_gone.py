"""A SQLite file that was removed while nothing ran: whoever starts does not make it anew, and know nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.sample_ledger import opened
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger

_STARTS = 4
_FIRST_START = """
import asyncio, sys
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger

async def start():
    await upgrade(sys.argv[1])
    ledger = await Ledger.open(sys.argv[1])
    await ledger.leases.heartbeat("w1")
    await ledger.close()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(start())
"""


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


async def test_of_many_that_start_first_none_takes_the_file_for_a_lost_one(file: Path) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _FIRST_START, f"sqlite+inline:///{file}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(_STARTS)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"

    ended = await asyncio.gather(*(process.communicate(b"\n") for process in processes))

    assert [process.returncode for process in processes] == [0] * _STARTS, [said.decode() for _, said in ended]
