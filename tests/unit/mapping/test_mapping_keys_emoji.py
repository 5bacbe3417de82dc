"""Item codes of SKUs with characters that are two units of UTF-16."""

from __future__ import annotations

import pytest

from worker.mapping.keys import item_code


@pytest.mark.parametrize("sku", ["TEDDY-" + "x" * 23 + "🧸", "🧸" * 20, "🧸" * 16])
def test_a_code_has_at_most_thirty_units(sku: str) -> None:
    code = item_code(sku)

    assert len(code.encode("utf-16-le")) // 2 <= 30
    assert "~" in code


@pytest.mark.parametrize("sku", ["🧸" * 15, "ÄÖÜ-" * 7, "SKU-1"])
def test_what_fits_stays_as_it_is(sku: str) -> None:
    assert item_code(sku) == sku
