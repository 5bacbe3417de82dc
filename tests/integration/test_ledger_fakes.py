"""The ledger that unit tests have in memory does what the real one does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from tests.support.xero_fakes import V1, MemoryLeases, MemoryTokens
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease, TokenSet

ACQUIRE = st.tuples(st.just("acquire"), st.sampled_from("AB"), st.sampled_from([5, 15]))
RELEASE = st.tuples(st.just("release"), st.just(""), st.integers(0, 9))
ADVANCE = st.tuples(st.just("advance"), st.just(""), st.sampled_from([1, 6, 20]))
STEPS = st.lists(ACQUIRE | ACQUIRE | RELEASE | ADVANCE, max_size=25)


async def compare(ledger: Ledger, clock: FakeClock, name: str, steps: list[tuple[str, str, int]]) -> None:
    memory = MemoryLeases(now=clock.monotonic)
    granted: list[tuple[Lease, Lease]] = []
    for step, holder, amount in steps:
        if step == "acquire":
            ours, theirs = await memory.acquire(name, holder, amount), await ledger.leases.acquire(name, holder, amount)
            assert (ours and ours.fence) == (theirs and theirs.fence)
            granted += [(ours, theirs)] if ours and theirs else []
        elif step == "advance":
            clock.advance(amount)
        elif granted:
            one, other = granted[amount % len(granted)]
            await memory.release(one)
            await ledger.leases.release(other)


def test_leases_in_memory_are_granted_as_the_ledger_grants_them(tmp_path: Path) -> None:
    clock, numbers = FakeClock(), count()

    async def all_of_them() -> None:
        async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
            await asyncio.to_thread(examples, ledger, asyncio.get_running_loop())

    def examples(ledger: Ledger, loop: asyncio.AbstractEventLoop) -> None:
        @settings(max_examples=200)
        @given(STEPS)
        def alike(steps: list[tuple[str, str, int]]) -> None:
            compared = compare(ledger, clock, f"x{next(numbers)}", steps)
            asyncio.run_coroutine_threadsafe(compared, loop).result(60)

        alike()

    asyncio.run(all_of_them())


async def test_tokens_in_memory_get_the_next_generation_as_in_the_ledger(tmp_path: Path) -> None:
    new = TokenSet("access", V1 + timedelta(minutes=30), "refresh", generation=7)
    memory = MemoryTokens()

    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=FakeClock()) as ledger:
        for tokens in (memory, ledger.tokens):
            assert await tokens.swap("c", 0, new)
            stored = await tokens.load("c")
            assert stored is not None
            assert stored.generation == 1
