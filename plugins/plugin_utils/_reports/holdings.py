# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the rows of an audit for what hosts hold: profiles with management tokens, and files with database tokens."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...module_utils._core.durations import parse_instant

Row = dict[str, Any]

MANAGEMENT, DATABASE = "management", "database"
TOKEN_COLUMNS = ("token_id", "description", "created_at", "expires_at", "state")
AUDIT_COLUMNS = ("host", "profile", *TOKEN_COLUMNS)
CONTROLLER = "localhost"
NO_ANSWER = "it gave no answer"
_WORLD_READABLE = 0o004
_FRACTION = re.compile(r"\.\d+(?=Z$)")
_ENV_STATES = {"missing": "is missing", "differs": "holds another token, or something else"}


def token_row(kind: str, token: Mapping[str, Any], now: datetime, soon: datetime) -> Row:
    """Return a listed token as a row without a host. A revoked token's state is `revoked`, also when it has expired.

    A token that has ended by `now` is `expired`, one that ends by `soon` is `expiring`, any other is `ok`.
    """
    expires_at = token.get("expires_at")
    ends = parse_instant(expires_at) if expires_at else None
    state = "ok" if ends is None or ends > soon else "expiring" if ends > now else "expired"
    return {
        "kind": kind,
        "token_id": token["id"],
        "description": token.get("description"),
        "created_at": _FRACTION.sub("", token.get("created_at") or "") or None,
        "expires_at": expires_at,
        "state": "revoked" if token.get("revoked_at") else state,
    }


def profile_rows(host: str, holding: Mapping[str, Any], by_prefix: Mapping[Any, Sequence[Row]]) -> list[Row]:
    """Return a row for each profile of a host, or one for a host without any.

    `holding` is the result of influxctl_profile_info, `by_prefix` the rows of the listed tokens by their prefixes.
    """
    file = holding.get("file") or {}
    base = {**_empty(MANAGEMENT, host), "held_in": file.get("path"), "world_readable": _readable(file.get("mode"))}
    if "profiles" not in holding:
        return [{**base, "state": "unknown", "note": holding.get("msg") or NO_ANSWER}]
    rows, refused = [], _refused(holding)
    for profile in sorted(holding["profiles"], key=lambda one: str(one.get("name"))):
        row = {**base, "profile": profile.get("name")}
        prefix = profile.get("mgmt_token_prefix")
        if prefix:
            row.update(_of_prefix(prefix, host, by_prefix.get(prefix, ())))
        rows.append({**row, **refused})
    return rows or [{**base, **refused}]


def file_row(host: str, answer: Mapping[str, Any], by_id: Mapping[Any, Row], away: str | None) -> Row:
    """Return the row of a host's file of a database token.

    `answer` is the result of db_token_file_info. `away` says why the host wasn't asked for it, None where it was.
    """
    file = answer.get("db_token_file") or {}
    modes = (file.get("mode"), file.get("env_mode"))
    base = {**_empty(DATABASE, host), "held_in": file.get("path"), "world_readable": any(map(_readable, modes))}
    if not is_read(answer):
        return {**base, "state": "unknown", "note": answer.get("msg") or away or NO_ANSWER}
    row = {**base, **_of_id(file, by_id)}
    env_state = file.get("env_state")
    if env_state in _ENV_STATES and (env_state, row["state"]) != ("missing", "none"):
        row["note"] = "; ".join([*filter(None, [row["note"]]), f"{file.get('env_path')} {_ENV_STATES[env_state]}"])
        # What reads that file doesn't use the token, so that nobody knows what it uses.
        row["state"] = "unknown" if row["state"] in ("ok", "expiring", "none") else row["state"]
    return row


def is_read(answer: Mapping[str, Any]) -> bool:
    """Return whether db_token_file_info could read the file, or see that there is none."""
    return "file_identity" in answer


def is_other(answer: Mapping[str, Any] | None) -> bool:
    """Return whether the file of a host's variable holds another token than the one that the report shows."""
    return ((answer or {}).get("db_token_file") or {}).get("env_state") == "differs"


def is_unused(answer: Mapping[str, Any] | None, row: Row) -> bool:
    """Return whether what uses the token of a host's row of a file has not read it yet (role db_token)."""
    return row["kind"] == DATABASE and bool((answer or {}).get("unused"))


