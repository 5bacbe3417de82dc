"""What is common to the parts of a snapshot: small frozen structs, which check what they are made of.

A sale has some ten of them. As models each would take ten times the memory, and as long to make.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Self, TypeVar, get_type_hints

from msgspec import NODEFAULT, Struct, StructMeta
from msgspec.structs import asdict, fields
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidatorFunctionWrapHandler,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

# a field this version does not know is ignored, so that adding one is compatible
_CONFIG = ConfigDict(extra="ignore", hide_input_in_errors=True)


class PartType(StructMeta):
    """Calling a part checks what is given, and raises pydantic's `ValidationError`."""

    def __call__(cls, /, **given: Any) -> Any:  # noqa: N805 # what is called is the part
        """The part."""
        return made_of(cls, **vars(model_of(cls).model_validate(given)))


class Part(Struct, metaclass=PartType, frozen=True, gc=False):
    """Base of all parts, which hold nothing that could hold them. Its own kinds take their fields by name."""

    def check(self) -> None:
        """Raise `PydanticCustomError` where fields do not go together."""

    def __replace__(self, /, **given: Any) -> Self:
        """What `copy.replace` asks since Python 3.13; msgspec's own would not check what is given."""
        return changed(self, **given)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            partial(_validated, cls),
            handler(model_of(cls)),
            serialization=core_schema.plain_serializer_function_ser_schema(
                asdict, return_schema=_written(cls, handler)
            ),
        )


P = TypeVar("P", bound=Part)


def _validated(part: type[P], value: Any, of_model: ValidatorFunctionWrapHandler) -> P:
    return value if isinstance(value, part) else unchecked(part, vars(of_model(value)))


def changed(made: P, /, **given: Any) -> P:
    """The same part with other values of these fields, checked."""
    again: P = type(made)(**(asdict(made) | given))
    return again


made_of: Callable[..., Any] = StructMeta.__call__
"""A part of fields that are known to be valid: the part, and they by name."""


def unchecked(part: type[P], given: dict[str, Any]) -> P:
    """As `made_of`."""
    made: P = made_of(part, **given)
    return made


@cache
def model_of(part: Any) -> type[BaseModel]:
    """A model of the same fields: what pydantic knows of a part."""

    def check(made: Any) -> Any:
        part.check(made)
        return made

    make: Any = create_model  # its types know no fields by computed names
    model: type[BaseModel] = make(
        part.__name__,
        __config__=_CONFIG,
        __doc__=part.__doc__,
        __module__=part.__module__,
        __validators__={"check": model_validator(mode="after")(check)},
        **{name: (kind, ... if default is NODEFAULT else default) for name, kind, default in _fields(part)},
    )
    return model


def _written(part: type[Part], handler: GetCoreSchemaHandler) -> CoreSchema:
    """How a dictionary of the fields is written."""
    written = {name: (handler.generate_schema(kind), default) for name, kind, default in _fields(part)}
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(
                schema if default is NODEFAULT else core_schema.with_default_schema(schema, default=default)
            )
            for name, (schema, default) in written.items()
        }
    )


def _fields(part: type[Part]) -> list[tuple[str, Any, Any]]:
    """Name, annotated type, and default."""
    types = get_type_hints(part, include_extras=True)
    return [(field.name, types[field.name], field.default) for field in fields(part)]
