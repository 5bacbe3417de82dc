"""What `xerelay demo` refuses before it starts anything."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from worker.cli import app


def test_a_report_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["demo", "--report", str(tmp_path / "no" / "report.json")], env={"AMQP_URL": "amqp://127.0.0.1:1/"}
    )

    assert result.exit_code == 2
    assert result.stderr == f"--report: there is no folder {tmp_path / 'no'}; make it, or name another file\n"
