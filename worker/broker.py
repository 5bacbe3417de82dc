"""The broker's settings, as those who connect to it take them."""

from __future__ import annotations

from pydantic import SecretStr

from producers.amqp import BrokerSettings
from worker.settings import Settings


def broker_settings(settings: Settings, url: SecretStr | None = None) -> BrokerSettings:
    """Where the broker is, and how to trust it; `url` is another user's than the worker's. Raises BadBrokerSettings."""
    broker = settings.broker
    return BrokerSettings(
        url=(url or broker.url).get_secret_value(),
        ca_file=broker.ca_file,
        cert_file=broker.cert_file,
        key_file=broker.key_file,
    )
