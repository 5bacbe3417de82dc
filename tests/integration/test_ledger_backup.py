"""The backup that the documentation has people make, beside a worker that writes."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.sample_ledger import lease_of, opened
from worker.ledger.ledger import Ledger

_DOCS = Path(__file__).parents[2] / "docs/operations.md"
_WITHIN_S = 60.0
# as much as the command line's own copy takes several steps for
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO discards SELECT i, 'main', '', '', randomblob(100000), '', '', 0 FROM n
"""
# where the command line is not installed: SQL it is given goes to Python's SQLite
_STAND_IN = f"""#!{sys.executable}
import sqlite3, sys
sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where programs are found."""
    if shutil.which("sqlite3"):
        return os.environ["PATH"]
    stand_in = tmp_path / "bin" / "sqlite3"
    stand_in.parent.mkdir()
    stand_in.write_text(_STAND_IN, encoding="utf-8")
    stand_in.chmod(0o755)
    return f"{stand_in.parent}:{os.environ['PATH']}"


async def test_the_documented_copy_is_whole_and_private_while_a_worker_writes(tmp_path: Path, path: str) -> None:
    (command,) = re.findall(r"`(umask 077; sqlite3 .*?)`", _DOCS.read_text(encoding="utf-8"))
    async with opened(f"sqlite+inline:///{tmp_path}/xerelay.db") as ledger:
        lease = await lease_of(ledger)
        with closing(sqlite3.connect(tmp_path / "xerelay.db")) as connection, connection:
            connection.execute(_FILL)

        status = await _beside_a_writer(ledger, command, tmp_path, path)

    copy, mode = _copied(tmp_path)
    assert (status, mode) == (0, 0o600)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM discards").fetchall() == [(300,)]
    async with opened(f"sqlite+inline:///{copy}") as restored:
        assert [one.name for one in await restored.leases.holders()] == [lease.name]


def _copied(folder: Path) -> tuple[Path, int]:
    """The copy, and who may read it."""
    (copy,) = folder.glob("xerelay-*.db")
    return copy, stat.S_IMODE(copy.stat().st_mode)


async def _beside_a_writer(ledger: Ledger, command: str, folder: Path, path: str) -> int:
    """Run it to its end; returns its status."""
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", command), cwd=folder, env=os.environ | {"PATH": path}, start_new_session=True
    )
    ended = asyncio.create_task(shell.wait())
    try:
        async with asyncio.timeout(_WITHIN_S):
            while not ended.done():
                await ledger.leases.heartbeat("w1")
        return ended.result()
    finally:
        if not ended.done():
            os.killpg(shell.pid, signal.SIGKILL)
            await ended
