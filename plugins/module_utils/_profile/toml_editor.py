# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits TOML text so that all unchanged statements stay byte for byte. Pure; knows `[[profile]]`, but none of its keys.

The caller has seen that the document is valid TOML. The editor takes it apart once, statement by statement and profile
by profile, so that the work grows no faster than the number of edits. `toml_writer.py` renders values. The edits are
made on the text. All errors are ProfileErrors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from .._core import errors
from . import toml_data
from .toml_writer import appended, checked, item_of, not_editable, render, render_key

_BASIC = r'"(?:[^"\\\n]|\\.)*"'
_LITERAL = r"'[^'\n]*'"
# The tokens that decide where a statement ends. Lines end at \n alone: a comment or string may hold other line ends.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    rf"|{_BASIC}|{_LITERAL}"
    r"|\#[^\n]*|[^\"'#\[\]{}\n]+|.",
    re.DOTALL,
)
_PART = rf"(?:[A-Za-z0-9_-]+|{_BASIC}|{_LITERAL})"
_PARTS = re.compile(_PART)
_DOTTED = rf"\s*{_PART}\s*(?:\.\s*{_PART}\s*)*"
_HEADER = re.compile(rf"\s*\[\[?({_DOTTED})\]")
_KEY = re.compile(rf"({_DOTTED})=")
_COMMENTED_KEY = re.compile(rf"\s*#+\s*({_PART})\s*=")
_COMMENTED_HEADER = re.compile(r"\s*#+\s*\[")


@dataclass(eq=False)
class _Statement:
    """One statement of the document with its line ends: a header, a key with its value, or a blank or comment line."""

    text: str
    kind: str  # "header", "array" ([[…]]), "key" or "filler"
    path: toml_data.Path = ()  # of a key: header and key together


def scan(text: str) -> list[_Statement]:
    """Return the statements of a valid document; joined, their texts are the document. Raises ProfileError."""
    statements: list[_Statement] = []
    table: toml_data.Path = ()
    for piece in _pieces(text):
        statement = _classify(piece, table)
        if statement.kind in ("header", "array"):
            table = statement.path
        statements.append(statement)
    return statements


def _pieces(text: str) -> Iterator[str]:
    """Yield the statements' texts: each ends at the end of a line that is in no string, array or inline table."""
    start = depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        elif first == "\n" and depth == 0:
            yield text[start : token.end()]
            start = token.end()
    if start < len(text):
        yield text[start:]


def _classify(text: str, table: toml_data.Path) -> _Statement:
    stripped = text.strip()
    if not stripped or stripped.startswith("#"):
        return _Statement(text, "filler")
    if stripped.startswith("["):
        header = _HEADER.match(text)
        if header is None:
            raise not_editable("it holds a header that can't be understood")
        return _Statement(text, "array" if stripped.startswith("[[") else "header", _key_path(header[1]))
    key, _value = split(text)
    return _Statement(text, "key", table + _key_path(key))


def _key_path(text: str) -> toml_data.Path:
    """Return the parts of a key as it is written, dots between them."""
    if "\\" in text:
        return _descend(toml_data.load(f"{text}= 0"))
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PARTS.findall(text))


def split(text: str) -> tuple[str, str]:
    """Return a statement's text before and after the equals sign between key and value. Raises ProfileError."""
    key = _KEY.match(text)
    if key is None:
        raise not_editable("it holds a statement that can't be understood")
    return key[1], text[key.end() :]


def _split_value(text: str) -> tuple[str, str]:
    """Return a value and what follows it: blanks, a comment, the line's end."""
    depth, end = 0, len(text)
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        depth += (first in "[{") - (first in "]}")
        if first == "#" and depth == 0:
            end = token.start()
            break
    value = text[:end].rstrip()
    return value, text[len(value) :]


def _descend(data: Any) -> toml_data.Path:
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


def _edited_inline(text: str, key: str, changed: toml_data.Table) -> str:
    """Return an inline table's text with one key as `changed` has it, the others written as they were."""
    tomlkit = toml_data.tomlkit_library()
    try:
        document = tomlkit.parse(f"x ={text}")
        if key in changed:
            document["x"][key] = item_of(changed[key])
        else:
            document["x"].remove(key)
        edited: str = document.as_string()
        checked(edited, {"x": changed})
    except (ValueError, tomlkit.exceptions.TOMLKitError, errors.ProfileError):
        # tomlkit doesn't understand every inline table; then this one is written anew.
        edited = f"x ={text[: len(text) - len(text.lstrip())]}{render(changed)}"
    return edited[len("x =") :]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


