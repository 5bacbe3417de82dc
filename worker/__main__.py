"""`python -m worker` is `xerelay`."""

from __future__ import annotations

import os

from worker.first_process import end_at_sigterm


def main() -> None:
    """The command line, whatever takes a while to import behind what has to stand before it."""
    end_at_sigterm(os.getpid())

    from worker.cli import main as command_line  # noqa: PLC0415 - see above

    command_line()


if __name__ == "__main__":
    main()
