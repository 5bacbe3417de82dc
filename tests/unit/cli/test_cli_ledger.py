"""What `xerelay ledger rebuild` says where it must not begin."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli_ledger import CommandLine
from tests.support.sample_ledger import lease_of


def test_a_rebuild_beside_a_worker_is_put_off_for_as_long_as_xeros_lists_may_trail_a_payment(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    line.in_ledger(lambda ledger: lease_of(ledger, name="main"))

    refused = line.run("ledger", "rebuild", "--yes")

    assert (refused.exit_code, refused.stdout) == (3, ""), refused.stderr
    assert "stop the workers, wait 10 minutes since the last one ran" in refused.stderr
