"""A headless Chromium, as a person with a keyboard uses it: by labels, links and buttons. Waits by polling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.support.chromium_programs import find_chromium

DESKTOP = (1000, 700)
PHONE = (360, 740)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_PATIENCE_S = 60.0
_POLL_S = 0.1
_TEXT = "return document.body ? document.body.innerText : ''"
_WIDTHS = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
T = TypeVar("T")


class Person:
    """Somebody in front of the browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def go(self, address: str) -> None:
        self.driver.get(address)

    def click(self, text: str) -> None:
        """A link or a button by what it says; what only a screen reader says counts too."""
        self._within(lambda: self._clickable(text).click())

    def follow(self, address: str) -> None:
        """A link by where it leads to: `address` is a part of that."""
        self._within(lambda: self.driver.find_element(By.CSS_SELECTOR, f'a[href*="{address}"]').click())

    def fill(self, label: str, value: str) -> None:
        """A field by its label."""
        field = self._within(lambda: self._field(label))
        field.clear()
        field.send_keys(value)

    def choose(self, label: str, option: str) -> None:
        """An option of a list whose words contain `option`."""
        options = Select(self._within(lambda: self._field(label))).options
        next(one for one in options if option in one.text).click()

    def text(self) -> str:
        """What the page says; empty while it is changing, for some pages load themselves again."""
        with suppress(WebDriverException):
            return str(self.driver.execute_script(_TEXT))
        return ""

    def sees(self, words: str, *, within_s: float = _PATIENCE_S) -> None:
        """The page says this, at last."""
        self.until(lambda: words in self.text(), within_s=within_s, what=f"the page should say {words!r}")

    def has(self, words: str) -> bool:
        return words in self.text()

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        wide, there = self.driver.execute_script(_WIDTHS)
        return int(wide) - int(there)

    def resize(self, size: tuple[int, int]) -> None:
        """The window's inside has this size; a headless window has no frame, but a least width."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < DESKTOP[0] // 2}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def picture(self, path: Path) -> None:
        """A screenshot."""
        path.write_bytes(self.driver.get_screenshot_as_png())

    def _clickable(self, text: str) -> WebElement:
        found = self.driver.find_elements(By.CSS_SELECTOR, "a, button, summary")
        return next(one for one in found if text in str(one.get_property("textContent")))

    def _field(self, label: str) -> WebElement:
        labels = self.driver.find_elements(By.TAG_NAME, "label")
        named = next(one for one in labels if label in one.text)
        inside = named.find_elements(By.CSS_SELECTOR, "input, select")
        return inside[0] if inside else self.driver.find_element(By.ID, str(named.get_attribute("for")))

    def _within(self, find: Callable[[], T]) -> T:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return find()
            except (StopIteration, WebDriverException) as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{type(error).__name__} on {self.where()}") from None
                time.sleep(_POLL_S)

    def until(self, condition: Callable[[], object], *, within_s: float = _PATIENCE_S, what: str = "") -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s: {what}, on {self.where()}"
            time.sleep(_POLL_S)

    def where(self) -> str:
        """Address and text, for a failure's message."""
        return f"{self.driver.current_url}:\n{self.text()[:3000]}"


@contextmanager
def chromium(folder: Path) -> Iterator[Person]:
    """A browser with a profile of its own below `folder`. Raises ServiceError where it cannot be had."""
    found = find_chromium()
    options = webdriver.ChromeOptions()
    options.binary_location = found.browser
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=found.driver))
    try:
        driver.set_page_load_timeout(_PATIENCE_S)
        person = Person(driver)
        person.resize(DESKTOP)
        yield person
    finally:
        driver.quit()
