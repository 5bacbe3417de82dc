"""Where the headless browser is: Debian's Chromium and the driver that belongs to it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from deploy.services.install import install
from deploy.services.service import ServiceError

_PACKAGE = "chromium-driver"
"""It brings the Chromium of its own version."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """The paths of both."""

    browser: str
    driver: str


def find_chromium() -> Chromium:
    """What is installed, else an installation by apt. Raises ServiceError."""
    found = _on_path()
    if found is None:
        install(_PACKAGE)
        found = _on_path()
    if found is None:
        raise ServiceError(f"{_PACKAGE} is installed, but chromium or chromedriver is not on the PATH")
    return found


def _on_path() -> Chromium | None:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return Chromium(browser, driver) if browser and driver else None
