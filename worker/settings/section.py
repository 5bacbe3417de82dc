"""What all sections of the configuration have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from worker.settings.problems import Contradiction, Problem


class Section(BaseModel):
    """Frozen, and closed: a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def contradictions(self) -> Iterator[Problem]:
        """What is wrong between keys that are each right alone; paths begin below this section."""
        yield from ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        found = tuple(self.contradictions())
        if found:
            raise Contradiction(found)
        return self
