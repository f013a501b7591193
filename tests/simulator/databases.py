# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations 1 to 10 of facts.md#operations: databases and tables."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from simulator import wire
from simulator.core import ApiError, Core, grpc
from simulator.models import CreateDatabase, CreateTable, RenameDatabase, RenameTable, UpdateDatabase
from simulator.state import Database, Table

HOUR = 3_600_000_000_000
Params = dict[str, str]
Answer = dict[str, Any]


def _active(core: Core, operation: str, name: str) -> Database:
    database = core.state.database(name)
    if database is None:
        raise ApiError(404, grpc(operation, "NotFound", f"A namespace with the name {name} does not exist"))
    return database


def _active_table(core: Core, operation: str, database: Database, name: str) -> Table:
    tables = core.state.tables_of(database)
    table = core.state.table(database, name) or next((t for t in tables if name in t.former_names), None)
    if table is None:
        raise ApiError(404, grpc(operation, "NotFound", f"A table with the name {name} does not exist"))
    return table


def _exists(core: Core, operation: str, what: str, name: str) -> ApiError:
    text = f"A {what} with the name {name} already exists"
    return ApiError(core.switches.duplicate_create, grpc(operation, "AlreadyExists", text))


def _check_retention(core: Core, operation: str, nanoseconds: int) -> None:
    if 0 < nanoseconds < HOUR and core.switches.short_retention == "rejected":
        raise ApiError(400, grpc(operation, "InvalidArgument", "The retention period must be at least one hour"))


def _checked_template(core: Core, operation: str, body: CreateDatabase | CreateTable) -> list[dict[str, Any]] | None:
    parts = [part.model_dump(by_alias=True) for part in body.partition_template]
    buckets = [part["value"]["numberOfBuckets"] for part in parts if part["type"] == "bucket"]
    if any(number > core.switches.max_buckets for number in buckets):
        text = f"The number of buckets must be between 1 and {core.switches.max_buckets}"
        raise ApiError(400, grpc(operation, "InvalidArgument", text))
    if parts and core.switches.time_part == "required" and not any(part["type"] == "time" for part in parts):
        raise ApiError(400, grpc(operation, "InvalidArgument", "The partition template must have a time part"))
    return parts or None


def integer_id(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise ApiError(400, f"bad request: {text} is not an integer ID")
    return int(text)


def _undeletable(core: Core, operation: str, what: str, deleted_at: datetime | None) -> bool:
    """Return whether there is something to restore (facts.md#deleting-and-restoring).

    Raises ApiError where the server would refuse.
    """
    if deleted_at is None:
        if core.switches.undelete_active == 200:
            return False
        raise ApiError(core.switches.undelete_active, grpc(operation, "NotFound", f"The {what} is not deleted"))
    days = core.switches.recovery_days
    if days and deleted_at + timedelta(days=days) <= core.clock.now():
        raise ApiError(404, grpc(operation, "NotFound", f"The {what} is past its recovery window"))
    return True


def list_databases(core: Core, params: Params, body: None) -> list[Answer]:
    return [wire.database(d, core.switches) for d in core.state.databases if d.deleted_at is None]


def create_database(core: Core, params: Params, body: CreateDatabase) -> Answer:
    operation = "CreateDatabase"
    _check_retention(core, operation, body.retention_period)
    template = _checked_template(core, operation, body)
    if core.state.database(body.name) is not None:
        raise _exists(core, operation, "namespace", body.name)
    tables = body.max_tables or core.switches.default_max_tables
    columns = body.max_columns_per_table or core.switches.default_max_columns
    database = Database(next(core.state.ids), body.name, tables, columns, body.retention_period, template)
    core.state.databases.append(database)
    return wire.database(database, core.switches)


def update_database(core: Core, params: Params, body: UpdateDatabase) -> Answer:
    operation = "UpdateDatabase"
    database = _active(core, operation, params["databaseName"])
    _check_retention(core, operation, body.retention_period)
    for name in body.model_fields_set:
        setattr(database, name, getattr(body, name))
    return wire.updated_database(database, core.switches)


def delete_database(core: Core, params: Params, body: None) -> None:
    _active(core, "DeleteDatabase", params["databaseName"]).deleted_at = core.clock.now()


def rename_database(core: Core, params: Params, body: RenameDatabase) -> Answer:
    operation = "RenameDatabase"
    database = _active(core, operation, params["databaseName"])
    if core.state.database(body.name) is not None:
        raise _exists(core, operation, "namespace", body.name)
    database.name = body.name
    return wire.database_with_id(database, core.switches)


def undelete_database(core: Core, params: Params, body: None) -> Answer:
    operation = "UndeleteDatabase"
    number = integer_id(params["databaseId"])
    database = next((d for d in core.state.databases if d.id == number), None)
    if database is None:
        raise ApiError(404, grpc(operation, "NotFound", f"A namespace with the ID {number} does not exist"))
    if _undeletable(core, operation, "namespace", database.deleted_at):
        if core.state.database(database.name) is not None:
            text = f"A namespace with the name {database.name} already exists"
            raise ApiError(core.switches.undelete_conflict, grpc(operation, "AlreadyExists", text))
        database.deleted_at = None
    return wire.database_with_id(database, core.switches)


def create_table(core: Core, params: Params, body: CreateTable) -> Answer:
    operation = "CreateTable"
    database = _active(core, operation, params["databaseName"])
    template = _checked_template(core, operation, body)
    former = [name for table in core.state.tables_of(database) for name in table.former_names]
    taken = core.switches.renamed_table_name == "taken" and body.name in former
    if core.state.table(database, body.name) is not None or taken:
        raise _exists(core, operation, "table", body.name)
    table = Table(next(core.state.ids), database.id, body.name, template)
    core.state.tables.append(table)
    return wire.new_table(table, database, core.switches)


def delete_table(core: Core, params: Params, body: None) -> None:
    operation = "DeleteTable"
    database = _active(core, operation, params["databaseName"])
    _active_table(core, operation, database, params["tableName"]).deleted_at = core.clock.now()


def rename_table(core: Core, params: Params, body: RenameTable) -> Answer:
    operation = "RenameTable"
    database = _active(core, operation, params["databaseName"])
    table = _active_table(core, operation, database, params["tableName"])
    if core.state.table(database, body.name) is not None:
        raise _exists(core, operation, "table", body.name)
    table.former_names.append(table.name)
    table.name = body.name
    return wire.table(table, database)


def undelete_table(core: Core, params: Params, body: None) -> Answer:
    operation = "UndeleteTable"
    database = _active(core, operation, params["databaseName"])
    number = integer_id(params["tableId"])
    table = next((t for t in core.state.tables if t.id == number and t.database_id == database.id), None)
    if table is None:
        raise ApiError(404, grpc(operation, "NotFound", f"A table with the ID {number} does not exist"))
    if _undeletable(core, operation, "table", table.deleted_at):
        if core.state.table(database, table.name) is not None:
            text = f"A table with the name {table.name} already exists"
            raise ApiError(core.switches.undelete_conflict, grpc(operation, "AlreadyExists", text))
        table.deleted_at = None
    return wire.table(table, database)