class Editor:
    """Edits the profiles of one document. A profile's number (from 0) is the one in the document as it was read."""

    def __init__(self, text: str) -> None:
        self._newline = _newline(text)
        statements = scan(text)
        starts = [n for n, one in enumerate(statements) if one.kind == "array" and one.path == ("profile",)]
        self._head = statements[: starts[0]] if starts else statements
        self._blocks = [
            Block(statements[start:end], self._newline, is_last=end is None)
            for start, end in zip(starts, [*starts[1:], None])
        ]

    def text(self) -> str:
        """Return the document."""
        return "".join(statement.text for part in self._parts() for statement in part)

    def block(self, number: int) -> Block:
        """Return the block that edits one profile. Raises ProfileError for one that isn't written as `[[profile]]`."""
        if number >= len(self._blocks):
            raise not_editable("its profiles are not written as [[profile]] tables; edit it by hand")
        return self._blocks[number]

    def remove(self, number: int) -> None:
        """Remove a profile. The caller removes several from the last to the first, since the numbers move up."""
        block = self.block(number)
        above = self._blocks[number - 1].statements if number else self._head
        # The statements that remain aren't the profile's. They follow those of the profile above.
        above += block.remains(above[-1] if above else None)
        del self._blocks[number]

    def append(self, tables: Iterable[toml_data.Table]) -> None:
        """Add new profiles at the document's end."""
        for table in tables:
            # The last two statements tell whether the document ends with a blank line.
            last = next((part for part in reversed(list(self._parts())) if part), [])
            end = "".join(statement.text for statement in last[-2:])
            self._blocks.append(Block([_Statement(appended(end, table, self._newline), "array")], self._newline))

    def _parts(self) -> Iterator[list[_Statement]]:
        yield self._head
        for block in self._blocks:
            yield block.statements


