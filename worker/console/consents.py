"""Consents that people are giving in this moment, until Xero sends them back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from worker.clock import Clock
from worker.console.sessions import Session
from worker.xero.connecting import Question

PATIENCE_S = 900.0
_MOST = 50


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    session_id: str
    at: float


class Consents:
    """Keeps the questions that were asked; each is good for one answer, of the session that asked, in 15 minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def ask(self, question: Question, session: Session) -> None:
        """Remember it; of very many the oldest is forgotten."""
        self._asked[question.state] = _Asked(question, session.id, self._clock.monotonic())
        while len(self._asked) > _MOST:
            self._asked.popitem(last=False)

    def take(self, state: str, session: Session) -> Question | None:
        """The question that `state` belongs to, if this session asked it."""
        asked = self._asked.get(state)
        if asked is None or asked.session_id != session.id:
            return None
        del self._asked[state]
        return asked.question if self._clock.monotonic() - asked.at < PATIENCE_S else None
