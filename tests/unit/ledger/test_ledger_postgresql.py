"""What is said to PostgreSQL beside the person's own URL, which counts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.engine import make_url

from worker.ledger.database.postgresql import connect_arguments

OURS = "-c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000 -c statement_timeout=30000"


def arguments(query: str) -> dict[str, Any]:
    return connect_arguments(make_url(f"postgresql+psycopg://me@db/ledger{query}"), answers_within_s=60.0)


def test_a_host_that_vanished_is_noticed_by_tcp_and_no_connecting_takes_long() -> None:
    found = arguments("")

    assert {name: found[name] for name in found if name.startswith(("connect_timeout", "keepalives", "tcp"))} == {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


@pytest.mark.parametrize(
    "name", ["connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"]
)
def test_what_the_url_sets_is_left_to_it(name: str) -> None:
    found = arguments(f"?{name}=77&sslmode=require")

    assert name not in found
    assert found.keys() == (arguments("").keys() - {name})


def test_options_of_the_url_come_last_and_the_last_counts() -> None:
    assert arguments("?options=-c%20statement_timeout%3D90000")["options"] == f"{OURS} -c statement_timeout=90000"
