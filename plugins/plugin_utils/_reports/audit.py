# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit as a report: which host holds which management token, and which tokens nobody holds. No secret gets here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...module_utils._core.durations import after, parse_instant, parse_span
from .audit_lines import Row, audit_lines, audit_stats
from .csv_text import csv_text
from .tables import cell

AUDIT_COLUMNS = ("host", "profile", "token_id", "description", "created_at", "expires_at", "state")
CSV_COLUMNS = (*AUDIT_COLUMNS, "shared_with", "world_readable", "note")
WORLD_READABLE = 0o004
NOT_ASKED = "it was not asked"
NOT_HELD = "no host was seen to hold it"
_FRACTION = re.compile(r"\.\d+(?=Z$)")


def audit(
    holdings: Mapping[str, Mapping[str, Any] | None],
    tokens: Sequence[Mapping[str, Any]],
    now: datetime,
    expiring_within: str | int,
) -> dict[str, Any]:
    """Return who holds which management token, and which tokens nobody holds.

    `holdings` gives for each host what influxctl_profile_info returned there, also when it failed (`msg`), or None for
    a host that was not asked. `tokens` is mgmt_token_info's list with the revoked ones. Tokens that nobody holds are
    only known when all hosts were asked; the issuer holds its own (`own`), and a token with the name of a host that
    gave no answer may be that host's.
    `not_asked` and `silent`, those that gave no answer, say what an empty list of orphans is worth.
    Raises ValueError for a duration that can't be read.
    """
    try:
        soon = after(now, parse_span(expiring_within))
    except ValueError as error:
        raise ValueError(f"expiring_within: {error}") from None
    asked = {host: holding for host, holding in sorted(holdings.items()) if holding is not None}
    not_asked = sorted(set(holdings) - set(asked))
    listed = [_token_row(token, _state(token, now, soon)) for token in tokens]
    by_prefix: dict[Any, list[Row]] = defaultdict(list)
    for token, row in zip(tokens, listed):
        by_prefix[token.get("token_prefix")].append(row)
    rows = [row for host, holding in asked.items() for row in _rows_of(host, holding, by_prefix)]
    _name_sharers(rows)
    silent = [host for host, holding in asked.items() if "profiles" not in holding]
    whose = tuple(f" {host}" for host in silent)
    spoken_for = {row["token_id"] for row in rows} | {token["id"] for token in tokens if token.get("own")}
    orphans = [
        row
        for row in ([] if not_asked else listed)
        if row["token_id"] not in spoken_for
        and row["state"] in ("ok", "expiring")
        and not str(row["description"]).endswith(whose)
    ]
    orphans.sort(key=lambda row: (str(row["description"]), str(row["created_at"])))
    return {
        "rows": rows,
        "orphans": orphans,
        "not_asked": not_asked,
        "silent": silent,
        "findings": _findings(rows, orphans),
        "table": audit_lines(rows, orphans, silent, len(not_asked)),
        "stats": audit_stats(rows, orphans, not_asked),
        "csv": csv_text(
            [
                *rows,
                *({"host": host, "note": NOT_ASKED} for host in not_asked),
                *({**orphan, "note": NOT_HELD} for orphan in orphans),
            ],
            CSV_COLUMNS,
        ),
    }


def _rows_of(host: str, holding: Mapping[str, Any], by_prefix: Mapping[Any, Sequence[Row]]) -> list[Row]:
    """Return a row for each profile of a host, or one for a host without any."""
    mode = (holding.get("file") or {}).get("mode")
    readable = bool(mode and int(mode, 8) & WORLD_READABLE)
    if "profiles" not in holding:
        note = holding.get("msg") or "it gave no answer"
        return [{**_row(host, None), "state": "unknown", "note": note, "world_readable": readable}]
    rows, refused = [], _refused(holding)
    for profile in sorted(holding["profiles"], key=lambda one: str(one.get("name"))):
        row = {**_row(host, profile.get("name")), "world_readable": readable}
        prefix = profile.get("mgmt_token_prefix")
        if prefix:
            row.update(_of_prefix(prefix, host, by_prefix.get(prefix, ())))
        rows.append({**row, **refused})
    return rows or [{**_row(host, None), "world_readable": readable, **refused}]


def _refused(holding: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file that influxctl refuses does to all of its profiles: they are of no use, whatever they hold."""
    keys = holding.get("refused_keys")
    if not keys:
        return {}
    refusals = [
        f"{key['key']}{f' in {profile}' if (profile := key.get('profile')) else ''}: {key['remedy']}" for key in keys
    ]
    return {"state": "unreadable", "note": f"influxctl refuses the whole file: {'; '.join(refusals)}"}


def _row(host: str, profile: str | None) -> Row:
    empty = dict.fromkeys(AUDIT_COLUMNS)
    return {**empty, "host": host, "profile": profile, "state": "none", "note": None, "world_readable": False}


def _of_prefix(prefix: str, host: str, found: Sequence[Row]) -> Row:
    """Return a host's token among those of one prefix, which is short enough for several tokens to have the same."""
    own = [token for token in found if str(token["description"]).endswith(f" {host}")]
    candidates = own or found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        return {"state": "unknown", "note": f"the cluster lists no token that begins {prefix}"}
    listed = ", ".join(sorted(token["token_id"] for token in candidates))
    return {"state": "unknown", "note": f"several tokens begin {prefix}: {listed}"}


def _token_row(token: Mapping[str, Any], state: str) -> Row:
    return {
        "token_id": token["id"],
        "description": token.get("description"),
        "created_at": _FRACTION.sub("", token.get("created_at") or "") or None,
        "expires_at": token.get("expires_at"),
        "state": state,
    }


def _state(token: Mapping[str, Any], now: datetime, soon: datetime) -> str:
    """Return a token's state; a revoked one is revoked, also when it has expired since."""
    if token.get("revoked_at"):
        return "revoked"
    if not token.get("expires_at"):
        return "ok"
    ends = parse_instant(token["expires_at"])
    return "expired" if ends <= now else "expiring" if ends <= soon else "ok"


def _name_sharers(rows: Iterable[Row]) -> None:
    """Note in each row which other hosts hold the same token."""
    holders = defaultdict(set)
    for row in rows:
        if row["token_id"]:
            holders[row["token_id"]].add(row["host"])
    for row in rows:
        row["shared_with"] = sorted(holders[row["token_id"]] - {row["host"]})


def _findings(rows: Iterable[Row], orphans: Iterable[Row]) -> dict[str, list[str]]:
    """Return the words of `audit_fail_on` that apply, each with what it applies to."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        name = cell(f"{row['host']} ({row['profile']})" if row["profile"] else row["host"])
        if row["state"] != "ok":
            found[row["state"]].append(name)
        if row["world_readable"]:
            found["world_readable"].append(name)
        if row["shared_with"]:
            found["shared"].append(name)
    for orphan in orphans:
        found["orphan"].append(cell(f"{orphan['token_id']} ({orphan['description']})"))
    return dict(found)
