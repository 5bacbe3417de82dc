"""`python -m deploy.sandbox.store --port N`: the first line on stdout is the URL."""

from __future__ import annotations

import argparse

from deploy.sandbox.store.server import serve
from deploy.sandbox.store.state import Options


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.store", description="a Magento store to try on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--orders", type=int, default=100, help="orders of the past")
    parser.add_argument("--seed", type=int, default=0, help="decides what is made up")
    parser.add_argument("--trade", type=float, default=0.0, help="events a second")
    parser.add_argument("--version", choices=["2.3", "2.4", "2.4.8"], default="2.4", help="whose quirks it has")
    parser.add_argument("--open-source", action="store_true", help="without gift cards and store credit")
    given = parser.parse_args()
    options = Options(given.orders, given.seed, given.trade, given.version, commerce=not given.open_source)
    serve(given.port, options)


if __name__ == "__main__":
    main()
