# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a preflight's rows as lines for a terminal, and its problems as variables of another job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .preflight_rows import CHECKS, OK, PROBLEM, Row
from .tables import Column, cell, natural, table, totals, wrapped

COLUMNS = (
    Column("check", "check", 11, 11),
    Column("where", "where", 12, 40),
    Column("state", "state", 11, 11),
    Column("found", "found", 20),
)


def preflight_lines(shown: Sequence[Row], rows: Sequence[Row], not_asked: int) -> list[str]:
    """Return the lines of the report: one for each row of `shown` with its remedy below, and the totals of all `rows`.

    Rows without a problem that say the same of several machines share a line. `not_asked` is a number of hosts.
    """
    ordered = list(_merged(sorted(shown, key=lambda row: (CHECKS.index(row["check"]), natural(row["where"])))))
    lines: list[str] = []
    if ordered:
        heading, *aligned = table(ordered, COLUMNS, ("found", "where"))
        lines.append(heading)
        for line, row in zip(aligned, ordered):
            lines += [line, *(wrapped(f"    {cell(row['remedy'])}") if row["remedy"] else [])]
    if not_asked:
        lines.append(f"Hosts that were not asked: {not_asked}.")
    return [*lines, totals((row["state"] for row in rows), "check")]


def _merged(rows: Iterable[Row]) -> Iterable[Row]:
    """Return the rows; those without a problem that say the same become one row."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for number, row in enumerate(rows):
        key = (row["check"], row["state"], row["found"], number if row["state"] == PROBLEM else -1)
        groups.setdefault(key, []).append(row)
    for group in groups.values():
        places = [row["where"] for row in group]
        yield {**group[0], "where": ", ".join(places) if len(places) < 4 else f"{places[0]} and {len(places) - 1} more"}


def preflight_stats(rows: Sequence[Row], checks: Iterable[str]) -> dict[str, Any]:
    """Return the problems for `set_stats`: for each check the list of places, which are the inventory's own names."""
    found = {
        f"influxdb3_preflight_{check}": [r["where"] for r in rows if r["check"] == check and r["state"] == PROBLEM]
        for check in checks
    }
    return {**found, "influxdb3_preflight_ok": sum(row["state"] == OK for row in rows)}
