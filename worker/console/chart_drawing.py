"""A month of requests as bars: where each rectangle goes. Pure; a template makes it SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from worker.ledger.records import Purpose
from worker.views.requests import DayCount

WIDTH, HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 12, 24
_GAP = 3
_LABEL_EVERY = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """The requests of one purpose on one day."""

    day: date
    purpose: Purpose
    requests: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a place."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """`limit_y` is where the line of the day's limit goes; None where it is beyond what is drawn."""

    bars: tuple[Bar, ...]
    days: tuple[Label, ...]
    counts: tuple[Label, ...]
    purposes: tuple[Purpose, ...]
    limit_y: float | None
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    width: int = WIDTH
    height: int = HEIGHT


def draw(days: Sequence[DayCount], *, limit: int) -> Drawing:
    """The days side by side, the purposes of a day upon each other; the highest day fills the height."""
    top = nice(max(day.count.requests for day in days))
    scale = (HEIGHT - _TOP - _BOTTOM) / top
    step = (WIDTH - _LEFT - _RIGHT) / len(days)
    bars: list[Bar] = []
    for index, day in enumerate(days):
        y = float(HEIGHT - _BOTTOM)
        for purpose, count in day.by_purpose.items():
            height = count.requests * scale
            y -= height
            x = _LEFT + index * step + _GAP / 2
            bars.append(Bar(day.day, purpose, count.requests, _r(x), _r(y), _r(step - _GAP), _r(height)))
    last = len(days) - 1
    labels = [
        Label(f"{day.day:%d %b}", _r(_LEFT + (index + 0.5) * step), HEIGHT - 8)
        for index, day in enumerate(days)
        if (last - index) % _LABEL_EVERY == 0
    ]
    counts = [
        Label(f"{value:,}".replace(",", "\u202f"), _LEFT - 6, _r(HEIGHT - _BOTTOM - value * scale))
        for value in (0, top // 2, top)
    ]
    limit_y = _r(HEIGHT - _BOTTOM - limit * scale) if limit <= top else None
    used = tuple(purpose for purpose in Purpose if any(bar.purpose is purpose for bar in bars))
    return Drawing(tuple(bars), tuple(labels), tuple(counts), used, limit_y)


def nice(highest: int) -> int:
    """The next of 10, 20, 50, 100, 200 … that nothing exceeds."""
    size = 10
    while True:
        for factor in (1, 2, 5):
            if highest <= size * factor:
                return size * factor
        size *= 10


def _r(value: float) -> float:
    return round(value, 2)
