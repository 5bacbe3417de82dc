"""The `where` of a list: comparisons joined by AND and OR [xero 7]."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from deploy.sandbox.xero.errors import Json, query_refused
from deploy.sandbox.xero.table import Table, at, folded

_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<sign>==|!=|>=|<=|=|>|<|&&|\|\||\(|\)|,))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FOLDED = frozenset({"name", "emailaddress", "accountnumber", "contact.name"})
_JOINS = {"and": "and", "&&": "and", "or": "or", "||": "or"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against one value."""

    path: str
    sign: str
    value: Any

    def matches(self, document: Json) -> bool:
        """Whether a document fits."""
        found = _comparable(at(document, self.path), self.path)
        wanted = _comparable(self.value, self.path)
        if found is None or wanted is None or type(found) is not type(wanted):
            return (self.sign == "!=") is (found is not wanted) and self.sign in {"==", "=", "!="}
        return _COMPARE[self.sign](found, wanted)

    def paths(self) -> Iterator[str]:
        """The field it asks about."""
        yield self.path

    def candidates(self, table: Table) -> list[Json] | None:
        """The documents an index offers, or None where all must be looked at."""
        if self.sign not in {"==", "="} or not isinstance(self.value, str):
            return None
        if self.path == table.id_field:
            document = table.get(self.value)
            return [] if document is None else [document]
        index = table.indexed(self.path)
        return None if index is None else table.find(index, self.value)


@dataclass(frozen=True, slots=True)
class Joined:
    """Two conditions, both or either of which must hold."""

    both: bool
    left: Condition
    right: Condition

    def matches(self, document: Json) -> bool:
        """Whether a document fits."""
        if self.both:
            return self.left.matches(document) and self.right.matches(document)
        return self.left.matches(document) or self.right.matches(document)

    def paths(self) -> Iterator[str]:
        """The fields they ask about."""
        yield from self.left.paths()
        yield from self.right.paths()

    def candidates(self, table: Table) -> list[Json] | None:
        """The documents an index offers, or None where all must be looked at."""
        left, right = self.left.candidates(table), self.right.candidates(table)
        if self.both:
            return left if left is not None else right
        if left is None or right is None:
            return None
        return list({id(document): document for document in [*left, *right]}.values())


Condition = Comparison | Joined


def _comparable(value: Any, path: str) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        return folded(value) if path.lower() in _FOLDED else value
    return value


def parse_where(where: str, fields: frozenset[str]) -> Condition:
    """Read a condition. Only `fields` may be named, in any case. Raises CallRefused."""
    return _Parser(where, fields).parse()


class _Parser:
    def __init__(self, where: str, fields: frozenset[str]) -> None:
        self._fields = {field.lower(): field for field in fields}
        self._tokens = list(_tokens(where))
        self._position = 0

    def parse(self) -> Condition:
        condition = self._either()
        if self._peek() is not None:
            raise query_refused(f"unexpected {self._peek()!r} in the where clause")
        return condition

    def _peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise query_refused("the where clause ends too early")
        self._position += 1
        return token

    def _expect(self, sign: str) -> None:
        if (token := self._next()) != sign:
            raise query_refused(f"expected {sign!r}, not {token!r}, in the where clause")

    def _joins(self, kind: str) -> bool:
        if _JOINS.get((self._peek() or "").lower()) != kind:
            return False
        self._position += 1
        return True

    def _either(self) -> Condition:
        condition = self._both()
        while self._joins("or"):
            condition = Joined(both=False, left=condition, right=self._both())
        return condition

    def _both(self) -> Condition:
        condition = self._one()
        while self._joins("and"):
            condition = Joined(both=True, left=condition, right=self._one())
        return condition

    def _one(self) -> Condition:
        token = self._next()
        if token == "(":  # noqa: S105 - a bracket, not a password
            condition = self._either()
            self._expect(")")
            return condition
        path = self._fields.get(token.lower())
        if path is None:
            raise query_refused(f"No property or field '{token}' exists, or this sandbox does not filter by it")
        sign = self._next()
        if sign not in _COMPARE:
            raise query_refused(f"{sign!r} is no comparison")
        return Comparison(path, sign, self._literal())

    def _literal(self) -> Any:
        token = self._next()
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return Decimal(token)
        word = token.lower()
        if word in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[word]
        return self._call(word)

    def _call(self, word: str) -> Any:
        self._expect("(")
        arguments = [self._literal()]
        while self._peek() == ",":
            self._expect(",")
            arguments.append(self._literal())
        self._expect(")")
        try:
            return _FUNCTIONS[word](arguments)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise query_refused(f"{word} cannot be read: {error}") from error


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "guid": lambda arguments: str(arguments[0]).lower(),
    "datetime": lambda arguments: datetime(*(int(a) for a in arguments), tzinfo=UTC),  # type: ignore[misc, arg-type]  # 3 to 6 numbers
}


def _tokens(where: str) -> Iterator[str]:
    position = 0
    while where[position:].strip():
        found = _TOKEN.match(where, position)
        if found is None:
            raise query_refused(f"the where clause cannot be read from {where[position:][:20]!r}")
        yield found[0].strip()
        position = found.end()
