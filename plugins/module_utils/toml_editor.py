# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits TOML text so that what isn't changed stays byte for byte. Pure; knows `[[profile]]`, but none of its keys.

What reads a document (toml_data) also judges where each statement ends; tomlkit renders values. The edits themselves
are made on the text, statement by statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from .errors import ProfileError
from .toml_data import Path, Table, load, merged, nested, same, tomlkit_library, without

# Lines end at \n alone: str.splitlines would also split at characters that a comment or string may hold.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def proved(text: str, expected: Table) -> str:
    """Return the text if it holds just the expected data. Raises ProfileError."""
    try:
        if same(load(text), expected):
            return text
    except ProfileError:
        pass
    raise ProfileError("it is written in a way that can't be edited safely; edit it by hand", code="not_editable")


@dataclass(eq=False)
class _Statement:
    """One statement of the document with its line ends: a header, a key with its value, or a blank or comment line."""

    text: str
    kind: str  # "header", "array" ([[…]]), "key" or "filler"
    path: Path = ()  # of a key: header and key together


def scan(text: str) -> list[_Statement]:
    """Return the statements of a valid document; joined, their texts are the document."""
    statements: list[_Statement] = []
    lines = _LINE.findall(text)
    table: Path = ()
    start = 0
    while start < len(lines):
        end = start + 1
        while not _is_valid("".join(lines[start:end])) and end < len(lines):
            end += 1
        statement = _classify("".join(lines[start:end]), table)
        if statement.kind in ("header", "array"):
            table = statement.path
        statements.append(statement)
        start = end
    return statements


def _is_valid(text: str) -> bool:
    try:
        load(text)
    except ProfileError:
        return False
    return True


def _classify(text: str, table: Path) -> _Statement:
    stripped = text.strip()
    if not stripped or stripped.startswith("#"):
        return _Statement(text, "filler")
    if stripped.startswith("["):
        return _Statement(text, "array" if stripped.startswith("[[") else "header", _descend(load(text)))
    key, _value = split(text)
    return _Statement(text, "key", table + _descend(load(f"{key}= 0")))


def split(text: str) -> tuple[str, str]:
    """Return a statement's text before and after the equals sign that separates key and value."""
    for position, character in enumerate(text):
        if character == "=" and _is_valid(f"{text[:position]}= 0"):
            return text[:position], text[position + 1 :]
    raise ProfileError("it holds a statement that can't be understood", code="not_editable")


def _split_value(text: str) -> tuple[str, str]:
    """Return a value and what follows it: blanks, a comment, the line's end."""
    for position, character in enumerate(text):
        if character == "#" and _is_valid(f"x ={text[:position]}"):
            value = text[:position].rstrip()
            return value, text[len(value) :]
    value = text.rstrip()
    return value, text[len(value) :]


def _descend(data: Any) -> Path:
    """Return the path to the only leaf of nested tables; an element of an array of tables adds nothing."""
    path: list[str] = []
    while data and isinstance(data, (dict, list)):
        if isinstance(data, list):
            data = data[0]
            continue
        key = next(iter(data))
        path.append(key)
        data = data[key]
    return tuple(path)


def _item(value: Any) -> Any:
    """Return the value as a tomlkit item, a table as an inline one."""
    if not isinstance(value, dict):
        return tomlkit_library().item(value)
    table = tomlkit_library().inline_table()
    for key, inner in value.items():
        table[key] = _item(inner)
    return table


def _edited_inline(text: str, key: str, changed: Table) -> str:
    """Return an inline table's text with one key as `changed` has it, the others written as they were."""
    tomlkit = tomlkit_library()
    try:
        document = tomlkit.parse(f"x ={text}")
        if key in changed:
            document["x"][key] = _item(changed[key])
        else:
            document["x"].remove(key)
        edited: str = document.as_string()
        proved(edited, {"x": changed})
    except (ValueError, tomlkit.exceptions.TOMLKitError, ProfileError):
        # tomlkit doesn't understand every inline table; then this one is written anew.
        edited = f"x ={text[: len(text) - len(text.lstrip())]}{_render(changed)}"
    return edited[len("x =") :]


def _render(value: Any) -> str:
    text: str = _item(value).as_string()
    return text


