# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes records as JSON (facts.md#operations). A field that isn't set is absent, unless a switch says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.state import Database, DbToken, Table
from simulator.switches import Switches

_FORMATS = {"seconds": "%Y-%m-%dT%H:%M:%SZ", "micros": "%Y-%m-%dT%H:%M:%S.%fZ", "offset": "%Y-%m-%dT%H:%M:%S+00:00"}


def timestamp(moment: datetime, style: str) -> str:
    moment = moment.astimezone(UTC)
    if style == "millis":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    return moment.strftime(_FORMATS[style])


def _template(parts: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"partitionTemplate": parts} if parts else {}


def _retention(nanoseconds: int, style: str) -> dict[str, Any]:
    if nanoseconds or style == "zero":
        return {"retentionPeriod": nanoseconds}
    return {"retentionPeriod": None} if style == "null" else {}


_NEVER = {"null": None, "empty": "", "epoch": "1970-01-01T00:00:00Z", "year_one": "0001-01-01T00:00:00Z"}


def _instant(key: str, moment: datetime | None, switches: Switches) -> dict[str, Any]:
    if moment is not None:
        return {key: timestamp(moment, switches.timestamps)}
    return {} if switches.no_instant == "absent" else {key: _NEVER[switches.no_instant]}


def listed(items: list[dict[str, Any]], collection: str, switches: Switches) -> Any:
    """Return the answer to a list of a collection's objects."""
    answer: Any = items or (None if switches.empty_lists == "null" else [])
    if switches.wrapped_lists == "no":
        return answer
    named = {collection: answer}
    return named if switches.wrapped_lists == "named" else {switches.wrapped_lists: named}


def database(record: Database, switches: Switches) -> dict[str, Any]:
    return {
        "name": record.name,
        "maxTables": record.max_tables,
        "maxColumnsPerTable": record.max_columns_per_table,
        **_retention(record.retention_period, switches.infinite_retention),
        **_template(record.partition_template),
    }


def database_with_id(record: Database, switches: Switches) -> dict[str, Any]:
    """The answer to rename and undelete."""
    answer = {"id": record.id, **database(record, switches)}
    if not switches.rename_echoes_retention:
        answer.pop("retentionPeriod", None)
    return answer


def updated_database(record: Database, switches: Switches) -> dict[str, Any]:
    """The answer to PATCH."""
    answer = database(record, switches)
    if not switches.patch_echoes_template:
        answer.pop("partitionTemplate", None)
    return answer


def table(record: Table, parent: Database) -> dict[str, Any]:
    return {"databaseName": parent.name, "id": record.id, "name": record.name, **_template(record.partition_template)}


def new_table(record: Table, parent: Database, switches: Switches) -> dict[str, Any]:
    """The answer to POST, which has no ID."""
    inherited = _template(parent.partition_template) if switches.table_inherits_template else {}
    answer = inherited | table(record, parent)
    del answer["id"]
    return answer


def db_token(record: DbToken, switches: Switches) -> dict[str, Any]:
    """Return a token without its secret, which only the answer to POST adds."""
    answer: dict[str, Any] = {
        "id": record.id,
        "description": record.description,
        "permissions": record.permissions or (None if switches.empty_lists == "null" else []),
        "createdAt": timestamp(record.created_at, switches.timestamps),
    }
    answer |= _instant("expiresAt", record.expires_at, switches)
    return answer | _instant("revokedAt", record.revoked_at, switches)
