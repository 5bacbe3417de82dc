"""Where `xerelay publish` sends events: to which broker, for which organisations, by which lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from producers.amqp import BrokerSettings
from producers.bulk import LineRefused
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from worker.broker import broker_settings
from worker.settings import SettingsError, load
from worker.settings.load import DEFAULT_PATH, PREFIX
from worker.settings.organisation import LaneChoice
from worker.settings.problems import Problem
from worker.settings.values import short_name

AMQP_URL = "AMQP_URL"


@dataclass(frozen=True, slots=True)
class Route:
    """Without organisations any is taken, and its queues must be there. `lane` goes over the configured `lanes`."""

    broker: BrokerSettings
    organisations: tuple[str, ...] = ()
    lanes: Mapping[str, Mapping[Entity, LaneChoice]] = field(default_factory=dict)
    lane: Lane | None = None

    def lane_of(self, event: Event) -> Lane | None:
        """The lane of an event, None when it is off. Raises `LineRefused`."""
        if self.organisations and event.organisation not in self.organisations:
            known = ", ".join(self.organisations)
            raise LineRefused(f"organisation {event.organisation!r} is none of those to publish to: {known}")
        if self.lane is not None:
            return self.lane
        choice = self.lanes.get(event.organisation, {}).get(event.entity, Lane.IMMEDIATE)
        return None if choice == "off" else choice


def find_route(
    *,
    config: Path | None,
    broker_url: str | None,
    organisations: Sequence[str],
    lane: Lane | None,
    environ: Mapping[str, str],
) -> Route:
    """The route of one run. Raises `SettingsError`."""
    if not _is_configured(config, environ):
        url = broker_url or environ.get(AMQP_URL)
        if not url:
            text = f"no broker is known; give --config, or --broker-url, or set {AMQP_URL}"
            raise SettingsError([Problem("--broker-url", text)])
        return Route(BrokerSettings(url=url), tuple(map(_organisation, organisations)), {}, lane)
    settings = load(config, environ)
    unknown = [name for name in organisations if name not in settings.organisations]
    if unknown:
        text = f"{', '.join(unknown)}: not configured; there is: {', '.join(settings.organisations)}"
        raise SettingsError([Problem("--org", text)])
    lanes = {name: organisation.lanes for name, organisation in settings.organisations.items()}
    broker = broker_settings(settings, SecretStr(broker_url) if broker_url else None)
    return Route(broker, tuple(organisations or lanes), lanes, lane)


def _organisation(name: str) -> str:
    """As it is, where it can be one: queues are declared for it, and `*` would take every organisation's events."""
    try:
        return short_name(name)
    except ValueError as error:
        raise SettingsError([Problem("--org", f"{name!r}: {error}")]) from None


def _is_configured(config: Path | None, environ: Mapping[str, str]) -> bool:
    return config is not None or DEFAULT_PATH.exists() or any(name.startswith(PREFIX) for name in environ)
