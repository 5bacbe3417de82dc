"""How many calls a second eight processes are granted from one organisation's budget, and whether it is ever exceeded.

Each round, on each database: unlimited, for the rate and the time of a grant; then, each with every process asking as
fast as it can, a cap by the day, and a cap by the minute whose bucket fills quickly. `excess` is the most grants above
what the caps allow in any window of any round; 0 is exact, and more makes the exit status 1. One line of JSON,
`sqlite` and `postgresql` apart.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.services import postgres_service
from tests.benchmarks.support.machine import (
    ROOT,
    arguments,
    made,
    median,
    percentile,
    public_folder,
    report,
    say,
)
from tests.benchmarks.support.spender import HOLDER, ORGANISATION
from worker.budget.limits import Limits
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger

_PROCESSES = 8
_PHASE_S = 2.0
_MANY = 1_000_000_000
_UNLIMITED = Limits(day=_MANY, minute=_MANY, burst=1.0)
_BY_MINUTE = Limits(day=_MANY, minute=3_000, burst=1.0)
_ROUNDING = 1e-3
Grants = list[float]


def main() -> None:
    """Print the figures."""
    options = arguments("tests.benchmarks.budget", rounds=5, events=200)
    figures: dict[str, dict[str, list[float]]] = {"sqlite": {}, "postgresql": {}}
    with public_folder() as folder, postgres_service(made(folder / "postgres")) as server:
        for number in range(options.rounds):
            below = made(folder / str(number))
            for database, measured in figures.items():
                url = partial(_sqlite, below) if database == "sqlite" else partial(_postgres, server.url)
                figure = _round(url, options.events)
                for name, value in figure.items():
                    measured.setdefault(name, []).append(value)
                say(f"{database}: " + ", ".join(f"{name} {value:.1f}" for name, value in figure.items()))
    told = {database: summary(rounds) for database, rounds in figures.items()}
    report(told)
    raise SystemExit(verdict(told))


def summary(rounds: Mapping[str, Sequence[float]]) -> dict[str, float | None]:
    """Medians, but for what may never be: of `excess` the most of any round."""
    return {name: median(values, 1) for name, values in rounds.items()} | {"excess": max(rounds["excess"])}


def verdict(told: Mapping[str, Mapping[str, float | None]]) -> int:
    """The exit status: 1 where more was granted than a cap allows."""
    return int(any((figures["excess"] or 0) > 0 for figures in told.values()))


def _round(url: Callable[[], str], cap: int) -> dict[str, float]:
    granted, took_ms = _race(url(), _UNLIMITED)
    by_day, _ = _race(url(), Limits(day=cap, minute=_MANY, burst=1.0))
    by_minute, _ = _race(url(), _BY_MINUTE)
    return {
        "grants_per_s": (len(granted) - 1) / (granted[-1] - granted[0]),
        "excess": max(len(by_day) - cap, _beyond(by_minute, _BY_MINUTE)),
        "p99_ms": percentile(took_ms, 0.99),
    }


def _race(url: str, limits: Limits) -> tuple[Grants, list[float]]:
    """When all grants of all processes were counted, in seconds and in order, and how long each took."""
    fence = asyncio.run(_lease(url))
    command = [sys.executable, "-m", "tests.benchmarks.support.spender", url, str(fence), str(_PHASE_S)]
    command += [str(limits.day), str(limits.minute)]
    processes = [_spender(command) for _ in range(_PROCESSES)]
    for process in processes:
        _pipe(process.stdout).readline()
    for process in processes:
        _pipe(process.stdin).write("go\n")
        _pipe(process.stdin).flush()
    results = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    granted = sorted(at / 1e6 for result in results for at in result["granted"])
    return granted, [took for result in results for took in result["took_ms"]]


def _spender(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "asked for in Popen"
    return pipe


async def _lease(url: str) -> int:
    await upgrade(url)
    ledger = await Ledger.open(url)
    lease = await ledger.leases.acquire(ORGANISATION, HOLDER, ttl_s=3600)
    await ledger.close()
    assert lease is not None, "the database is new"
    return lease.fence


def _beyond(granted: Grants, limits: Limits) -> int:
    """The most grants of any window above what the bucket holds and gains in that time."""
    most, least = 0.0, math.inf
    for number, at in enumerate(granted):
        least = min(least, number - limits.minute_rate * at)
        most = max(most, number + 1 - limits.minute_rate * at - least - limits.minute_capacity)
    return math.ceil(most - _ROUNDING)


def _sqlite(folder: Path) -> str:
    return f"sqlite+inline:///{folder}/{secrets.token_hex(4)}.db"


def _postgres(server: str) -> str:
    name = f"budget_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    parts = urlsplit(server.replace("postgresql://", "postgresql+psycopg://", 1))
    return urlunsplit(parts._replace(path=f"/{name}"))


if __name__ == "__main__":
    main()
