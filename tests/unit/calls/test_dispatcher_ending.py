"""What a dispatcher leaves behind when its session ends at once."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.serving_fakes import served
from tests.support.xero_fakes import call_of
from worker.calls.dispatcher import Dispatcher
from worker.ledger.records import Call
from worker.session.session import Session


class Idle:
    """Performs nothing."""

    async def perform(self, call: Call) -> None:
        raise AssertionError(f"{call.id} is performed after the end")


async def ends_at_once(session: Session) -> None:
    """A call is opened, and the session fails before anything else is done."""
    async with asyncio.TaskGroup() as tasks:
        parts = cast("Any", Idle())
        dispatcher = Dispatcher(session=session, settlement=parts, performer=parts, revising=parts, tasks=tasks)
        dispatcher.spawn(call_of())
        raise RuntimeError("the session's end")


async def test_a_call_whose_task_never_begins_leaves_nothing_that_was_never_awaited(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        with warnings.catch_warnings(record=True) as warned:
            with pytest.raises(ExceptionGroup):
                await ends_at_once(one.session)
            gc.collect()

    assert warned == []
