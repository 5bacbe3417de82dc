"""What the demo says while it runs."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.demo.progress import Progress


def test_a_command_to_copy_stays_on_one_line() -> None:
    out = io.StringIO()
    line = "resync-all sent to shop; see how far it is: xerelay resync-status 97fe095895c4429bb1cd8f84acca68aa --follow"

    Progress(Console(file=out, width=80)).say(line)

    assert out.getvalue() == f"{line}\n"
