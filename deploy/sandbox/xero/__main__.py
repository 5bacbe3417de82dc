"""`python -m deploy.sandbox.xero --port N`: the first line on stdout is the URL."""

from __future__ import annotations

import argparse

from deploy.sandbox.xero.server import serve


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.xero", description="a Xero organisation to try on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--organisations", type=int, default=1)
    parser.add_argument("--day-limit", type=int, default=5000, help="calls an app may make per organisation and day")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="decides the order of elements in a reply")
    options = parser.parse_args()
    serve(
        options.port,
        organisations=options.organisations,
        day_limit=options.day_limit,
        latency_ms=options.latency_ms,
        seed=options.seed,
    )


if __name__ == "__main__":
    main()
