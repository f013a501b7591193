# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet holds and what a rotation did, as rows and as tables. Pure functions; no secret is ever known here."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..module_utils._core.durations import after, parse_instant, parse_span
from ..module_utils._core.masking import printable

Row = dict[str, Any]

AUDIT_COLUMNS = ("host", "profile", "token_id", "description", "created_at", "expires_at", "state")
ORPHAN_COLUMNS = ("token_id", "description", "created_at", "expires_at", "state")
CSV_COLUMNS = (*AUDIT_COLUMNS, "shared_with", "world_readable", "note")
ROTATION_COLUMNS = ("host", "outcome", "token_id", "expires_at", "old_tokens")
WORLD_READABLE = 0o004
NOT_KNOWN = "not known"
NOT_ASKED = "it was not asked"
NOT_HELD = "no host was seen to hold it"
_FRACTION = re.compile(r"\.\d+(?=Z$)")
# What a spreadsheet may take for the beginning of a formula, at the beginning of a cell; the last four are the
# full-width = + - @. Where it parts cells by semicolons, as in much of Europe, quotation marks within a line hold
# nothing together, so that a cell begins after each semicolon.
_FORMULA = re.compile(r"(^|;)(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


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
    rows = [row for host, holding in asked.items() for row in _rows_of(host, holding, tokens, now, soon)]
    _name_sharers(rows)
    held = {row["token_id"] for row in rows}
    silent = [host for host, holding in asked.items() if "profiles" not in holding]
    whose = tuple(f" {host}" for host in silent)
    orphans = [
        _token_row(token, _state(token, now, soon))
        for token in ([] if not_asked else tokens)
        if token["id"] not in held
        and not token.get("own")
        and _state(token, now, soon) in ("ok", "expiring")
        and not str(token.get("description")).endswith(whose)
    ]
    orphans.sort(key=lambda row: (str(row["description"]), str(row["created_at"])))
    return {
        "rows": rows,
        "orphans": orphans,
        "not_asked": not_asked,
        "silent": silent,
        "findings": _findings(rows, orphans),
        "table": _audit_table(rows, orphans, silent, len(not_asked)),
        "csv": csv_text(
            [
                *rows,
                *({"host": host, "note": NOT_ASKED} for host in not_asked),
                *({**orphan, "note": NOT_HELD} for orphan in orphans),
            ],
            CSV_COLUMNS,
        ),
    }


def _rows_of(
    host: str, holding: Mapping[str, Any], tokens: Sequence[Mapping[str, Any]], now: datetime, soon: datetime
) -> list[Row]:
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
            row.update(_of_prefix(prefix, host, tokens, now, soon))
        rows.append({**row, **refused})
    return rows or [{**_row(host, None), "world_readable": readable, **refused}]


def _refused(holding: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file that influxctl refuses does to all of its profiles: they are of no use, whatever they hold."""
    keys = holding.get("refused_keys")
    if not keys:
        return {}
    told = [
        f"{key['key']}{f' in {profile}' if (profile := key.get('profile')) else ''}: {key['remedy']}" for key in keys
    ]
    return {"state": "unreadable", "note": f"influxctl refuses the whole file: {'; '.join(told)}"}


def _row(host: str, profile: str | None) -> Row:
    empty = dict.fromkeys(AUDIT_COLUMNS)
    return {**empty, "host": host, "profile": profile, "state": "none", "note": None, "world_readable": False}


def _of_prefix(
    prefix: str, host: str, tokens: Sequence[Mapping[str, Any]], now: datetime, soon: datetime
) -> dict[str, Any]:
    """Return what is known of a token by its prefix, which is short enough for several tokens to have the same one."""
    found = [token for token in tokens if token.get("token_prefix") == prefix]
    own = [token for token in found if str(token.get("description")).endswith(f" {host}")]
    candidates = own or found
    if len(candidates) == 1:
        return _token_row(candidates[0], _state(candidates[0], now, soon))
    if not candidates:
        return {"state": "unknown", "note": f"the cluster lists no token that begins {prefix}"}
    listed = ", ".join(sorted(token["id"] for token in candidates))
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
        name = _cell(f"{row['host']} ({row['profile']})" if row["profile"] else row["host"])
        if row["state"] != "ok":
            found[row["state"]].append(name)
        if row["world_readable"]:
            found["world_readable"].append(name)
        if row["shared_with"]:
            found["shared"].append(name)
    for orphan in orphans:
        found["orphan"].append(_cell(f"{orphan['token_id']} ({orphan['description']})"))
    return dict(found)


def _audit_table(rows: Sequence[Row], orphans: Sequence[Row], silent: Sequence[str], not_asked: int) -> list[str]:
    """Return an audit as the lines of a table, with what is remarkable below it."""
    lines = table(rows, AUDIT_COLUMNS)
    for row in rows:
        remarks = [_cell(row["note"])] if row["note"] else []
        remarks += [f"shares its token with {_cell(', '.join(row['shared_with']))}"] if row["shared_with"] else []
        remarks += ["others than the owner can read the file"] if row["world_readable"] else []
        lines += [f"{_cell(row['host'])}: {'; '.join(remarks)}"] if remarks else []
    if not_asked:
        lines += ["", f"Tokens that no host holds are {NOT_KNOWN}: hosts that were not asked: {not_asked}."]
    if orphans:
        doubt = f" (no answer from {_cell(', '.join(silent))}, which may hold one of them)" if silent else ""
        lines += ["", f"Active tokens that no host was seen to hold{doubt}:", *table(orphans, ORPHAN_COLUMNS)]
    return lines


def rotation(
    hosts: Iterable[str],
    outcomes: Mapping[str, Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]] | None,
    descriptions: Mapping[str, str],
    begun: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return what became of each host, as rows and as the lines of a table.

    `outcomes` are the role's facts of the hosts that came to the end. For the others, `tokens` and `descriptions` tell
    which tokens of theirs are not revoked, one of which they hold; None for `tokens` is a list that nobody could get.
    `begun` are the hosts that the run came to; None says that it came to all.
    """
    revoked = {token_id for outcome in outcomes.values() for token_id in outcome.get("revoked", [])}
    # Where no host waits for another, one may have been given a shared token that another has then renewed.
    superseded = {token["id"]: token for outcome in outcomes.values() for token in outcome["old"]}
    rows = []
    for host in sorted(hosts):
        outcome = outcomes.get(host)
        if outcome:
            own_old = [superseded[outcome["id"]]] if outcome["id"] in superseded else []
            old = _listed([token for token in [*outcome["old"], *own_old] if token["id"] not in revoked])
        elif tokens is None:
            old = NOT_KNOWN
        else:
            own = descriptions.get(host, "")
            old = _listed([t for t in tokens if own and t.get("description") == own and not t.get("revoked_at")])
        rows.append(
            {
                "host": host,
                "outcome": outcome["outcome"] if outcome else _unfinished(host, begun),
                "token_id": outcome["id"] if outcome else None,
                "expires_at": outcome["expires_at"] if outcome else None,
                "old_tokens": old,
            }
        )
    return {"rows": rows, "table": table(rows, ROTATION_COLUMNS)}


def _unfinished(host: str, begun: Collection[str] | None) -> str:
    return "not finished" if begun is None or host in begun else "not asked"


def _listed(tokens: Iterable[Mapping[str, Any]]) -> str | None:
    """Return tokens as one cell: each with the time until which it works."""
    return ", ".join(f"{token['id']} {_until(token.get('expires_at'))}" for token in tokens) or None


def _until(expires_at: str | None) -> str:
    return f"until {expires_at}" if expires_at else "(never ends)"


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Return rows as aligned lines below a heading; what isn't there is a dash."""
    cells = [[column.replace("_", " ") for column in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]


def _cell(value: Any) -> str:
    """Return a value on one line, with nothing that steers a terminal: a description may hold anything."""
    return "-" if value is None else printable(" ".join(str(value).split()))


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV (RFC 4180) with a heading; what isn't there is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, which makes it text there, also
    where the spreadsheet parts cells by semicolons. What steers a terminal is escaped, line breaks among it. Whoever
    may make tokens chooses their descriptions.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([[_csv_cell(row.get(column)) for column in columns] for row in rows])
    return buffer.getvalue()


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = printable(", ".join(value) if isinstance(value, list) else str(value))
    return _FORMULA.sub(r"\1'", text)
