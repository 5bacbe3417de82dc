"""Whether a person's consent to an app has one place. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from worker.checking.finding import Finding, odd
from worker.settings import Settings


def check_apps(settings: Settings) -> Iterator[Finding]:
    """Warn of an app that is configured twice, which only two persons may use.

    At Xero a token set is of a person and an app, whichever organisations it reaches.
    https://developer.xero.com/documentation/guides/oauth2/token-types
    """
    in_use = {org.connection for org in settings.organisations.values()}
    apps: defaultdict[str, list[str]] = defaultdict(list)
    for name, connection in settings.connections.items():
        # a custom connection has no consent of ours, and so no refresh token to lose
        if connection.flow != "custom" and name in in_use:
            apps[connection.client_id].append(name)
    for names in apps.values():
        if len(names) > 1:
            which = " and ".join(names)
            text = f"connections {which} have one client_id: where one person allows both, each refresh ends the other"
            yield odd("consent", text, "let their organisations name one of them, or connect each as another person")
