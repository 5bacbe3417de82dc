"""Days of a store on virtual time: `python -m tests.benchmarks.simulated_day [--scenario NAME]`, one JSON line each."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time

import structlog

from tests.benchmarks.simulation.scenarios import SCENARIOS
from tests.benchmarks.simulation.virtual import run_virtually


def main(arguments: list[str] | None = None) -> None:
    """Run one scenario, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), action="append", help="one of them; all without it")
    chosen = parser.parse_args(arguments).scenario or list(SCENARIOS)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    for name in chosen:
        began = time.process_time()
        outcome = run_virtually(SCENARIOS[name]())
        line = outcome.line() | {"cpu_s": round(time.process_time() - began, 1)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
