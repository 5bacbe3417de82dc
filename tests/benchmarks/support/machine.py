"""Where a benchmark runs, and how it tells its figures: one JSON line on stdout, the circumstances on stderr."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
_RUN_ON = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"


def arguments(module: str, *, rounds: int, events: int) -> argparse.Namespace:
    """The options that all benchmarks share."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"default {rounds}; medians are reported")
    parser.add_argument("--events", type=int, default=events, help=f"a round's events, default {events}")
    return parser.parse_args()


def share_cores() -> int:
    """Keep this process and all its services off one core, and return that one; it is the measured process's own."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores[1:]))
    say(f"measured on core {cores[0]}; broker, sandbox and publisher on {cores[1:] or cores}")
    return cores[0]


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """`command`, run on one core alone."""
    return [sys.executable, "-c", _RUN_ON, str(core), *command]


@contextmanager
def public_folder() -> Iterator[Path]:
    """A directory that an unprivileged service can reach, and its path is short."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def made(folder: Path) -> Path:
    """That directory, new, and reachable like the one around it."""
    folder.mkdir(mode=0o755)
    return folder


def unused() -> str:
    """A name for an organisation or a queue that nobody has."""
    return f"b{secrets.token_hex(4)}"


def median(values: Iterable[float | None], digits: int = 0) -> float | None:
    """Of the rounds that have a figure; None without any."""
    known = [value for value in values if value is not None]
    return round(statistics.median(known), digits or None) if known else None


def ratio(ours: Sequence[float | None], theirs: Sequence[float | None]) -> float | None:
    """The median of the ratios of each round, in which both ran one after the other."""
    return median([a / b for a, b in zip(ours, theirs, strict=True) if a and b], digits=3)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(line: str) -> None:
    """For whoever waits, with the load of the machine."""
    sys.stderr.write(f"[load {os.getloadavg()[0]:.1f}] {line}\n")
    sys.stderr.flush()


def report(figures: Mapping[str, Any]) -> None:
    """The benchmark's one line."""
    sys.stdout.write(json.dumps(figures) + "\n")
