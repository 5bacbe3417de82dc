"""What the contract's models look like as JSON, and what makes them of it where nothing is wrong.

msgspec reads a message into structs in a tenth of the time that models take, and their values become the models' own.
All of it follows from the models' fields: what they refuse is refused here, too, but only they say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, Union, cast, get_args, get_origin, runtime_checkable

from annotated_types import MaxLen, MinLen
from msgspec import NODEFAULT, Meta, Struct, defstruct
from msgspec.json import Decoder
from pydantic import AfterValidator, BaseModel, PlainSerializer, Strict, StringConstraints
from pydantic_core import PydanticUndefined

from schemas.assembly import assembled
from schemas.memory import Memory
from schemas.part import Part, PartType, made_of, model_of
from schemas.text import ONE_LINE, PRINTABLE_ASCII, SEVERAL_LINES, VISIBLE_ASCII

Convert = Callable[[Any], Any]


@runtime_checkable
class Textual(Protocol):
    """Marks a field whose value stands in JSON as a text."""

    @property
    def pattern(self) -> str:
        """What the text has to match."""

    @property
    def make(self) -> Callable[[str], object]:
        """What makes the value of a text that does. It raises `ValueError`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`wire` is what msgspec reads; `made` the expression that makes the value of `{raw}`, by what is `{known}`."""

    wire: Any
    made: str = "{raw}"
    known: Any = None


def fields_reader(model: type[BaseModel], *, is_plain: bool) -> Callable[[bytes], dict[str, Any]]:
    """What reads JSON as all fields of `model`, whose validators of several fields are not asked.

    It raises `ValueError` and `msgspec.MsgspecError`. `is_plain`: only for JSON without control characters, whose
    texts need not be searched for them.
    """
    shapes = _shapes(model, is_plain)
    read, make = Decoder(_struct(model, shapes)).decode, _maker("dict({fields})", shapes, {})
    return lambda body: make(read(body))


@cache
def _model(model: type[BaseModel], is_plain: bool) -> Shape:
    shapes = _shapes(model, is_plain)
    checks = [check.func for check in model.__pydantic_decorators__.model_validators.values()]
    known = {"assembled": assembled, "model": model}
    make = _maker("assembled(model, dict({fields}))", shapes, known, checks)
    return Shape(_struct(model, shapes), "{known}({raw})", make)


@cache
def _part(part: type[Part], is_plain: bool) -> Shape:
    model = model_of(part)
    shapes = _shapes(model, is_plain)
    checks = [] if part.check is Part.check else [part.check]
    make = _maker("made_of(part, {fields})", shapes, {"made_of": made_of, "part": part}, checks)
    return Shape(_struct(model, shapes), "{known}({raw})", make)


def _maker(
    made: str, shapes: dict[str, Shape], known: dict[str, Any], checks: Iterable[Convert] = ()
) -> Callable[[Struct], Any]:
    """A function written for these fields: one that goes through them in a loop takes twice as long."""
    scope = known | {f"{name}_known": shape.known for name, shape in shapes.items()}
    scope |= {f"check_{number}": check for number, check in enumerate(checks)}
    fields = (f"{name}={shape.made.format(raw=f'raw.{name}', known=f'{name}_known')}" for name, shape in shapes.items())
    lines = [
        f"made = {made.format(fields=', '.join(fields))}",
        *(f"{name}(made)" for name in scope if name.startswith("check_")),
    ]
    exec("\n ".join(["def make(raw):", *lines, "return made"]), scope)  # noqa: S102 # of the models' own names alone
    return cast("Callable[[Struct], Any]", scope["make"])


def _shapes(model: Any, is_plain: bool) -> dict[str, Shape]:
    fields = model.__pydantic_fields__
    return {name: _shape(field.annotation, field.metadata, is_plain) for name, field in fields.items()}


def _struct(model: Any, shapes: dict[str, Shape]) -> Any:
    defaults = {name: field.default for name, field in model.__pydantic_fields__.items()}
    members = [(name, shape.wire, _default(defaults[name], shape)) for name, shape in shapes.items()]
    return defstruct(model.__name__, members, kw_only=True, frozen=True, gc=False)


def _default(value: Any, shape: Shape) -> Any:
    """What stands for a field that is left out: as it would be read."""
    if value is PydanticUndefined:
        return NODEFAULT
    if isinstance(value, Decimal):
        return str(value)
    return shape.wire() if isinstance(value, Part) else value


def _shape(kind: Any, marks: Iterable[Any], is_plain: bool) -> Shape:
    """Of one field, whose type and what it is annotated with are these."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shape(arguments[0], (*arguments[1:], *marks), is_plain)
    if origin in (Union, UnionType):
        (inner,) = (one for one in arguments if one is not NoneType)
        return _optional(_shape(inner, marks, is_plain))
    if origin is tuple:
        return _marked(_several(_shape(arguments[0], (), is_plain)), marks, is_plain)
    if isinstance(kind, PartType):
        return _part(kind, is_plain)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind, is_plain)
    return _marked(Shape(kind), marks, is_plain)


