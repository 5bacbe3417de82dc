"""What only those who read them can tell of the URLs of broker and ledger. Connects to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from producers.amqp import BadBrokerSettings
from worker.broker import broker_settings
from worker.settings import Settings, SettingsError
from worker.settings.problems import Problem


def check_urls(settings: Settings) -> None:
    """Raises `SettingsError` for what the settings' own model cannot know."""
    found = tuple(_problems(settings))
    if found:
        raise SettingsError(found)


def _problems(settings: Settings) -> Iterator[Problem]:
    yield from _broker(settings)
    yield from _ledger(settings.ledger.url.get_secret_value())


def _ledger(url: str) -> Iterator[Problem]:
    if "?" not in url:
        return
    from worker.ledger.database.postgresql import parameter_faults  # noqa: PLC0415 - who only publishes needs no SQL

    for fault in parameter_faults(url):
        yield Problem("ledger.url", fault)


def _broker(settings: Settings) -> Iterator[Problem]:
    for path, url in (("broker.url", settings.broker.url), ("console.broker_url", settings.console.broker_url)):
        try:
            if url is not None:
                broker_settings(settings, url)
        except BadBrokerSettings as error:
            yield Problem(path, str(error))
