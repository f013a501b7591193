# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A strategy for influxctl configs in all the ways that TOML lets one write them.

The text is made of pieces, each of which belongs to one profile or to none: so a test can tell what an edit of a
profile must leave alone without asking the code under test.
"""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

from hypothesis import strategies as st

NAMES = ("default", "two", "third one")
BARE = re.compile(r"[A-Za-z0-9_-]+")
# Texts that would mislead whoever looks for statements with anything but a parser.
TRICKY = [
    "",
    "plain",
    "a = b",
    "# no comment",
    "[[profile]]",
    "[x]",
    "it's",
    'say "x"',
    "ü",
    "\\",
    "{",
    "]",
    "=",
    "'''",
    ",",
]
UNKNOWN_KEYS = ["x-key", "quoted key", "a.b", "", "ü", "#", "=", "name2", "'", '"']
COMMENTS = ["# comment", "#", "# [[profile]]", "# name = 'default'", '# """', "# it's"]
SECTIONS = [("tls",), ("auth", "oauth2"), ("auth", "token"), ("extra",)]
KEYS = {
    ("tls",): ["insecure", "disable", "ca", "cert", "key", "x-key"],
    ("auth", "oauth2"): ["client_id", "scopes", "parameters", "token_url", "quoted key"],
    ("auth", "token"): ["token_file", "x-key"],
    ("extra",): UNKNOWN_KEYS,
}

plain_strings = st.sampled_from(TRICKY)
strings = plain_strings | st.lists(plain_strings, min_size=2, max_size=3).map("\n".join)
numbers = st.integers(-5, 99999) | st.sampled_from([1.5, -0.25, float("inf"), float("nan")])
moments = st.sampled_from(
    [
        datetime.datetime(2026, 11, 24, 1, 40, tzinfo=datetime.UTC),
        datetime.datetime(2026, 11, 24, 1, 40, 0, 500),
        datetime.date(2026, 11, 24),
        datetime.time(1, 40),
    ]
)
scalars = st.booleans() | numbers | moments | strings
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "x y", "z.z"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@dataclass
class Piece:
    """One or more whole lines. `owner` is the index of the profile that they belong to, None for no profile."""

    text: str
    owner: int | None


@dataclass
class Document:
    """A valid config. `foreign(index)` are the texts that an edit of that profile must keep, in their order: what
    stands before, between and after the profile's own pieces.
    """

    pieces: list[Piece]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def data(self) -> dict[str, Any]:
        return tomllib.loads(self.text)

    def foreign(self, index: int | None) -> list[str]:
        stretches = [""]
        for own, pieces in groupby(self.pieces, lambda piece: piece.owner == index and index is not None):
            if own:
                stretches.append("")
            else:
                stretches[-1] = "".join(piece.text for piece in pieces)
        return stretches

    def differing(self, index: int | None, edited: str) -> int:
        """Return how many bytes stand in stretches that an edited document hasn't as they were: it lacks some of them,
        or something stands between. It must begin with the first stretch and end with the last.
        """
        first, *inner = self.foreign(index)
        if not inner:
            return 0 if edited == first else len(first.encode())
        last = inner.pop()
        position, end = len(first), len(edited) - len(last)
        apart = position <= end and edited.startswith(first) and edited.endswith(last)
        lost = [] if apart else [first, last]
        for text in inner:
            at = edited.find(text, position, max(end, position))
            if at < 0:
                lost.append(text)
            else:
                position = at + len(text)
        return len("".join(lost).encode())

    def __repr__(self) -> str:
        return f"Document of the text\n{self.text}\n{self.text!r}"


