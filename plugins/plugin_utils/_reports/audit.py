# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of an audit: who holds which token, which tokens nobody holds, and which end soon.

No secret gets here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ...module_utils._core.durations import format_instant, parse_instant
from .audit_lines import audit_lines, audit_stats
from .csv_text import csv_text
from .expiring import soon_until
from .holdings import (
    AUDIT_COLUMNS,
    DATABASE,
    MANAGEMENT,
    Row,
    file_row,
    is_other,
    is_read,
    is_unused,
    note_sharers,
    profile_rows,
    stored_rows,
    token_row,
    twins,
)
from .tables import cell
from .unheld import BEYOND, OWN, TWIN, Holders, part_unheld

CSV_COLUMNS = (*AUDIT_COLUMNS, "shared_with", "world_readable", "note", "kind", "held_in")
NOT_ASKED = "it was not asked"
NOT_HELD = "no host was seen to hold it"


class Databases(NamedTuple):
    """The sources of an audit about database tokens.

    `tokens` is db_token_info's list with the revoked ones. `stored` is the result of db_token_file_info for the
    controller's directory of secret files, None without one.
    """

    tokens: Sequence[Mapping[str, Any]]
    stored: Mapping[str, Any] | None = None


def audit(
    holdings: Mapping[str, Mapping[str, Any] | None],
    tokens: Sequence[Mapping[str, Any]],
    now: datetime,
    expiring_within: str | int,
    databases: Databases | None = None,
    beyond: Mapping[str, Mapping[str, Any] | None] | None = None,
) -> dict[str, Any]:
    """Return who holds which token, and which tokens nobody holds.

    `holdings` has for each host the result of influxctl_profile_info, also a failed one (`msg`); None for a host that
    was not asked. Where a host shall have a file with a database token, its entry has `held_file` as well: the result
    of db_token_file_info, empty where the host gave no answer. `tokens` is mgmt_token_info's list with the revoked
    ones. `expiring_within` is a span of time such as `14d`. `beyond` are the inventory's other hosts in the form of
    `holdings`. They have no rows, and what they hold is no orphan.

    The result has `rows`, `orphans`, `others`, `ending`, `not_asked`, `silent`, `findings`, `audited_at`, and the same
    in other forms as `table`, `stats` and `csv`. `orphans` are active tokens that nobody holds; there are none where a
    host was not asked. `others` are active tokens that a host may hold which was not asked or gave no answer, those
    that a host beyond the report holds, and the issuer's own (`own`). `silent` are the hosts that gave no answer.
    Raises ValueError for a span that can't be read.
    """
    soon = soon_until(now, expiring_within)
    asked = _asked(holdings)
    not_asked = sorted(set(holdings) - set(asked))
    files = _files(asked, databases)
    management = [token_row(MANAGEMENT, token, now, soon) for token in tokens]
    listed = management + [token_row(DATABASE, token, now, soon) for token in (databases.tokens if databases else ())]
    by_id = {row["token_id"]: row for row in listed}
    by_prefix = _by_prefix(tokens, management)
    rows = _host_rows(asked, files, by_prefix, by_id)
    if databases and databases.stored is not None:
        rows += stored_rows(databases.stored, by_id)
    silent = [host for host, holding in asked.items() if _is_silent(holding, files.get(host))]
    further = _asked(beyond or {})
    all_files = {**_files(further, databases), **files}
    further_rows = _host_rows(further, all_files, by_prefix, by_id)
    everybody = {**further, **asked}
    unknown = {host for host, holding in everybody.items() if _is_unknown(holding, all_files.get(host))}
    holders = Holders(
        notes={
            **dict.fromkeys(twins(everybody, by_prefix), TWIN),
            **{row["token_id"]: BEYOND for row in further_rows},
            **{token["id"]: OWN for token in tokens if token.get("own")},
        },
        unknown=unknown | (set(beyond or {}) - set(further)),
        # The name of a host ends the descriptions of its tokens, unless several hosts share one.
        shared={row["description"] for row in rows if row["token_id"] and not _is_own(row)} if unknown else set(),
        used={row["description"] for row in [*rows, *further_rows] if is_unused(all_files.get(row["host"]), row)},
        any_unasked=bool(not_asked),
    )
    orphans, others = part_unheld(rows, listed, holders)
    expiring = {row["token_id"] for row in listed if row["state"] == "expiring"}
    report = {
        "rows": rows,
        "orphans": orphans,
        "others": others,
        "ending": _ending([*rows, *orphans, *others], expiring),
        "not_asked": not_asked,
        "silent": silent,
        "findings": _findings(rows, orphans),
        "audited_at": format_instant(now),
    }
    return {
        **report,
        "table": audit_lines(report, cell(expiring_within)),
        "stats": audit_stats(report, _soonest_end(listed)),
        "csv": csv_text(table_rows(report), CSV_COLUMNS),
    }


