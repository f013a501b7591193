# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an audit's rows as lines for a terminal, and its findings as variables of another job."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .holdings import DATABASE, MANAGEMENT, Row, remarks_of
from .tables import Column, cell, natural, short_time, table, totals, wrapped

FINDINGS = ("expired", "revoked", "unknown", "unreadable", "expiring", "none", "world_readable", "shared", "orphan")
# What an ID may hold to get into the variables of another job.
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_TOKEN_COLUMNS = (
    Column("token_id", "token id", 9),
    Column("description", "description", 11),
    Column("created_at", "created", 10, 10),
    Column("expires_at", "expires (UTC)", 16, 16),
    Column("state", "state", 10, 10),
)
_KIND = Column("kind", "kind", 10, 10)
_HOST = Column("host", "host", 20)
_PROFILE_COLUMNS = (_HOST, Column("profile", "profile", 7), *_TOKEN_COLUMNS)
_FILE_COLUMNS = (_HOST, Column("held_in", "file", 12), *_TOKEN_COLUMNS)
_ENDING_COLUMNS = (Column("expires_at", "expires (UTC)", 16, 16), _KIND, _HOST, *_TOKEN_COLUMNS[:2])
_CUT_FIRST = ("token_id", "held_in", "description", "profile", "host")


def audit_lines(report: Mapping[str, Any], within: str) -> list[str]:
    """Return the lines of the report: one for each profile, one for each file, and one for each token without a host.

    Below the tables of the hosts are the remarks and the totals. The tokens that end within the time `within` are
    listed at the end, unless all of them are management tokens in the tables above.
    """
    rows, orphans = report["rows"], report["orphans"]
    databases = [row for row in rows if row["kind"] == DATABASE]
    lines = _host_lines([row for row in rows if row["kind"] == MANAGEMENT], _PROFILE_COLUMNS, "profile")
    if databases:
        lines += ["", "Database tokens:", *_host_lines(databases, _FILE_COLUMNS, "file")]
    if report["not_asked"]:
        number = len(report["not_asked"])
        lines += ["", f"Tokens that no host holds are not known: hosts that were not asked: {number}."]
    if orphans:
        silent = cell(", ".join(report["silent"]))
        doubt = f" (no answer from {silent}, which may hold one of them)" if silent else ""
        kinds = (_KIND,) if any(orphan["kind"] == DATABASE for orphan in orphans) else ()
        lines += ["", *wrapped(f"Active tokens that no host was seen to hold{doubt}:")]
        lines += _table(orphans, (*kinds, *_TOKEN_COLUMNS))
    ending = report["ending"]
    if any(row["kind"] == DATABASE or row in report["others"] for row in ending):
        lines += ["", *wrapped(f"Active tokens that end within {within}, the soonest first:")]
        lines += _table(ending, _ENDING_COLUMNS)
    return lines


def _host_lines(rows: Sequence[Row], columns: Sequence[Column], what: str) -> list[str]:
    ordered = sorted(rows, key=lambda row: (natural(row["host"]), str(row["profile"]), str(row["held_in"])))
    lines = _table(ordered, columns)
    for row in ordered:
        remarks = [cell(remark) for remark in remarks_of(row)]
        lines += wrapped(f"{cell(row['host'])}: {'; '.join(remarks)}") if remarks else []
    return [*lines, totals((row["state"] for row in rows), what)]


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    keys = {column.key for column in columns}
    return table([_shown(row) for row in rows], columns, [key for key in _CUT_FIRST if key in keys])


def _shown(row: Row) -> Row:
    ends = short_time(row["expires_at"]) or ("never" if row["token_id"] else None)
    return {**row, "created_at": short_time(row["created_at"], is_date=True), "expires_at": ends}


def audit_stats(report: Mapping[str, Any], soonest_end: str | None) -> dict[str, Any]:
    """Return the findings for `set_stats`, so that those of several audits add up.

    Another job gets them as variables. So they hold the inventory's own names, token IDs and times, and no text that a
    host or a token's maker has chosen.
    """
    rows, orphans = report["rows"], report["orphans"]
    found: dict[str, list[str]] = {
        word: list(dict.fromkeys(row["host"] for row in rows if _applies(word, row))) for word in FINDINGS
    }
    found["orphan"] = [orphan["token_id"] for orphan in orphans if _PLAIN_ID.fullmatch(str(orphan["token_id"]))]
    listed = {f"influxdb3_audit_{word}": names for word, names in found.items()}
    return {
        **listed,
        "influxdb3_audit_ok": sum(row["state"] == "ok" for row in rows),
        "influxdb3_audit_not_asked": list(report["not_asked"]),
        "influxdb3_audit_soonest_end": [soonest_end] if soonest_end else [],
    }


def _applies(word: str, row: Row) -> bool:
    if word == "shared":
        return bool(row["shared_with"])
    return bool(row["world_readable"]) if word == "world_readable" else row["state"] == word
