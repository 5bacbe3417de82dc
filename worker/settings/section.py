"""What all sections of the configuration have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from worker.settings.problems import Contradiction, Problem


class _YesOrNo:
    """What stands in for `true` and `false`: no setting is one, and pydantic would take them for 1 and 0."""

    def __init__(self, value: bool) -> None:
        self._word = "true" if value else "false"

    def __str__(self) -> str:
        return self._word


class Section(BaseModel):
    """Frozen, and closed: a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def contradictions(self) -> Iterator[Problem]:
        """What is wrong between keys that are each right alone; paths begin below this section."""
        yield from ()

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_yes_or_no(cls, value: Any) -> Any:
        return _YesOrNo(value) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        found = tuple(self.contradictions())
        if found:
            raise Contradiction(found)
        return self
