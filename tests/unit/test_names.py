# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One word has one meaning, and a name says what a thing is: words that make a reader guess name nothing here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.install import CHECKOUT

GUESSES = {
    *("bring", "given", "known", "left_alone", "naming", "odd", "pace", "place", "said", "spare_own", "told"),
}
# What users state or get is the design's, and stands in dictionaries and documentation, where this test doesn't look.
SOURCES = sorted((CHECKOUT / "plugins").rglob("*.py"))


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Give each name that a file defines, with its line: functions, classes, arguments, variables and fields."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def guesses(source: str) -> list[str]:
    """Return the names in a file's text that make a reader guess, with their lines."""
    found = {(line, name) for name, line in names(ast.parse(source)) if name.lstrip("_").lower() in GUESSES}
    return [f"line {line}: {name}" for line, name in sorted(found)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_name_makes_the_reader_guess(path: Path) -> None:
    assert guesses(path.read_text()) == []


def test_each_kind_of_name_is_looked_at() -> None:
    source = "def told(): pass\nclass Place:\n    known: int\ndef f(odd): pass\n(a, said) = 1, 2\na._naming = 1\n"
    assert guesses(source) == [
        *("line 1: told", "line 2: Place", "line 3: known", "line 4: odd", "line 5: said", "line 6: _naming"),
    ]


def test_carry_out_names_one_function() -> None:
    defined = [
        path.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "carry_out"
    ]
    assert len(defined) <= 1
