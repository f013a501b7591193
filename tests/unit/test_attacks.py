# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of attacks names what is there: each row has three cells, is told once, and has a test that exists."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness.install import CHECKOUT

PAGE = CHECKOUT / "docs" / "development" / "attacks.md"
TESTS = CHECKOUT / "tests"
HEAD = ("attack", "what happens instead", "test")
REFERENCE = re.compile(r"`([\w/]+\.py)::(test_\w+)(?:\[[^`]+\])?`")
CASE = re.compile(r"`(([\w/]+\.py)::test_\w+\[[^`]+\])`")


@dataclass(frozen=True)
class Row:
    """One line of a table, with its number on the page; a `|` within a cell is written `\\|`."""

    number: int
    cells: tuple[str, ...]


def rows(text: str) -> list[Row]:
    """The tables' rows with their heads, without the lines that part them."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.startswith("|")]
    split = [Row(n, tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])) for n, line in lines]
    return [row for row in split if not all(re.fullmatch(":?-+:?", cell) for cell in row.cells)]


def attacks(text: str) -> list[Row]:
    return [row for row in rows(text) if row.cells != HEAD]


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of a file's tests, also those in classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def problems(text: str) -> Iterator[str]:
    """What is wrong with the page's rows, each with the number of its line."""
    first_lines: dict[str, int] = {}
    for row in attacks(text):
        if len(row.cells) != len(HEAD) or not all(row.cells):
            yield f"line {row.number}: not three cells that say something: {row.cells}"
            continue
        attack = re.sub(r"\W+", " ", row.cells[0]).strip().casefold()
        if attack in first_lines:
            yield f"line {row.number}: the same attack as line {first_lines[attack]}: {row.cells[0]}"
        first_lines.setdefault(attack, row.number)
        yield from (f"line {row.number}: {problem}" for problem in references(row.cells[2]))


def references(cell: str) -> Iterator[str]:
    """What is wrong with a cell that names tests in backticks, and holds nothing else but what separates them."""
    if REFERENCE.sub("", cell).strip(" ,;") or not REFERENCE.search(cell):
        yield f"not `file.py::test_name`: {cell}"
    for file, name in REFERENCE.findall(cell):
        if not (TESTS / file).is_file():
            yield f"there is no tests/{file}"
        elif name not in functions(TESTS / file):
            yield f"tests/{file} has no {name}"


def test_every_attack_has_a_test() -> None:
    assert list(problems(PAGE.read_text(encoding="utf-8"))) == []


@pytest.mark.complete
def test_every_case_that_is_named_is_one_of_its_test() -> None:
    """What stands in brackets is the case's ID as pytest has it."""
    named = {case.replace("\\|", "|"): file for case, file in CASE.findall(PAGE.read_text(encoding="utf-8"))}
    assert named
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = ("--collect-only", "--quiet", "-p", "no:cacheprovider", "-m", "complete or not complete")
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *sorted({f"tests/{file}" for file in named.values()})],
        cwd=CHECKOUT, env=environment, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout.splitlines()  # fmt: skip
    assert sorted(case for case in named if f"tests/{case}" not in listed) == []


def test_there_are_as_many_as_were_asked_for() -> None:
    assert len(attacks(PAGE.read_text(encoding="utf-8"))) >= 120


HERE = "`unit/test_attacks.py::test_every_attack_has_a_test`"


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (f"| a | b | {HERE} |", 0),
        (f"| a `\\|` | b | {HERE}, {HERE[:-1]}[x-y]` |", 0),
        (f"| a | {HERE} |", 1),
        (f"| a | | {HERE} |", 1),
        ("| a | b | test_attacks.py |", 1),
        ("| a | b | `unit/test_attack.py::test_x` |", 1),
        ("| a | b | `unit/test_attacks.py::test_x` |", 1),
        (f"| a | b | {HERE} and more |", 1),
        (f"| The *same*. | b | {HERE} |\n| the same | b | {HERE} |", 1),
    ],
)
def test_a_row_that_is_wrong_is_found(row: str, found: int) -> None:
    page = f"## Heading\n\n| attack | what happens instead | test |\n|---|---|---|\n{row}\n"
    assert len(list(problems(page))) == found