def _asked(holdings: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Mapping[str, Any]]:
    return {host: holding for host, holding in sorted(holdings.items()) if holding is not None}


def _files(asked: Mapping[str, Mapping[str, Any]], databases: Databases | None) -> dict[str, Mapping[str, Any]]:
    """Return what db_token_file_info said on each host that shall have a file, empty in an audit without databases."""
    return {host: holding["held_file"] for host, holding in asked.items() if databases and "held_file" in holding}


def _by_prefix(tokens: Iterable[Mapping[str, Any]], rows: Iterable[Row]) -> dict[Any, list[Row]]:
    """Return the rows of management tokens by the public prefix of their secrets."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for token, row in zip(tokens, rows):
        found[token.get("token_prefix")].append(row)
    return found


def _host_rows(
    asked: Mapping[str, Mapping[str, Any]],
    files: Mapping[str, Mapping[str, Any]],
    by_prefix: Mapping[Any, Sequence[Row]],
    by_id: Mapping[Any, Row],
) -> list[Row]:
    """Return the rows of the hosts, each with the other hosts that hold the same token."""
    rows = []
    for host, holding in asked.items():
        rows += profile_rows(host, holding, by_prefix)
        if host in files:
            rows.append(file_row(host, files[host], by_id, holding.get("msg")))
    note_sharers(rows)
    return rows


def _is_silent(holding: Mapping[str, Any], file: Mapping[str, Any] | None) -> bool:
    """Return whether a host has given no or only half an answer; `file` is None where it shall have no file."""
    return "profiles" not in holding or (file is not None and not is_read(file))


def _is_unknown(holding: Mapping[str, Any], file: Mapping[str, Any] | None) -> bool:
    """Return whether it isn't known what a host holds, or which token is used there that reads a variable's file."""
    return _is_silent(holding, file) or is_other(file)


def table_rows(report: Mapping[str, Any]) -> list[Row]:
    """Return all rows of a report as one table: those of hosts, the hosts that were not asked, and unheld tokens."""
    not_asked = [{"host": host, "note": NOT_ASKED} for host in report["not_asked"]]
    orphans = [{**orphan, "note": NOT_HELD} for orphan in report["orphans"]]
    return [*report["rows"], *not_asked, *orphans, *report["others"]]


def _is_own(row: Row) -> bool:
    """Return whether the token of a host's row is described as one that the host doesn't share."""
    return str(row["description"]).endswith(f" {row['host']}")


def _ending(rows: Iterable[Row], expiring: set[Any]) -> list[Row]:
    """Return the rows whose token is in `expiring`, the one that ends first at the beginning."""
    found = [row for row in rows if row["token_id"] in expiring]
    return sorted(found, key=lambda row: (parse_instant(row["expires_at"]), row["kind"], row.get("host") or ""))


def _soonest_end(listed: Iterable[Row]) -> str | None:
    """Return when the first of all active tokens ends, in RFC 3339; None where none of them ends."""
    ends = [
        parse_instant(row["expires_at"]) for row in listed if row["state"] in ("ok", "expiring") and row["expires_at"]
    ]
    return format_instant(min(ends)) if ends else None


def _findings(rows: Iterable[Row], orphans: Iterable[Row]) -> dict[str, list[str]]:
    """Return the words of `mgmt_token_audit_fail_on` that apply, each with what it applies to."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        where = row["profile"] if row["kind"] == MANAGEMENT else row["held_in"]
        name = cell(f"{row['host']} ({where})" if where else row["host"])
        if row["state"] != "ok":
            found[row["state"]].append(name)
        if row["world_readable"]:
            found["world_readable"].append(name)
        if row["shared_with"]:
            found["shared"].append(name)
    for orphan in orphans:
        found["orphan"].append(cell(f"{orphan['token_id']} ({orphan['description']})"))
    return dict(found)
