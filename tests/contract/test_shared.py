"""One service for all of pytest-xdist's workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.services import Service
from deploy.services.service import GivenService
from tests.support.shared import shared_url


class Services:
    """Counts what runs; each that starts has a number of its own."""

    def __init__(self) -> None:
        self.started = self.running = 0

    @contextmanager
    def start(self) -> Iterator[Service]:
        self.started += 1
        self.running += 1
        yield GivenService(f"amqp://{self.started}")
        self.running -= 1


def test_the_second_to_need_it_has_what_the_first_has_started(tmp_path: Path) -> None:
    services = Services()

    with shared_url(tmp_path, services.start()) as first, shared_url(tmp_path, services.start()) as second:
        assert first == second

    assert (services.started, services.running) == (1, 0)


def test_it_stays_until_the_last_is_done_though_the_first_is_done_before(tmp_path: Path) -> None:
    services, first, second = Services(), ExitStack(), ExitStack()
    first.enter_context(shared_url(tmp_path, services.start()))
    second.enter_context(shared_url(tmp_path, services.start()))

    ending = threading.Thread(target=first.close)
    ending.start()
    ending.join(0.2)
    assert services.running == 1
    second.close()
    ending.join(10)

    assert services.running == 0


def test_who_needs_it_after_its_end_starts_another(tmp_path: Path) -> None:
    services = Services()
    with shared_url(tmp_path, services.start()):
        pass

    with shared_url(tmp_path, services.start()) as url:
        assert (url, services.running) == ("amqp://2", 1)
