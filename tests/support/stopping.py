"""The end of a task that a test began: whatever it ends with, no more of it is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def stopped_after(task: asyncio.Task[Any]) -> AsyncIterator[None]:
    """Stop it at the end; what it raises is not this one's to tell."""
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
