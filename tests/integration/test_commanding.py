from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from producers.amqp import BrokerSettings, ConnectionLost
from schemas.commands import ResyncAll
from worker.commanding import ordered, place


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"password": "hidden-1"}, "mend user and password in broker.url"),
        ({"path": "/nowhere"}, "create the virtual host that broker.url ends with"),
    ],
)
async def test_who_is_turned_away_by_the_broker_is_told_so_without_a_wait(
    amqp_url: str, change: dict[str, str], cure: str
) -> None:
    url = urlsplit(amqp_url)
    password, path = change.get("password", url.password), change.get("path", url.path)
    broker = BrokerSettings(f"amqp://{url.username}:{password}@{url.hostname}:{url.port}{path}")

    with pytest.raises(ConnectionLost) as told:
        await place(broker, ordered(ResyncAll(), target="shop", name="resync-all"), queues=())

    assert cure in str(told.value)
    assert "within" not in str(told.value)
    assert "hidden-1" not in str(told.value)
