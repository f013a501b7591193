# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit's rows as lines for a terminal, and its findings as variables of another job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .tables import Column, cell, natural, short_time, table, totals, wrapped

Row = dict[str, Any]

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
_COLUMNS = (Column("host", "host", 20), Column("profile", "profile", 7), *_TOKEN_COLUMNS)
_CUT_FIRST = ("token_id", "description", "profile", "host")


def audit_lines(rows: Sequence[Row], orphans: Sequence[Row], silent: Sequence[str], not_asked: int) -> list[str]:
    """Return the lines of the report: a line a profile, remarks below, the totals, and what no host holds."""
    ordered = sorted(rows, key=lambda row: (natural(row["host"]), str(row["profile"])))
    lines = table([_shown(row) for row in ordered], _COLUMNS, _CUT_FIRST)
    for row in ordered:
        remarks = [cell(row["note"])] if row["note"] else []
        remarks += [f"shares its token with {cell(', '.join(row['shared_with']))}"] if row["shared_with"] else []
        remarks += ["others than the owner can read the file"] if row["world_readable"] else []
        lines += wrapped(f"{cell(row['host'])}: {'; '.join(remarks)}") if remarks else []
    lines.append(totals((row["state"] for row in rows), "profile"))
    if not_asked:
        lines += ["", f"Tokens that no host holds are not known: hosts that were not asked: {not_asked}."]
    if orphans:
        doubt = f" (no answer from {cell(', '.join(silent))}, which may hold one of them)" if silent else ""
        lines += ["", *wrapped(f"Active tokens that no host was seen to hold{doubt}:")]
        lines += table([_shown(orphan) for orphan in orphans], _TOKEN_COLUMNS, _CUT_FIRST[:2])
    return lines


def _shown(row: Row) -> Row:
    ends = short_time(row["expires_at"]) or ("never" if row["token_id"] else None)
    return {**row, "created_at": short_time(row["created_at"], is_date=True), "expires_at": ends}


def audit_stats(rows: Sequence[Row], orphans: Sequence[Row], not_asked: Sequence[str]) -> dict[str, Any]:
    """Return the findings for `set_stats`, so that those of several audits add up.

    Another job gets them as variables. So they hold the inventory's own names and token IDs, and no text that a host
    or a token's maker has chosen.
    """
    found: dict[str, list[str]] = {
        word: list(dict.fromkeys(row["host"] for row in rows if _applies(word, row))) for word in FINDINGS
    }
    found["orphan"] = [orphan["token_id"] for orphan in orphans if _PLAIN_ID.fullmatch(str(orphan["token_id"]))]
    listed = {f"influxdb3_audit_{word}": names for word, names in found.items()}
    ok = sum(row["state"] == "ok" for row in rows)
    return {**listed, "influxdb3_audit_ok": ok, "influxdb3_audit_not_asked": list(not_asked)}


def _applies(word: str, row: Row) -> bool:
    if word == "shared":
        return bool(row["shared_with"])
    return bool(row["world_readable"]) if word == "world_readable" else row["state"] == word
