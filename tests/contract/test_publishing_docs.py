from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import REASONS
from schemas.export import COMMAND_MODELS
from worker.cli.publish import PATIENCE_S

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["publish.php", "publish.mjs"])
def test_the_documentation_shows_the_example_as_it_is(name: str) -> None:
    example = (ROOT / "examples" / name).read_text(encoding="utf-8")

    assert example in (ROOT / "docs/publishing.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", [*REASONS, *COMMAND_MODELS])
def test_every_reason_and_command_is_documented(word: str) -> None:
    assert f"| `{word}` |" in (ROOT / "docs/messages.md").read_text(encoding="utf-8")


def test_the_documentation_says_how_long_a_run_waits_for_a_broker() -> None:
    said = (ROOT / "docs/publishing.md").read_text(encoding="utf-8")

    assert f"The run ends when the broker is away for {PATIENCE_S} seconds" in said
