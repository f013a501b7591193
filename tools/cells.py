# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the sessions of the noxfile's matrix as JSON, each with its Python: `python -m tools.cells`.

The workflow .github/workflows/tests.yml makes a job of each. It needs nothing but Python's standard library, and reads
the noxfile without running it: a workflow's first job has no nox.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TypedDict

NOXFILE = Path(__file__).resolve().parent.parent / "noxfile.py"


class Cell(TypedDict):
    """A job: the session of nox, the Python that it needs, and whether its failure stops nothing."""

    session: str
    python: str
    may_fail: bool


def constants(source: str) -> dict[str, object]:
    """Return the literals that a module's top level assigns to names."""
    found: dict[str, object] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def cells(source: str) -> list[Cell]:
    """Return every cell of MATRIX, sanity of the cores that `make test` leaves out, and `devel`, which may fail.

    `source` is the noxfile's text. Raises KeyError and TypeError where it lacks the matrix.
    """
    names = constants(source)
    matrix, devel = names["MATRIX"], names["DEVEL_PYTHONS"]
    if not isinstance(matrix, dict) or not isinstance(devel, tuple):
        raise TypeError("MATRIX and DEVEL_PYTHONS are a dict and a tuple of literals")
    stable = [
        Cell(session=f"matrix-{core}-{python}", python=python, may_fail=False)
        for core, pythons in matrix.items()
        for python in pythons
    ]
    stable += [
        Cell(session=f"sanity-{core}", python=pythons[-1], may_fail=False) for core, pythons in [*matrix.items()][:-1]
    ]
    return [*stable, Cell(session="devel", python=devel[0], may_fail=True)]


if __name__ == "__main__":
    print(json.dumps(cells(NOXFILE.read_text(encoding="utf-8"))))
