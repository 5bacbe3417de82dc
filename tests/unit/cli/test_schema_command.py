from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from worker.cli.schema import app

run = CliRunner().invoke


def test_show_prints_one_document() -> None:
    result = run(app, ["show", "store.invoice.changed"])

    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "store.invoice.changed"


def test_show_of_an_unknown_name_lists_the_names() -> None:
    result = run(app, ["show", "store.coupon.changed"])

    assert result.exit_code == 2
    assert "store.invoice.changed" in result.stderr


def test_export_writes_where_it_is_told(tmp_path: Path) -> None:
    result = run(app, ["export", "--to", str(tmp_path / "new")])

    assert result.exit_code == 0
    assert (tmp_path / "new/asyncapi.json").exists()


def test_export_to_an_impossible_place_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run(app, ["export", "--to", str(tmp_path / "file" / "below")])

    assert result.exit_code == 2
    assert "choose another folder" in result.stderr


def test_check_passes_on_the_checked_in_files() -> None:
    result = run(app, ["check"])

    assert result.exit_code == 0


def test_check_names_stale_files_and_the_way_out(tmp_path: Path) -> None:
    result = run(app, ["check", "--in", str(tmp_path)])

    assert result.exit_code == 1
    assert "asyncapi.json" in result.stderr
    assert "xerelay schema export" in result.stderr
