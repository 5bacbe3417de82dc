"""`python -m worker` is `xerelay`."""

from worker.cli import main

main()
