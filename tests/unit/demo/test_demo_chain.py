"""How long the demo waits for its day to end."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import cast

from rich.console import Console

from deploy.demo.chain import Chain, Plan
from deploy.demo.progress import Progress
from deploy.demo.scene import Look, Scene

LOOK = Look(0, 0, 0, None, 0, 0, 0, 0, idle=True, over_s=0, still_s=0)


class Standstill:
    """A scene in which nothing happens any more."""

    async def look(self) -> Look:
        return LOOK


def chain(out: io.StringIO, *, started: float, deadline_s: float) -> Chain:
    progress = Progress(Console(file=out, width=80))
    return Chain(cast(Scene, Standstill()), progress, Path(), {}, {}, started, deadline_s)


async def test_what_takes_too_long_is_given_up_and_said_once() -> None:
    out = io.StringIO()
    late = chain(out, started=time.monotonic() - 60, deadline_s=50)

    looks = [await late.until(lambda _: False), await late.until(lambda _: False)]

    assert looks == [LOOK, LOOK]
    assert out.getvalue().count("50 seconds are over: what is not in Xero yet counts as lost") == 1


def test_more_orders_are_waited_for_longer() -> None:
    default = Plan(past=350, orders=100, seconds=30, seed=9)
    large = Plan(past=3000, orders=1000, seconds=300, seed=9)

    assert 180 < default.deadline_s < 300
    assert large.deadline_s > 4 * 200