def twins(holdings: Mapping[str, Mapping[str, Any]], by_prefix: Mapping[Any, Sequence[Row]]) -> set[Any]:
    """Return the IDs of the tokens that a host may hold, and of which the prefix doesn't tell which one it holds."""
    found: set[Any] = set()
    for host, holding in holdings.items():
        for profile in holding.get("profiles", ()):
            prefix = profile.get("mgmt_token_prefix")
            candidates = _candidates(host, by_prefix.get(prefix, ())) if prefix else ()
            found.update(token["token_id"] for token in candidates if len(candidates) > 1)
    return found


def stored_rows(answer: Mapping[str, Any], by_id: Mapping[Any, Row]) -> list[Row]:
    """Return a row for each file of a directory of the controller; `answer` is the result of db_token_file_info.

    A secret file of a management token may be among them, so `by_id` has the tokens of both kinds.
    """
    base = _empty(DATABASE, CONTROLLER)
    if "db_token_files" not in answer:
        return [{**base, "state": "unknown", "note": answer.get("msg") or NO_ANSWER}]
    rows = []
    for file in answer["db_token_files"]:
        row = {**base, "held_in": file.get("path"), "world_readable": _readable(file.get("mode"))}
        problem = file.get("problem")
        rows.append({**row, **({"state": "unknown", "note": problem} if problem else _of_id(file, by_id))})
    return rows


def note_sharers(rows: Iterable[Row]) -> None:
    """Note in each row which other hosts hold the same token."""
    holders = defaultdict(set)
    for row in rows:
        if row["token_id"]:
            holders[row["kind"], row["token_id"]].add(row["host"])
    for row in rows:
        row["shared_with"] = sorted(holders[row["kind"], row["token_id"]] - {row["host"]})


def remarks_of(row: Row) -> list[str]:
    """Return the remarks about a row. Callers escape them, because they may hold foreign texts."""
    shared = row.get("shared_with")
    return [
        *([row["note"]] if row.get("note") else []),
        *([f"shares its token with {', '.join(shared)}"] if shared else []),
        *(["others than the owner can read the file"] if row.get("world_readable") else []),
    ]


def _empty(kind: str, host: str) -> Row:
    empty = dict.fromkeys((*AUDIT_COLUMNS, "held_in", "note"))
    return {**empty, "kind": kind, "host": host, "state": "none", "world_readable": False, "shared_with": []}


def _readable(mode: str | None) -> bool:
    return bool(mode and int(mode, 8) & _WORLD_READABLE)


def _refused(holding: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes of all profiles' rows where influxctl refuses the file: no profile in it works."""
    keys = holding.get("refused_keys")
    if not keys:
        return {}
    refusals = [
        f"{key['key']}{f' in {profile}' if (profile := key.get('profile')) else ''}: {key['remedy']}" for key in keys
    ]
    return {"state": "unreadable", "note": f"influxctl refuses the whole file: {'; '.join(refusals)}"}


def _candidates(host: str, found: Sequence[Row]) -> Sequence[Row]:
    """Return those of the tokens of one prefix that a host may hold."""
    return [token for token in found if str(token["description"]).endswith(f" {host}")] or found


def _of_prefix(prefix: str, host: str, found: Sequence[Row]) -> Row:
    """Return a host's token among those of one prefix, which is short enough for several tokens to have the same."""
    candidates = _candidates(host, found)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        return {"state": "unknown", "note": f"the cluster lists no token that begins {prefix}"}
    listed = ", ".join(sorted(token["token_id"] for token in candidates))
    return {"state": "unknown", "note": f"several tokens begin {prefix}: {listed}"}


def _of_id(file: Mapping[str, Any], by_id: Mapping[Any, Row]) -> Row:
    """Return the token of a file: as the cluster lists it, or as the file describes one that isn't listed."""
    token_id = file.get("id")
    if token_id is None:
        return {"state": "none", "note": None}
    if token_id in by_id:
        return {**by_id[token_id], "note": None}
    described = {key: file.get(key) for key in ("description", "created_at", "expires_at")}
    note = "the cluster lists no token with the ID of the file"
    return {**described, "token_id": token_id, "state": "unknown", "note": note}