def _render_key(key: str) -> str:
    text: str = tomlkit_library().key(key).as_string()
    return text


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


class Editor:
    """Edits one profile of a document, statement by statement."""

    def __init__(self, text: str, index: int) -> None:
        self._statements = scan(text)
        self._newline = _newline(text)
        self._index = index
        if sum(s.kind == "array" and s.path == ("profile",) for s in self._statements) <= index:
            raise ProfileError(
                "its profiles are not written as [[profile]] tables; edit it by hand", code="not_editable"
            )

    def text(self) -> str:
        """Return the document."""
        return "".join(statement.text for statement in self._statements)

    def set(self, path: Path, value: Any) -> None:
        """Give the profile's key a value, in the notation that the document uses for its neighbours."""
        full = ("profile", *path)
        for number, _table in self._own():
            statement = self._statements[number]
            if statement.kind == "key" and statement.path == full:
                key, rest = split(statement.text)
                old, tail = _split_value(rest)
                blank = old[: len(old) - len(old.lstrip())]
                statement.text = f"{key}={blank}{_render(value)}{tail}"
                return
            if statement.kind == "key" and statement.path == full[: len(statement.path)]:
                self._edit_inline(statement, full[len(statement.path) :], value)
                return
        self._insert(full, value)

    def remove(self, path: Path) -> None:
        """Remove the profile's key, and the tables that it leaves empty."""
        full = ("profile", *path)
        for statement in [self._statements[number] for number, _table in self._own()]:
            if statement.kind != "filler" and statement.path[: len(full)] == full:
                self._statements.remove(statement)
            elif statement.kind == "key" and statement.path == full[: len(statement.path)]:
                self._edit_inline(statement, full[len(statement.path) :], None)
        self._remove_empty_tables(full)

    def remove_profile(self) -> None:
        """Remove all of the profile's statements, and with each block of them one blank line below, where one is above.

        What follows a block's last statement from its first blank line on stays, and so do the comments right above the
        next header: they may be about what comes next.
        """
        own = {number for number, _table in self._own()}
        doomed = {number for number in own if not self._is_beyond(number, own)}
        for number in sorted(number for number in own - doomed if number - 1 in doomed):
            above = max((n for n in range(number) if n not in doomed), default=None)
            if self._is_blank(number) and (above is None or self._is_blank(above)):
                doomed.add(number)
        self._statements = [s for number, s in enumerate(self._statements) if number not in doomed]

    def _own(self) -> list[tuple[int, Path]]:
        """Return the numbers of the profile's statements, each with the path of its table."""
        own: list[tuple[int, Path]] = []
        count = -1
        table: Path = ()
        for number, statement in enumerate(self._statements):
            if statement.kind in ("header", "array"):
                table = statement.path
                count += statement.kind == "array" and statement.path == ("profile",)
            if count == self._index and table[:1] == ("profile",):
                own.append((number, table))
        return own

    def _is_blank(self, number: int) -> bool:
        return not self._statements[number].text.strip()

    def _is_beyond(self, number: int, own: Set[int]) -> bool:
        """Return whether a blank line or comment stands below a block of the profile's statements, maybe of others.

        It may be when a blank line is above it or is it, or when only comments lie between it and the next header.
        """
        end = number
        while end in own and self._statements[end].kind == "filler":
            end += 1
        if end in own:
            return False
        begin = number
        while self._statements[begin - 1].kind == "filler":
            begin -= 1
        return any(map(self._is_blank, range(begin, number + 1))) or not any(map(self._is_blank, range(number, end)))

    def _edit_inline(self, statement: _Statement, path: Path, value: Any) -> None:
        """Change or (None) remove a key within an inline table."""
        key, rest = split(statement.text)
        old, tail = _split_value(rest)
        plain = load(f"x ={old}")["x"]
        changed = without(plain, path) if value is None else merged(plain, nested(path, value))
        statement.text = f"{key}={_edited_inline(old, path[0], changed)}{tail}"
        if not changed:
            self._statements.remove(statement)

    def _insert(self, full: Path, value: Any) -> None:
        """Add a new key: into its table if that has a header, beside dotted keys of it, or into a new table."""
        own = self._own()
        for length in range(len(full) - 1, 0, -1):
            parent = full[:length]
            below = [(number, table) for number, table in own if self._statements[number].path[:length] == parent]
            direct = [number for number, table in below if table == parent]
            dotted = [(number, table) for number, table in below if len(table) < length]
            if direct and length in (1, len(full) - 1) and (length > 1 or len(full) == 2):
                self._insert_after(direct[-1], full[length:], value)
                return
            if dotted:
                number, table = dotted[-1]
                self._insert_after(number, full[len(table) :], value)
                return
        self._insert_table(full, value)

    def _insert_table(self, full: Path, value: Any) -> None:
        """Add a new key in a new table at the end of the profile, indented like what stands there."""
        own = [number for number, _table in self._own() if self._statements[number].kind != "filler"]
        last_header = max(number for number in own if self._statements[number].kind != "key")
        outer = _indent(self._statements[last_header].text)
        in_table = self._statements[last_header].kind == "header" and own[-1] > last_header
        inner = _indent(self._statements[own[-1]].text) if in_table else outer
        self._end_line(own[-1])
        header = ".".join(map(_render_key, full[:-1]))
        self._statements[own[-1] + 1 : own[-1] + 1] = [
            _Statement(self._newline, "filler"),
            _Statement(f"{outer}[{header}]{self._newline}", "header", full[:-1]),
            _Statement(f"{inner}{_render_key(full[-1])} = {_render(value)}{self._newline}", "key", full),
        ]

    def _insert_after(self, number: int, key: Path, value: Any) -> None:
        statement = self._statements[number]
        table = statement.path if statement.kind != "key" else statement.path[: -len(key)]
        line = f"{_indent(statement.text)}{'.'.join(map(_render_key, key))} = {_render(value)}"
        ended = self._end_line(number)
        added = _Statement(line + (self._newline if ended else ""), "key", (*table, *key))
        self._statements.insert(number + 1, added)

    def _end_line(self, number: int) -> bool:
        """Make sure that a statement ends its line; return whether it did."""
        statement = self._statements[number]
        ended = statement.text.endswith("\n")
        if not ended:
            statement.text += self._newline
        return ended

    def _remove_empty_tables(self, full: Path) -> None:
        """Remove the headers above a removed key that have nothing left below them."""
        for length in range(len(full) - 1, 1, -1):
            parent = full[:length]
            below = [
                n
                for n, t in self._own()
                if self._statements[n].kind != "filler" and self._statements[n].path[:length] == parent
            ]
            if len(below) == 1 and self._statements[below[0]].kind == "header":
                del self._statements[below[0]]
                self._join_blank_lines(below[0])

    def _join_blank_lines(self, gap: int) -> None:
        """Remove the profile's blank line above a gap with one or nothing below: else each switch would leave one."""
        around = [self._statements[n].text.strip() for n in (gap - 1, gap) if n < len(self._statements)]
        if not any(around) and any(number == gap - 1 for number, _table in self._own()):
            del self._statements[gap - 1]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def append(text: str, table: Table) -> str:
    """Return the text with a new profile at its end."""
    newline = _newline(text)
    lines = ["[[profile]]", *_table_lines(table, ("profile",))]
    ended = text.endswith("\n")
    lead = "" if not text or text.endswith(newline * 2) else newline if ended else newline * 2
    return text + lead + newline.join(lines) + newline


def _table_lines(table: Mapping[str, Any], path: Path) -> list[str]:
    """Return a table's lines: plain keys first, then the tables in it, each with its header."""
    lines = [f"{_render_key(key)} = {_render(value)}" for key, value in table.items() if not _is_table(key, value)]
    for key, value in table.items():
        if _is_table(key, value):
            inner = (*path, key)
            body = _table_lines(value, inner)
            has_own = any(not _is_table(k, v) for k, v in value.items())
            lines += ["", f"[{'.'.join(map(_render_key, inner))}]"] if has_own else []
            lines += body
    return lines


def _is_table(key: str, value: Any) -> bool:
    """Return whether a value gets a header of its own; `parameters` is inline in influxctl's samples (facts.md D.2)."""
    return isinstance(value, dict) and bool(value) and key != "parameters"
