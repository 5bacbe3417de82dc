"""The demo from start to report."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import uuid
from pathlib import Path

from rich.console import Console

from deploy.demo.chain import Chain, Evening, Plan, play
from deploy.demo.keeping import stay
from deploy.demo.processes import ProcessFailed
from deploy.demo.progress import Progress
from deploy.demo.report import is_right, show, summary
from deploy.services import broker_service
from deploy.services.process import tail

_LOGS = ("agent.log", "worker.log", "shop.log", "xero.log")


def run(plan: Plan, report: Path, *, keep: bool) -> int:
    """The exit code: 0 when the books are complete and equal to the cent. `keep` leaves all up until a signal."""
    console = Console()
    _end_in_order()
    with tempfile.TemporaryDirectory(prefix="xerelay-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        console.print("starting RabbitMQ …")
        (folder / "broker").mkdir(mode=0o755)
        with broker_service(folder / "broker") as broker:
            organisation = "main" if broker.can_restart else f"demo_{uuid.uuid4().hex[:8]}"
            try:
                with Progress(console) as progress:

                    async def after(evening: Evening, chain: Chain) -> None:
                        progress.end()
                        _tell(console, evening, report, folder)
                        if keep:
                            await stay(chain, console)

                    evening = asyncio.run(play(plan, organisation, broker.url, folder, progress, after=after))
            except ProcessFailed as error:
                console.print(f"{error}\n{_logs(folder)}", markup=False)
                return 1
    return 0 if is_right(evening) else 1


def _end_in_order() -> None:
    """SIGTERM ends as Ctrl-C does: by itself Python would stop at once and leave the folder behind."""
    # in the background of a script it would be ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def _tell(console: Console, evening: Evening, report: Path, folder: Path) -> None:
    if not is_right(evening):
        console.print(_logs(folder), markup=False)
    document = summary(evening)
    report.write_text(json.dumps(document, indent=2) + "\n")
    show(console, document, evening)
    console.print(f"report: {report}", soft_wrap=True)


def _logs(folder: Path) -> str:
    """How the parts' logs end, which are gone with the demo."""
    return "\n".join(f"{name} ends\n{tail(folder / name)}" for name in _LOGS)