def _optional(shape: Shape) -> Shape:
    made = shape.made if isinstance(shape.known, Memory) else f"None if {{raw}} is None else {shape.made}"
    return replace(shape, wire=shape.wire | None, made=made)


def _several(shape: Shape) -> Shape:
    wire = tuple.__class_getitem__((shape.wire, ...))
    return Shape(wire) if shape.known is None else Shape(wire, "tuple(map({known}, {raw}))", shape.known)


def _marked(shape: Shape, marks: Iterable[Any], is_plain: bool) -> Shape:
    limits: dict[str, Any] = {}
    for mark in marks:
        match mark:
            case Textual():
                shape = _remembered(mark.pattern, mark.make)
            case StringConstraints():
                limits |= {"min_length": mark.min_length, "max_length": mark.max_length}
                if mark.pattern is not None:
                    limits["pattern"], shape = _searched(str(mark.pattern), is_plain)
            case MinLen():
                limits["min_length"] = mark.min_length
            case MaxLen():
                limits["max_length"] = mark.max_length
            case AfterValidator():
                shape = _remembered(shape.known.pattern, _then(shape.known.make, cast("Convert", mark.func)))
            case Strict() | PlainSerializer():
                pass  # msgspec is strict, and here nothing is written
            case _:
                raise TypeError(f"{mark!r} has no counterpart where JSON is read")
    return replace(shape, wire=Annotated[shape.wire, Meta(**limits)]) if limits else shape


@cache  # what is made of the same text is the same, whichever field it is of
def _remembered(pattern: str, make: Convert) -> Shape:
    return Shape(str, "{known}[{raw}]", Memory(pattern, make))


def _then(first: Convert, second: Convert) -> Convert:
    return lambda text: second(first(text))


def _searched(pattern: str, is_plain: bool) -> tuple[str | None, Shape]:
    """What msgspec has to search a text for, and what else has to look at it."""
    if pattern not in _TEXTS:
        return None, _remembered(pattern, str)  # a currency, a country, a name of ours
    if is_plain:
        look = _TEXTS[pattern]
        return None, Shape(str, "{known}({raw})", look) if look else Shape(str)
    return pattern.removesuffix("$") + r"\Z", Shape(str)  # in Python `$` matches before a last line break, too


def _ascii(text: str) -> str:
    if not text.isascii():
        raise ValueError(PRINTABLE_ASCII)
    return text


def _visible(text: str) -> str:
    if " " in text or not text.isascii():
        raise ValueError(VISIBLE_ASCII)
    return text


_TEXTS: dict[str, Convert | None] = {
    ONE_LINE: None,
    SEVERAL_LINES: None,
    PRINTABLE_ASCII: _ascii,
    VISIBLE_ASCII: _visible,
}
"""What has to be looked at in a text without control characters."""
