"""xerelay's commands, typed as an admin types them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_PATIENCE_S = 60.0


class Said(NamedTuple):
    """What a command ended with, and printed."""

    code: int
    out: str
    err: str


async def typed(config: Path, environ: Mapping[str, str], *words: str) -> Said:
    """Run `xerelay WORDS`; after a minute without an end it is killed."""
    command = [sys.executable, "-m", "worker", *words, "--config", str(config)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=dict(environ), stdout=pipe, stderr=pipe)
    try:
        out, err = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    except TimeoutError:
        process.kill()
        return Said(await process.wait(), "", f"nothing within {_PATIENCE_S:.0f} s")
    return Said(await process.wait(), out.decode(), err.decode())
