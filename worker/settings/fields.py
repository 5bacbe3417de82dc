"""Finding the way in the settings' models: which key holds what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr


def parts(annotation: Any) -> Iterator[Any]:
    """The plain types within an annotation: unions and `Annotated` opened, generics kept."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from parts(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for member in get_args(annotation):
            yield from parts(member)
    else:
        yield annotation


def is_secret(annotation: Any) -> bool:
    """Whether a value of this type must never be shown."""
    return SecretStr in parts(annotation)


def is_path(annotation: Any) -> bool:
    """Whether a value of this type names a file."""
    return Path in parts(annotation)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model of a table, if the annotation is one."""
    for part in parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def named_section_of(annotation: Any) -> type[BaseModel] | None:
    """The model of the tables below `[section.NAME]`, if the annotation is a mapping of them."""
    for part in parts(annotation):
        if get_origin(part) in {dict, Mapping}:
            return section_of(get_args(part)[1])
    return None


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys a person may write in a table: fields, and for every secret its `_file`."""
    fields = model.model_fields
    files = (f"{key}_file" for key, field in fields.items() if is_secret(field.annotation))
    own = (key for key in fields if key != "name")
    return (*own, *files)


def table_at(model: type[BaseModel], path: tuple[str, ...]) -> type[BaseModel] | None:
    """The model of the table at `path`; none where keys are free, or nothing is known."""
    table: type[BaseModel] | None = model
    keys = iter(path)
    for key in keys:
        annotation = annotation_in(table, key)
        named = named_section_of(annotation)
        table = named or section_of(annotation)
        if named is not None:
            next(keys, None)
    return table


def annotation_in(table: type[BaseModel] | None, key: str) -> Any:
    """The annotation of a key of a table, none if it has no such key."""
    field = table.model_fields.get(key) if table is not None else None
    return field.annotation if field is not None else None
