"""docs/parked.md knows every reason there is, and none that is no longer one."""

from __future__ import annotations

import re
from pathlib import Path

from worker.ledger.held.succession import REFUSED
from worker.xero.messages import REASONS

ROOT = Path(__file__).parents[2]
# as they stand in calls: the reason comes first, or after what it is about
SAID = re.compile(
    r"\b(?:Unmappable|Unsound|unsound|Undecodable|Clash|Fault|Stop|park|failed|waiting_until)"
    r'\((?:[a-z_.\[\]]+, )*\s*"([a-z]+(?:_[a-z]+)*)"'
)


def source() -> str:
    files = [path for folder in ("worker", "schemas") for path in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(path.read_text() for path in files)


def page() -> str:
    return (ROOT / "docs" / "parked.md").read_text()


def promised(text: str | None = None) -> set[str]:
    rows = re.findall(r"^\| (`[^|]*`) \|", text or page(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


def never_parked() -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", page().partition("## Held, not parked")[2]))


def test_every_reason_has_its_row() -> None:
    said = set(SAID.findall(source()))

    assert {"tax_unmapped", "undecodable", "voided_in_xero", "overpaid", "tax_rate_unequal", "number_taken"} <= said
    assert (said | REASONS) - promised() - never_parked() == set()


def test_no_row_is_of_a_reason_that_nobody_gives() -> None:
    text = source()

    # replies of Xero give their own kind as the reason
    assert {reason for reason in promised() | never_parked() if f'"{reason}"' not in text} == set()


def test_the_first_table_has_what_a_message_is_refused_for_and_nothing_else_is() -> None:
    table = page().partition("## The message\n")[2].partition("\n## ")[0]

    assert promised(table) == REFUSED
    assert not REFUSED & REASONS


def test_the_rows_are_whole() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]

    assert [line for line in rows if line.count(" | ") != 3] == []