class Block:
    """A profile's header and all statements up to the next profile's: the profile's own, and others among them."""

    def __init__(self, statements: list[_Statement], newline: str, *, is_last: bool = True) -> None:
        self.statements = statements
        self._newline = newline
        self._is_last = is_last

    def set(self, path: toml_data.Path, value: Any) -> None:
        """Give the profile's key a value, in the notation that the document uses for its neighbours."""
        full = ("profile", *path)
        for number, _table in self._own():
            statement = self.statements[number]
            if statement.kind == "key" and statement.path == full:
                key, rest = split(statement.text)
                old, tail = _split_value(rest)
                blank = old[: len(old) - len(old.lstrip())]
                statement.text = f"{key}={blank}{render(value)}{tail}"
                return
            if statement.kind == "key" and statement.path == full[: len(statement.path)]:
                self._edit_inline(statement, full[len(statement.path) :], value)
                return
        self._insert(full, value)

    def remove(self, path: toml_data.Path) -> None:
        """Remove the profile's key, and the tables that it leaves empty."""
        full = ("profile", *path)
        for statement in [self.statements[number] for number, _table in self._own()]:
            if statement.kind != "filler" and statement.path[: len(full)] == full:
                self.statements.remove(statement)
            elif statement.kind == "key" and statement.path == full[: len(statement.path)]:
                self._edit_inline(statement, full[len(statement.path) :], None)
        self._remove_empty_tables(full)

    def remains(self, before: _Statement | None) -> list[_Statement]:
        """Return the statements that remain when the profile is removed.

        `before` is the statement above the block. The profile's statements stand in one stretch or several. Behind the
        last statement of a stretch, all from the first blank line on remains, and so do the comments right above the
        next header, because they may be about what comes next. Where a stretch has a blank line above and one below,
        the one below goes with it.
        """
        own = {number for number, _table in self._own()}
        doomed = {number for number in own if not self._is_beyond(number, own)}
        for number in sorted(number for number in own - doomed if number - 1 in doomed):
            above = max((n for n in range(number) if n not in doomed), default=None)
            over = before if above is None else self.statements[above]
            if self._is_blank(number) and (over is None or not over.text.strip()):
                doomed.add(number)
        return [s for number, s in enumerate(self.statements) if number not in doomed]

    def _own(self) -> list[tuple[int, toml_data.Path]]:
        """Return the numbers of the profile's statements, each with the path of its table."""
        own: list[tuple[int, toml_data.Path]] = []
        table: toml_data.Path = ()
        for number, statement in enumerate(self.statements):
            if statement.kind in ("header", "array"):
                table = statement.path
            if table[:1] == ("profile",):
                own.append((number, table))
        return own

    def _is_blank(self, number: int) -> bool:
        return not self.statements[number].text.strip()

    def _is_beyond(self, number: int, own: Set[int]) -> bool:
        """Return whether a blank line or comment behind a stretch of the profile's may belong to what comes next.

        It may where it is a blank line or has one above, or where only comments lie between it and the next header.
        """
        end = number
        while end in own and self.statements[end].kind == "filler":
            end += 1
        if end in own:
            return False
        begin = number
        while self.statements[begin - 1].kind == "filler":
            begin -= 1
        return any(map(self._is_blank, range(begin, number + 1))) or not any(map(self._is_blank, range(number, end)))

    def _edit_inline(self, statement: _Statement, path: toml_data.Path, value: Any) -> None:
        """Change or (None) remove a key within an inline table."""
        key, rest = split(statement.text)
        old, tail = _split_value(rest)
        plain = toml_data.load(f"x ={old}")["x"]
        changed = (
            toml_data.without(plain, path) if value is None else toml_data.merged(plain, toml_data.nested(path, value))
        )
        statement.text = f"{key}={_edited_inline(old, path[0], changed)}{tail}"
        if not changed:
            self.statements.remove(statement)

    def _insert(self, full: toml_data.Path, value: Any) -> None:
        """Add a new key: into its table where that has a header, else beside its dotted keys, else into a new table."""
        own = self._own()
        for length in range(len(full) - 1, 0, -1):
            parent = full[:length]
            below = [(number, table) for number, table in own if self.statements[number].path[:length] == parent]
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

    def _insert_table(self, full: toml_data.Path, value: Any) -> None:
        """Add a new key in a new table at the end of the profile, indented like what stands there."""
        own = [number for number, _table in self._own() if self.statements[number].kind != "filler"]
        last_header = max(number for number in own if self.statements[number].kind != "key")
        outer = _indent(self.statements[last_header].text)
        in_table = self.statements[last_header].kind == "header" and own[-1] > last_header
        inner = _indent(self.statements[own[-1]].text) if in_table else outer
        last = self._last_commented_key(own[-1])
        self._end_line(last)
        header = ".".join(map(render_key, full[:-1]))
        self.statements[last + 1 : last + 1] = [
            _Statement(self._newline, "filler"),
            _Statement(f"{outer}[{header}]{self._newline}", "header", full[:-1]),
            _Statement(f"{inner}{render_key(full[-1])} = {render(value)}{self._newline}", "key", full),
        ]

    def _last_commented_key(self, last: int) -> int:
        """Return the number of the last comment below a table's last statement that holds a key of the table.

        Without such a comment, it is the number `last` of that statement. InfluxData's samples hold keys in comments:
        below a new header they would be another table's. These don't count: keys that the table or the profile has,
        comments below a header in a comment, and comments right above the next header with a blank line above them,
        because they are about that header.
        """
        tables = {("profile",), next(table for number, table in self._own() if number == last)}
        stated = {one.path[len(t)] for t in tables for one in self.statements if one.path[: len(t)] == t != one.path}
        end = last + 1
        while end < len(self.statements) and self.statements[end].kind == "filler":
            end += 1
        if end < len(self.statements) or not self._is_last:
            above = end
            while above > last + 1 and not self._is_blank(above - 1):
                above -= 1
            end = above if above > last + 1 else end
        found = last
        for number in range(last + 1, end):
            text = self.statements[number].text
            if _COMMENTED_HEADER.match(text):
                break
            key = _COMMENTED_KEY.match(text)
            if key and _key_path(key[1])[0] not in stated:
                found = number
        return found

    def _insert_after(self, number: int, key: toml_data.Path, value: Any) -> None:
        statement = self.statements[number]
        table = statement.path if statement.kind != "key" else statement.path[: -len(key)]
        line = f"{_indent(statement.text)}{'.'.join(map(render_key, key))} = {render(value)}"
        ended = self._end_line(number)
        added = _Statement(line + (self._newline if ended else ""), "key", (*table, *key))
        self.statements.insert(number + 1, added)

    def _end_line(self, number: int) -> bool:
        """Make sure that a statement ends its line; return whether it did."""
        statement = self.statements[number]
        ended = statement.text.endswith("\n")
        if not ended:
            statement.text += self._newline
        return ended

    def _remove_empty_tables(self, full: toml_data.Path) -> None:
        """Remove the headers above a removed key that have nothing left below them."""
        for length in range(len(full) - 1, 1, -1):
            parent = full[:length]
            below = [
                n
                for n, t in self._own()
                if self.statements[n].kind != "filler" and self.statements[n].path[:length] == parent
            ]
            if len(below) == 1 and self.statements[below[0]].kind == "header":
                del self.statements[below[0]]
                self._join_blank_lines(below[0])

    def _join_blank_lines(self, gap: int) -> None:
        """Remove the profile's blank line above a gap where a blank line or nothing is below.

        Otherwise each change of the kind of authentication there and back would leave one more.
        """
        around = [self.statements[n].text.strip() for n in (gap - 1, gap) if n < len(self.statements)]
        if gap == len(self.statements) and not self._is_last:
            return
        if not any(around) and any(number == gap - 1 for number, _table in self._own()):
            del self.statements[gap - 1]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
