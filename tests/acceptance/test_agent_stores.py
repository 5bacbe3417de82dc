"""The agents of several stores in one process: what is wrong with one store is no other's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.shop_stage import ShopStage, logged

AN_ADMINISTRATORS = """
[stores.magento_shop]
kind = "magento"
url = "http://127.0.0.1:1"
organisation = "{org}"
auth = {{ access_token = "eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOjF9.c2ln" }}
"""


@pytest.fixture
async def stage(tmp_path: Path, amqp_url: str, unique_org: str) -> AsyncIterator[ShopStage]:
    ledger_url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger_url)
    with made.config.open("a") as config:
        config.write(AN_ADMINISTRATORS.format(org=unique_org))
    yield made
    await made.close()


async def test_a_store_that_refuses_when_it_is_opened_is_told_and_the_others_are_served(stage: ShopStage) -> None:
    stage.shop.trade(3)

    process = stage.agent()
    await stage.until(lambda: logged(stage.log(), "changes.published"), what="the other store")
    await stage.until(lambda: logged(stage.log(), "store.refuses"), what="the refusal")
    process.terminate()
    await stage.until(lambda: process.poll() is not None, what="the agent gone")

    [refused] = logged(stage.log(), "store.refuses")
    assert (refused["store"], refused["level"]) == ("magento_shop", "error")
    assert "access_token is not an integration's" in refused["detail"]
    assert process.returncode == 0
    assert "Traceback" not in stage.log()
