"""What the documentation of stores shows is what the code takes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from schemas.codec import validate
from schemas.commands import Release, Resync, ResyncAll, SyncNow, decode_command
from worker.cli.lazily import COMMANDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/stores.md").read_text(encoding="utf-8")


def test_the_message_that_rabbitmqadmin_publishes_is_a_command() -> None:
    payload = re.search(r"payload='(.*?)'", TEXT, re.DOTALL)

    assert payload is not None
    envelope, command = decode_command(payload[1].encode())
    assert envelope.id == "spring-2026"
    assert isinstance(command, ResyncAll)


def test_the_data_of_the_other_commands_is_theirs() -> None:
    block = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)

    assert block is not None
    by_ids, by_days, release = (json.loads(line) for line in block[1].splitlines())
    validate(Resync, by_ids)
    validate(SyncNow, by_ids)
    validate(Resync, by_days)
    validate(Release, release)


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"xerelay ([a-z]+(?:-[a-z]+)*)", TEXT))

    assert named <= COMMANDS.keys()
    assert named >= {"store", "resync-all", "resync", "sync-now", "release", "resync-status", "resync-cancel"}


SHOP = """
from datetime import timedelta
from tempfile import mkdtemp
from pathlib import Path

from examples.stores.export_folder import CUSTOMERS, ExportFolder
from tests.support.export_shop import FIRST_DAY, ExportShop

AT = FIRST_DAY + timedelta(days=3)


def shop():
    shop = ExportShop(Path(mkdtemp(dir=Path(__file__).parent)))
    shop.trade(20, customers=9)

    async def change(stream):
        shop.customer(3, AT, name="Ada Lund") if stream == CUSTOMERS else shop.sale(3, AT, net="11.00", tax="2.20")
        shop.export()
        return 3

    async def remove(stream):
        shop.remove(stream.name, 4)
        shop.export()
        return 4

    return ExportFolder(shop.folder, page_rows=4), change, remove, lambda: AT + timedelta(days=3)
"""


def test_the_conformance_suite_runs_in_a_project_of_ones_own(tmp_path: Path) -> None:
    block = re.search(r"```python\n(import pytest\n.*?)```", TEXT, re.DOTALL)
    command = re.search(r"^python (-m pytest .*)$", TEXT, re.MULTILINE)
    assert block is not None
    assert command is not None
    shutil.copy(ROOT / "tests/contract/store_conformance.py", tmp_path)
    (tmp_path / "lamps_shop.py").write_text(SHOP)
    subject = block[1].replace("return", "source, change, remove, ends = shop()\n        return")
    (tmp_path / "test_lamps.py").write_text(f"from lamps_shop import shop\n{subject}")

    result = subprocess.run(
        [sys.executable, *command[1].split()],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert result.returncode == 0, result.stdout
