"""A worker process with its ledger and a sandbox Xero, and what its log says of each event."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.demo.processes import clean_environment, end, first_line, running
from tests.benchmarks.support.machine import ROOT, on_core
from tests.support.day_configuration import write_configuration

_GIVE_UP_S = 60.0
_COMPLETED = b'"outcome":"completed"'
_NO_LIMITS = {"MINUTE": "10000", "DAY": "1000000", "BURST": "1.0"}


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """A Xero without latency and limits; its URL."""
    with sandbox_process(folder) as (url, _):
        yield url


@contextmanager
def sandbox_process(folder: Path) -> Iterator[tuple[str, int]]:
    """The same, with its process id."""
    log = folder / "sandbox.log"
    with running(["deploy.sandbox.xero", "--port", "0"], log=log, environ=clean_environment()) as process:
        url = first_line(process, log)
        caps = {"minute": 1_000_000, "day": 10_000_000, "app_minute": 10_000_000, "latency_ms": 0}
        httpx.post(f"{url}/_sandbox/limits", json=caps, timeout=10).raise_for_status()
        yield url, process.pid


class Serving:
    """One organisation's worker below `folder`, on a core of its own; started and ended as often as needed."""

    def __init__(self, folder: Path, *, organisation: str, broker_url: str, xero_url: str, core: int) -> None:
        self.folder = folder
        self.organisation = organisation
        self.xero_url = xero_url
        self._core = core
        config = write_configuration(folder, organisation=organisation, broker_url=broker_url, xero_url=xero_url)
        self.config = str(config)
        self._environ = clean_environment() | {
            f"XERELAY_ORGANISATIONS__{organisation.upper()}__LIMITS__{name}": value
            for name, value in _NO_LIMITS.items()
        }

    @contextmanager
    def worker(
        self, *arguments: str, environ: Mapping[str, str] | None = None, under: Sequence[str] = ()
    ) -> Iterator[Worker]:
        """`xerelay worker`, or the module named by `arguments`, while the block lasts; `under` what watches it."""
        command = [*under, sys.executable, "-m", *(arguments or ("worker", "worker", "--config", self.config))]
        log = self.folder / f"worker-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                on_core(self._core, command),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environ | dict(environ or {}),
            )
        try:
            yield Worker(process, log)
        finally:
            end(process)

    def audit(self) -> Any:
        """The sandbox's own count."""
        return httpx.get(f"{self.xero_url}/_sandbox/audit", timeout=30).json()


class Worker:
    """A running worker, seen through its log: what it wrote there was in the ledger before, and is acked after."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log
        self._read = 0
        self._count = 0

    def completed(self) -> int:
        """Events done so far."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        self._count += whole.count(_COMPLETED)
        return self._count

    def wait_for(self, count: int, *, give_up_s: float = _GIVE_UP_S) -> None:
        """Until so many events are done. Raises `RuntimeError` when the worker ends, or does nothing for so long."""
        before, deadline = 0, time.monotonic() + give_up_s
        while (done := self.completed()) < count:
            if done > before:
                before, deadline = done, time.monotonic() + give_up_s
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.said()[-2000:]
                raise RuntimeError(f"only {self._count} of {count} events were done; the worker's log ends\n{tail}")
            time.sleep(0.02)

    def said(self) -> str:
        """Its log, and what watches it wrote there."""
        return self._log.read_bytes().decode(errors="replace")

    def finished_at(self) -> dict[str, float]:
        """When each event was done, by its id, in seconds since 1970."""
        lines = (json.loads(line) for line in self._log.read_bytes().splitlines() if _COMPLETED in line)
        return {line["event_id"]: datetime.fromisoformat(line["timestamp"]).timestamp() for line in lines}

    def rate(self) -> float:
        """Events a second from the first that was done to the last."""
        times = sorted(self.finished_at().values())
        later = sum(1 for at in times if at > times[0] + 1e-3)
        return later / (times[-1] - times[0])

    def cpu_s(self) -> float:
        """Processor time so far."""
        return cpu_s(self.process.pid)

    def rss_mb(self) -> float:
        """The most memory it ever had resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        peak = next(line for line in status if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """A process's processor time so far, user and system."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