@dataclass
class Writer:
    """Writes TOML, and lets hypothesis choose the notation."""

    draw: st.DrawFn
    newlines: tuple[str, ...]

    @property
    def newline(self) -> str:
        """The line end: the document's, or one or the other in a file that several systems have written."""
        return self.newlines[0] if len(self.newlines) == 1 else self.pick(*self.newlines)

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def key(self, key: str) -> str:
        forms = [json.dumps(key, ensure_ascii=self.draw(st.booleans()))]
        if "'" not in key:
            forms.append(f"'{key}'")
        if BARE.fullmatch(key):
            forms += [key] * 4
        return self.pick(*forms)

    def path(self, path: tuple[str, ...]) -> str:
        return self.pick(".", ".", ".", " . ").join(map(self.key, path))

    def string(self, text: str) -> str:
        forms = [json.dumps(text, ensure_ascii=self.draw(st.booleans()))]
        if "'" not in text and "\n" not in text:
            forms.append(f"'{text}'")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", self.newline)
        forms.append(f'"""{self.pick("", self.newline)}{escaped}"""' if text[:1] != "\n" else forms[0])
        forms.append(f'"""\\{self.newline}   {escaped}"""' if text[:1] not in ("\n", " ", "") else forms[0])
        if "'''" not in text and text[-1:] != "'":
            lead = self.newline if text[:1] == "\n" else self.pick("", self.newline)
            forms.append(f"'''{lead}{text.replace(chr(10), self.newline)}'''")
        return self.pick(*forms)

    def value(self, value: Any, inline: bool = False) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, list):
            items = [self.value(item, inline) for item in value]
            spread: bool = self.draw(st.booleans())
            if items and spread:
                remark = self.pick("", f"  {self.pick(*COMMENTS)}")
                lines = [f"  {item},{remark}" for item in items]
                return self.newline.join(["[", *lines, "]"])
            return f"[{self.pick('', ' ')}{', '.join(items)}{self.pick('', ' ')}]"
        if isinstance(value, dict):
            pairs = [f"{self.key(key)} = {self.value(inner, True)}" for key, inner in value.items()]
            return f"{{{self.pick('', ' ')}{', '.join(pairs)}{self.pick('', ' ')}}}"
        if isinstance(value, (datetime.date, datetime.time)):
            return value.isoformat()
        return repr(value)

    def statement(self, path: tuple[str, ...], value: Any, indent: str) -> str:
        equals = self.pick(" = ", " = ", "=", "  =\t")
        remark = self.pick("", "", "", f" {self.pick(*COMMENTS)}", "  ")
        return f"{indent}{self.path(path)}{equals}{self.value(value)}{remark}{self.newline}"

    def header(self, path: tuple[str, ...], indent: str) -> str:
        space = self.pick("", "", " ")
        remark = self.pick("", "", f" {self.pick(*COMMENTS)}")
        return f"{indent}[{space}{self.path(path)}{space}]{remark}{self.newline}"

    def filler(self) -> str:
        lines = self.draw(st.lists(st.sampled_from(["", "  ", *COMMENTS, "  # indented"]), max_size=2))
        return "".join(line + self.newline for line in lines)

    def indent(self) -> str:
        return self.pick("", "", "", "  ", "\t")


