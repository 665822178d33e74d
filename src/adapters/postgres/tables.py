"""Statements that write many rows at once: one array a column, and of what need not be said nothing.

A column that is nowhere set, or says the same in every row, takes no array; one that an update leaves as it was is left
out. So there are several texts of each statement; each is built from names once, never from values, and kept.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

# Arrays of these are sent as they are. Others go as text: the driver then need not ask what they are.
_BUILT_IN = frozenset(("uuid", "text", "boolean", "integer", "bigint", "bytea", "timestamptz"))
# Comparing these costs more than an array of them.
_NOT_COMPARED = frozenset(("uuid", "bytea", "timestamptz", "json", "jsonb"))
_ARRAY, _SAME, _NULL, _UNCHANGED = "a", "s", "n", "u"
_WORDS = "words"
_NUMBER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """``table`` is what it writes to; None for one that must see what others have written."""

    sql: str
    arguments: Sequence[Any]
    table: str | None = None


class Table:
    """A table's columns with their types.

    ``columns`` reads "name type, name type"; each name is an attribute of the objects that are written. ``derived`` are
    columns that objects may say otherwise than their row did when it was read: they are always written. A column of
    ``words`` is a text of words here and an array of texts there.
    """

    def __init__(self, name: str, columns: str, key: str, *, derived: str = "") -> None:
        kinds = dict(column.split(" ") for column in columns.split(", "))
        self.name = name
        self._kinds = kinds
        self._keys = key.split(", ")
        self._key = key
        self._written = frozenset((*self._keys, *derived.split()))
        self._attributes = attrgetter(*kinds)
        self.columns = tuple(kinds)
        self.names = ", ".join(kinds)
        self._texts: dict[tuple[str, str], str] = {}

    def of(self, alias: str, prefix: str = "", **derived: str) -> str:
        """The columns with an alias in front; with a prefix, named by it. ``derived``: expressions for some."""
        return ", ".join(
            f"{derived.get(column, f'{alias}.{column}')} AS {prefix}{column}" for column in self.columns
        )

    def values(self, thing: Any) -> tuple[Any, ...]:
        """What an object says, column by column."""
        found: tuple[Any, ...] = self._attributes(thing)
        return found

    def position(self, column: str) -> int:
        return self.columns.index(column)

    def inserting(self, things: Sequence[Any]) -> list[Statement]:
        """One statement for all of them; none for nothing."""
        return self.inserting_rows([self.values(each) for each in things])

    def inserting_rows(self, rows: Sequence[Sequence[Any]]) -> list[Statement]:
        """The same for what is in the order of the columns already."""
        return [self._shaped("insert", rows)] if rows else []

    def upserting(self, things: Sequence[Any]) -> list[Statement]:
        """Insert, or update where the key is there."""
        return [self._shaped("upsert", [self.values(each) for each in things])] if things else []

    def updating(
        self, things: Sequence[Any], before: Sequence[tuple[Any, ...]] | None = None
    ) -> list[Statement]:
        """Update by key; ``before`` is what each said when it was read."""
        return [self._shaped("update", [self.values(each) for each in things], before)] if things else []

    def _shaped(
        self, verb: str, rows: Sequence[Sequence[Any]], before: Sequence[Sequence[Any]] | None = None
    ) -> Statement:
        columns = list(zip(*rows, strict=True))
        were: list[Any] = [None] * len(columns) if before is None else list(zip(*before, strict=True))
        shape, arguments = "", []
        for (name, kind), column, was in zip(self._kinds.items(), columns, were, strict=True):
            form = _UNCHANGED if column == was and name not in self._written else _form(column, kind)
            shape += form
            if form == _ARRAY:
                arguments.append(_plain(column, kind))
            elif form == _SAME:
                arguments.append(column[0])
        text = self._texts.get((verb, shape))
        if text is None:
            text = self._texts[verb, shape] = self._text(verb, shape)
        return Statement(text, arguments, self.name)

    def _text(self, verb: str, shape: str) -> str:
        values, arrays, named, number = {}, [], [], 0
        for (column, kind), form in zip(self._kinds.items(), shape, strict=True):
            sent = kind if kind in _BUILT_IN else "text"
            if form in (_ARRAY, _SAME):
                number += 1
            if form == _ARRAY:
                arrays.append(f"${number}::{sent}[]")
                named.append(column)
                values[column] = _cast(f"v.{column}", kind)
            elif form == _SAME:
                values[column] = _cast(f"${number}::{sent}", kind)
            elif form == _NULL:
                values[column] = _cast("NULL", kind)
        source = f"unnest({', '.join(arrays)}) WITH ORDINALITY AS v({', '.join(named)}, place)"
        if verb == "update":
            changed = ", ".join(
                f"{name} = {value}" for name, value in values.items() if name not in self._keys
            )
            same = " AND ".join(f"t.{name} = {values[name]}" for name in self._keys)
            return f"UPDATE {self.name} AS t SET {changed} FROM {source} WHERE {same}"
        insert = (
            f"INSERT INTO {self.name} ({', '.join(values)}) "
            f"SELECT {', '.join(values.values())} FROM {source} ORDER BY v.place"
        )
        if verb == "insert":
            return insert
        renewed = ", ".join(f"{name} = EXCLUDED.{name}" for name in self._kinds if name not in self._keys)
        return f"{insert} ON CONFLICT ({self._key}) DO UPDATE SET {renewed}"


def together(statements: Iterable[Statement]) -> list[Statement]:
    """The same writing in fewer statements: neighbours that write to different tables become one.

    Constraints between tables are checked when all of it is written, as they would be at the end of each.
    """
    joined: list[list[Statement]] = [[]]
    for statement in statements:
        seen = {each.table for each in joined[-1]}
        if joined[-1] and (statement.table is None or None in seen or statement.table in seen):
            joined.append([])
        joined[-1].append(statement)
    return [_joined(group) for group in joined if group]


def _joined(group: list[Statement]) -> Statement:
    if len(group) == 1:
        return group[0]
    sql = _joined_text(tuple((each.sql, len(each.arguments)) for each in group))
    return Statement(sql, [argument for each in group for argument in each.arguments])


@cache
def _joined_text(group: tuple[tuple[str, int], ...]) -> str:
    texts, offset = [], 0
    for sql, count in group:
        texts.append(_renumbered(sql, offset))
        offset += count
    parts = ", ".join(f"part_{place} AS ({text})" for place, text in enumerate(texts[:-1], 1))
    return f"WITH {parts} {texts[-1]}"


def _renumbered(sql: str, by: int) -> str:
    return _NUMBER.sub(lambda found: f"${int(found[1]) + by}", sql)


def _form(column: Sequence[Any], kind: str) -> str:
    first = column[0]
    if first is None:
        return _ARRAY if any(value is not None for value in column) else _NULL
    if kind in _NOT_COMPARED or any(value != first for value in column):
        return _ARRAY
    return _SAME


def _cast(value: str, kind: str) -> str:
    if kind == _WORDS:
        return f"string_to_array({value}, ' ')"
    return value if kind in _BUILT_IN and value != "NULL" else f"{value}::{kind}"


def _plain(column: Sequence[Any], kind: str) -> Sequence[Any]:
    if kind != "jsonb":
        return column
    return [None if value is None else msgspec.json.encode(value).decode() for value in column]
