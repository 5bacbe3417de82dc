"""What the parts of one store's agent share."""

from __future__ import annotations

from dataclasses import dataclass

from producers.checkpoints import Checkpoints
from producers.pace import Clock, Pace, Stop
from producers.patience import Patience
from producers.posting import Posting
from producers.runs import Runs
from producers.steps import Steps
from producers.store import StoreSource
from producers.translation import Translator


@dataclass(frozen=True, slots=True)
class Session:
    """One store, the way to the exchange, and the memory of both."""

    source: StoreSource
    checkpoints: Checkpoints
    runs: Runs
    posting: Posting
    translator: Translator
    patience: Patience
    clock: Clock
    pace: Pace
    stop: Stop
    steps: Steps

    @property
    def store(self) -> str:
        """The store's name."""
        return self.translator.store
