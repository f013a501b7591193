# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of a rotation: the outcome of each host, and the old tokens that still work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .._fleet.summary import OldToken, Row, summarize
from .tables import Column, cell, natural, short_time, table, totals, wrapped

NOT_KNOWN = "not known"
# From so many on, the unchanged hosts are named together, so that the others can be found.
FOLDED_FROM = 20
COLUMNS = (
    Column("host", "host", 20),
    Column("outcome", "outcome", 12, 12),
    Column("token_id", "token id", 9),
    Column("expires_at", "expires (UTC)", 16, 16),
    Column("old_tokens", "old tokens", 10, 10),
)
LISTED_OUTCOMES = ("renewed", "would renew", "not finished", "not asked")


def rotation(
    hosts: Iterable[str],
    outcomes: Mapping[str, Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]] | None,
    descriptions: Mapping[str, str],
    begun: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the report: `rows` (see `summarize`, in natural order), `table` (lines) and `stats`.

    The arguments are those of `summarize`.
    """
    rows = summarize(sorted(hosts, key=natural), outcomes, tokens, descriptions, begun)
    return {"rows": rows, "table": rotation_lines(rows), "stats": rotation_stats(rows)}


def rotation_lines(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the report: one for each host, then the old tokens that still work, and the totals."""
    idle = [row for row in rows if row["outcome"] == "unchanged" and row["old_tokens"] == []]
    folded = {row["host"] for row in idle} if len(idle) >= FOLDED_FROM else set()
    shown = [row for row in rows if row["host"] not in folded]
    lines = table([_shown(row) for row in shown], COLUMNS, ("token_id", "host")) if shown else []
    for row in shown:
        if row["old_tokens"]:
            lines += wrapped(f"{cell(row['host'])}: old tokens that still work: {_listed(row['old_tokens'])}")
    if folded:
        names = ", ".join(cell(row["host"]) for row in rows if row["host"] in folded)
        lines += wrapped(f"Unchanged, and without old tokens: {names}")
    return [*lines, totals((row["outcome"] for row in rows), "host")]


def _shown(row: Row) -> dict[str, Any]:
    old = row["old_tokens"]
    return {
        **row,
        "expires_at": _ends(row["expires_at"]) if row["token_id"] else None,
        "old_tokens": NOT_KNOWN if old is None else len(old) or None,
    }


def _ends(expires_at: str | None) -> str:
    return short_time(expires_at) or "never"


def _listed(tokens: Iterable[OldToken]) -> str:
    return ", ".join(
        f"{cell(token['id'])} "
        + (f"until {cell(short_time(token['expires_at']))}" if token["expires_at"] else "(never ends)")
        for token in tokens
    )


def rotation_stats(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the outcome for `set_stats`: lists of hosts and a number, so that those of several uses add up."""
    stats: dict[str, Any] = {
        f"influxdb3_rotation_{word.replace(' ', '_')}": [row["host"] for row in rows if row["outcome"] == word]
        for word in LISTED_OUTCOMES
    }
    return {**stats, "influxdb3_rotation_unchanged": sum(row["outcome"] == "unchanged" for row in rows)}
