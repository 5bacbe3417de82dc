"""What the documentation of stores shows is what the code takes."""

from __future__ import annotations

import json
import re
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
