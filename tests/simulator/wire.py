# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How records look on the wire (facts.md A.3). Absent means absent: nothing is ever null."""

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


def database(record: Database) -> dict[str, Any]:
    return {
        "name": record.name,
        "maxTables": record.max_tables,
        "maxColumnsPerTable": record.max_columns_per_table,
        "retentionPeriod": record.retention_period,
        **_template(record.partition_template),
    }


def database_with_id(record: Database, switches: Switches) -> dict[str, Any]:
    """The answer to rename and undelete."""
    answer = {"id": record.id, **database(record)}
    if not switches.rename_echoes_retention:
        del answer["retentionPeriod"]
    return answer


def updated_database(record: Database, switches: Switches) -> dict[str, Any]:
    """The answer to PATCH."""
    answer = database(record)
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
    """Never the secret: only the answer to POST adds it."""
    answer: dict[str, Any] = {
        "id": record.id,
        "description": record.description,
        "permissions": record.permissions,
        "createdAt": timestamp(record.created_at, switches.timestamps),
    }
    if record.expires_at is not None:
        answer["expiresAt"] = timestamp(record.expires_at, switches.timestamps)
    if record.revoked_at is not None:
        answer["revokedAt"] = timestamp(record.revoked_at, switches.timestamps)
    return answer