def _flat(table: dict[str, Any], prefix: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    return [((*prefix, key), value) for key, value in table.items()]


@st.composite
def _section(draw: st.DrawFn, path: tuple[str, ...]) -> dict[str, Any]:
    return draw(st.dictionaries(st.sampled_from(KEYS[path]), values, max_size=4))


Items = list[tuple[tuple[str, ...], Any]]
Tables = list[tuple[tuple[str, ...], Items]]


def _sections(write: Writer) -> tuple[Items, Tables]:
    """Return the sub-tables of a profile: those within its own table as statements, and those with headers."""
    statements: Items = []
    tables: Tables = []
    # All of `auth` in one notation: TOML forbids to define one table in two ways.
    auth = write.pick("header", "header", "dotted", "inline", "super")
    auth_table: dict[str, Any] = {}
    for section in write.draw(st.lists(st.sampled_from(SECTIONS), unique=True, max_size=3)):
        content = write.draw(_section(section))
        notation = auth if section[0] == "auth" else write.pick("header", "header", "dotted", "inline")
        if notation == "header":
            tables.append((section, _flat(content, ())))
        elif notation == "dotted":
            statements += _flat(content, section)
        elif section[0] == "auth":
            auth_table[section[1]] = content
        else:
            statements.append((section, content))
    if auth_table and auth == "inline":
        statements.append((("auth",), auth_table))
    elif auth_table:
        tables.append((("auth",), [item for key, content in auth_table.items() for item in _flat(content, (key,))]))
    return statements, tables


def _profile(write: Writer, name: str) -> tuple[str, list[str]]:
    """Return the text of the profile's own table, and those of its sub-tables with headers."""
    draw = write.draw
    known = st.sampled_from(["product", "host", "port", "mgmt_token", "token", "database", *UNKNOWN_KEYS])
    own = {"name": name, **draw(st.dictionaries(known, values, max_size=5))}
    statements, tables = _sections(write)
    statements = _flat(own, ()) + statements
    if any(path[0] == "auth" and len(path) == 2 for path, _items in tables) and draw(st.booleans()):
        tables.append((("auth",), []))
    if draw(st.integers(0, 5)) == 0:
        tables.append((("items",), [(("x",), 1)]))
    # Dotted keys of one table stay together most of the time, but TOML does not ask for it.
    ordered = draw(st.permutations(statements)) if draw(st.booleans()) else statements
    indent = write.indent()
    space = write.pick("", "", " ")
    head = f"{write.indent()}[[{space}{write.key('profile')}{space}]]{write.newline}{write.filler()}"
    head += "".join(write.statement(path, value, indent) + write.filler() for path, value in ordered)
    rest = []
    for path, items in draw(st.permutations(tables)):
        outer, inner = write.indent(), write.indent()
        header = write.header(("profile", *path), outer)
        if path == ("items",):
            header = f"{outer}[[profile.items]]{write.newline}"
        body = "".join(write.statement(key, value, inner) + write.filler() for key, value in items)
        rest.append(header + write.filler() + body)
    return head, rest


def _valid(document: Document) -> bool:
    try:
        tomllib.loads(document.text)
    except tomllib.TOMLDecodeError:
        return False
    return True


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    write = Writer(draw, draw(st.sampled_from([("\n",), ("\n",), ("\r\n",), ("\n", "\r\n")])))
    pieces = [Piece(write.filler(), None)]
    for key in draw(st.lists(st.sampled_from(["top", "quoted key"]), unique=True, max_size=1)):
        pieces.append(Piece(write.statement((key,), draw(values), ""), None))
    foreign = iter([("other",), ("other", "sub"), ("another one",)])

    def maybe_foreign() -> None:
        path = next(foreign, None) if draw(st.integers(0, 3)) == 0 else None
        if path:
            body = "".join(
                write.statement((key,), draw(values), "") for key in sorted(draw(st.sets(st.sampled_from("ab"))))
            )
            pieces.append(Piece(write.header(path, write.indent()) + body, None))

    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    for index, name in enumerate(names):
        maybe_foreign()
        head, tables = _profile(write, name)
        pieces.append(Piece(head, index))
        for table in tables:
            maybe_foreign()
            pieces.append(Piece(table, index))
    maybe_foreign()
    pieces = [
        one for piece, following in zip_longest(pieces, pieces[1:]) for one in _with_banner(write, piece, following)
    ]
    if draw(st.integers(0, 3)) == 0:
        pieces[-1].text = pieces[-1].text.rstrip("\r\n")
    return Document(pieces)


def _with_banner(write: Writer, piece: Piece, following: Piece | None) -> list[Piece]:
    """The piece, and below a profile's last at times a blank line and comments about what comes next."""
    ends = piece.owner is not None and (following is None or following.owner != piece.owner)
    if not ends or write.draw(st.integers(0, 2)):
        return [piece]
    lines = write.draw(st.lists(st.sampled_from(["", *COMMENTS]), min_size=1, max_size=4))
    return [piece, Piece(write.newline, piece.owner), Piece("".join(line + write.newline for line in lines), None)]


def documents() -> st.SearchStrategy[Document]:
    """Valid documents with one to three profiles of different names."""
    return _documents().filter(_valid)
