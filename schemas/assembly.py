"""Values of parts that are known to be valid, made without looking at them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound="DataclassInstance")
_set = object.__setattr__


def assembled(model: type[M], parts: dict[str, Any]) -> M:
    """`model` of all its fields, none of them checked or filled in; keeps `parts`.

    As `model_construct`, in half the time: that one looks for defaults and aliases, which are not needed here.
    """
    made = model.__new__(model)
    _set(made, "__dict__", parts)
    _set(made, "__pydantic_fields_set__", set(parts))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


def assembled_part(kind: type[D], parts: dict[str, Any]) -> D:
    """`kind`, a dataclass of the contract, of all its fields, none of them checked."""
    made = kind.__new__(kind)
    for name, value in parts.items():
        _set(made, name, value)
    return made
