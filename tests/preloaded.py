"""What the processes that tests start have in common: imported once, by the process they are forked from."""

from __future__ import annotations

from importlib import import_module

from worker.cli.lazily import COMMANDS

for _name in ("deploy.sandbox.xero.__main__", "deploy.sandbox.store.__main__", "worker.bootstrap", "worker.agents"):
    import_module(_name)
for _place in COMMANDS.values():
    import_module(f"worker.cli.{_place.partition(':')[0]}")
