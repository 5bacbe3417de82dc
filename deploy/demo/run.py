"""The demo from start to report."""

from __future__ import annotations

import asyncio
import json
import tempfile
import uuid
from pathlib import Path

from rich.console import Console

from deploy.demo.chain import Plan, play
from deploy.demo.processes import ProcessFailed
from deploy.demo.progress import Progress
from deploy.demo.report import is_right, show, summary
from deploy.services import broker_service
from deploy.services.process import tail

_LOGS = ("agent.log", "worker.log", "shop.log", "xero.log")


def run(plan: Plan, report: Path) -> int:
    """The exit code: 0 when the books are complete and equal to the cent."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="xerelay-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        console.print("starting RabbitMQ …")
        (folder / "broker").mkdir(mode=0o755)
        with broker_service(folder / "broker") as broker:
            organisation = "main" if broker.can_restart else f"demo_{uuid.uuid4().hex[:8]}"
            try:
                with Progress(console) as progress:
                    evening = asyncio.run(play(plan, organisation, broker.url, folder, progress))
            except ProcessFailed as error:
                console.print(f"{error}\n{_logs(folder)}")
                return 1
        right = is_right(evening)
        if not right:
            console.print(_logs(folder))
    document = summary(evening)
    report.write_text(json.dumps(document, indent=2) + "\n")
    show(console, document, evening)
    console.print(f"report: {report}")
    return 0 if right else 1


def _logs(folder: Path) -> str:
    """How the parts' logs end, which are gone with the demo."""
    return "\n".join(f"{name} ends\n{tail(folder / name)}" for name in _LOGS)
