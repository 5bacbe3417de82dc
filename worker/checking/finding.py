"""What a check found out, in one line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`warn`: it works, and will not always do what one might expect. `fail`: it does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` is an organisation, a store or a connection, empty for what all share; `cure` is empty where all is well.

    Neither secrets nor personal data.
    """

    level: Level
    topic: str
    text: str
    cure: str = ""
    where: str = ""

    @property
    def line(self) -> str:
        """All of it, whatever came in on one line."""
        told = ": ".join(part for part in (self.where, self.text, self.cure) if part)
        return f"{self.level:<4}  {self.topic:<16}  {' '.join(told.split())}"


def fine(topic: str, text: str, *, where: str = "") -> Finding:
    """As it should be."""
    return Finding(Level.OK, topic, text, where=where)


def odd(topic: str, text: str, cure: str, *, where: str = "") -> Finding:
    """Worth a look."""
    return Finding(Level.WARN, topic, text, cure, where)


def wrong(topic: str, text: str, cure: str, *, where: str = "") -> Finding:
    """To be mended."""
    return Finding(Level.FAIL, topic, text, cure, where)
