"""What the processes that tests start have in common: imported once, by the process they are forked from."""

from __future__ import annotations

from importlib import import_module

from worker.cli.lazily import COMMANDS

_STARTED = ("deploy.sandbox.xero.__main__", "deploy.sandbox.store.__main__", "worker.bootstrap", "worker.stores.agents")
_WHEN_USED = ("certifi", "concurrent.futures.thread", "encodings.idna", "httpcore", "uvicorn.lifespan.off")
for _name in (*_STARTED, *_WHEN_USED):  # the latter are imported by libraries, and by no file's head
    import_module(_name)
for _place, _ in COMMANDS.values():
    import_module(f"worker.cli.{_place.partition(':')[0]}")
