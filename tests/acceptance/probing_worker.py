"""A worker that asks more often whether Xero is back, and for approvals: `probing_worker.py CONFIG LEASE_S PROBE_S`."""

from __future__ import annotations

import sys

from tests.acceptance import crashing_worker
from worker import approvals, breaker


def main(config: str, lease_s: str, probe_s: str) -> None:
    breaker.PROBE_EVERY_S = approvals.EVERY_S = float(probe_s)
    crashing_worker.main(config, lease_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
