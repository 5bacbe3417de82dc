from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.turns import Turns

_HOLDER = """
import asyncio, pathlib, sys, time
from worker.ledger.database.turns import Turns
turn = asyncio.run(Turns(pathlib.Path(sys.argv[1])).take(10))
print("taken", flush=True)
time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def test_whoever_comes_second_begins_when_the_first_is_done(file: Path) -> None:
    first = await Turns(file).take(10)
    second = asyncio.create_task(Turns(file).take(10))
    await asyncio.sleep(0.05)
    waited = not second.done()

    first.over()

    assert waited
    (await second).over()


async def test_of_many_each_has_its_turn_alone(file: Path) -> None:
    turns, there, most = Turns(file), 0, 0

    async def one() -> None:
        nonlocal there, most
        turn = await turns.take(10)
        there += 1
        most = max(most, there)
        await asyncio.sleep(0)
        there -= 1
        turn.over()

    await asyncio.gather(*(one() for _ in range(20)))

    assert most == 1


async def test_whoever_waited_too_long_does_not_get_it_later(file: Path) -> None:
    first = await Turns(file).take(10)
    with pytest.raises(LedgerUnavailable, match=r"another process writes to the ledger for more than 0\.05 s"):
        await Turns(file).take(0.05)

    first.over()

    (await Turns(file).take(10)).over()


async def test_whoever_stops_waiting_is_passed_over(file: Path) -> None:
    first = await Turns(file).take(10)
    second, third = (asyncio.create_task(Turns(file).take(10)) for _ in range(2))
    await asyncio.sleep(0.05)

    second.cancel()
    first.over()

    (await third).over()
    assert second.cancelled()


async def test_a_process_that_dies_gives_up_its_turn(file: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLDER, str(file)), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"taken\n"
    waiting = asyncio.create_task(Turns(file).take(10))
    await asyncio.sleep(0.05)
    waited = not waiting.done()

    holder.kill()

    assert waited
    (await waiting).over()
    await holder.wait()


async def test_a_lock_file_that_cannot_be_used_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=r"ledger.url: .*ledger.db-turn cannot be opened: No such file"):
        await Turns(tmp_path / "gone" / "ledger.db").take(1)


async def test_the_lock_file_is_not_for_others(file: Path) -> None:
    (await Turns(file).take(1)).over()

    assert file.with_name("ledger.db-turn").stat().st_mode & 0o777 == 0o600
