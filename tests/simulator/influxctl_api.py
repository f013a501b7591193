# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private HTTP API of the `influxctl` stand-in, in place of Granite's gRPC services (facts.md#how-it-speaks).

`POST /_influxctl/<group>/<command>` with a JSON object; the answer is JSON, errors are {"code": gRPC code, "message"}.
Times travel as {"seconds": int, "nanos": int}.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.api import bearer
from simulator.core import ApiError, Core, grpc
from simulator.models import rfc3339
from simulator.recording import Request
from simulator.state import Database, DbToken, MgmtToken, Table, User

_CODES = {
    400: "InvalidArgument",
    401: "Unauthenticated",
    403: "PermissionDenied",
    404: "NotFound",
    501: "Unimplemented",
}
Body = dict[str, Any]


def _time(moment: datetime | None) -> dict[str, int] | None:
    if moment is None:
        return None
    moment = moment.astimezone(UTC)
    return {"seconds": int(moment.replace(microsecond=0).timestamp()), "nanos": moment.microsecond * 1000}


def _mgmt_token(core: Core, token: MgmtToken) -> Body:
    return {
        "id": token.id,
        "account_id": core.account_id,
        "token_prefix": token.prefix,
        "expires_at": _time(token.expires_at),
        "revoked_at": _time(token.revoked_at),
        "created_at": _time(token.created_at),
        "description": token.description,
        "created_by": token.created_by,
    }


def create_management(core: Core, body: Body) -> Body:
    expires_at = rfc3339(body["expires_at"]) if body.get("expires_at") else None
    core.check_expiry("CreateManagementToken", expires_at)
    token = MgmtToken(body["description"], core.clock.now(), core.user_id, expires_at)
    core.keep(token)
    return {**_mgmt_token(core, token), "token": token.secret}


def list_management(core: Core, body: Body) -> list[Body]:
    """Revoked tokens are always listed (facts.md#output-of-list)."""
    return [_mgmt_token(core, token) for token in core.state.mgmt_tokens]


def revoke_management(core: Core, body: Body) -> Body:
    token = core.state.mgmt_token(body["id"])
    if token is None:
        raise ApiError(404, f"management token {body['id']} not found")
    if token.revoked_at is not None and core.switches.mgmt_revoke_again == "rejected":
        raise ApiError(400, f"management token {body['id']} is already revoked")
    token.revoked_at = token.revoked_at or core.clock.now()
    return {}


def _database(core: Core, database: Database) -> Body:
    return {
        "account_id": core.account_id,
        "cluster_id": core.cluster_id,
        "id": database.id,
        "database_name": database.name,
        "retention_period_ns": database.retention_period,
        "max_tables": database.max_tables,
        "max_columns_per_table": database.max_columns_per_table,
        "partition_template": database.partition_template,
        "deleted_at": _time(database.deleted_at),
    }


def list_databases(core: Core, body: Body) -> list[Body]:
    deleted = body["filter_status"] == "deleted"
    return [_database(core, d) for d in core.state.databases if (d.deleted_at is not None) == deleted]


def _table(core: Core, database: Database, table: Table) -> Body:
    return {
        "account_id": core.account_id,
        "cluster_id": core.cluster_id,
        "database_name": database.name,
        "id": table.id,
        "table_name": table.name,
        "partition_template": table.partition_template,
        "deleted_at": _time(table.deleted_at),
    }


def list_tables(core: Core, body: Body) -> list[Body]:
    database = core.state.database(body["database"])
    if database is None:
        text = f"A namespace with the name {body['database']} does not exist"
        raise ApiError(404, grpc("ListTables", "NotFound", text))
    deleted = body["filter_status"] == "deleted"
    tables = [t for t in core.state.tables if t.database_id == database.id]
    return [_table(core, database, t) for t in tables if (t.deleted_at is not None) == deleted]


def _user(core: Core, user: User) -> Body:
    return {
        "id": user.id,
        "account_id": core.account_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "created_at": _time(user.created_at),
    }


def list_users(core: Core, body: Body) -> list[Body]:
    return [_user(core, user) for user in core.state.users]


def _cluster(core: Core) -> Body:
    return {
        "account_id": core.account_id,
        "cluster_id": core.cluster_id,
        "name": "simulated",
        "url": f"https://{core.cluster_id}.a.influxdb.io",
        "state": "ready",
        "created_at": _time(core.state.mgmt_tokens[0].created_at if core.state.mgmt_tokens else core.clock.now()),
        "category": 1,
    }


def list_clusters(core: Core, body: Body) -> list[Body]:
    """Only Cloud Dedicated has the command (facts.md#lists-of-other-things)."""
    if core.product == "clustered":
        raise ApiError(501, "listing clusters is not supported for InfluxDB Clustered")
    return [_cluster(core)]


def get_cluster(core: Core, body: Body) -> Body:
    if body["id"] != core.cluster_id:
        raise ApiError(404, f"cluster {body['id']} not found")
    return _cluster(core)


def _db_token(core: Core, token: DbToken) -> Body:
    return {
        "account_id": core.account_id,
        "cluster_id": core.cluster_id,
        "id": token.id,
        "description": token.description,
        "permissions": token.permissions,
    }


def list_tokens(core: Core, body: Body) -> list[Body]:
    tokens = [t for t in core.state.db_tokens if body["include_revoked"] or t.revoked_at is None]
    return [_db_token(core, t) for t in tokens]


COMMANDS: dict[tuple[str, str], Callable[[Core, Body], Body | list[Body]]] = {
    ("management", "create"): create_management,
    ("management", "list"): list_management,
    ("management", "revoke"): revoke_management,
    ("database", "list"): list_databases,
    ("table", "list"): list_tables,
    ("token", "list"): list_tokens,
    ("user", "list"): list_users,
    ("cluster", "list"): list_clusters,
    ("cluster", "get"): get_cluster,
}


class Endpoint:
    def __init__(self, core: Core) -> None:
        self.core = core

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = cast(Request, scope["extensions"]["simulator.record"])
        params = HttpRequest(scope).path_params
        with self.core.lock:
            try:
                response = JSONResponse(self.perform(record, params["group"], params["command"]))
            except ApiError as error:
                code = _CODES.get(error.status, HTTPStatus(error.status).phrase)
                response = JSONResponse({"code": code, "message": error.message}, error.status)
        await response(scope, receive, send)

    def perform(self, record: Request, group: str, command: str) -> Body | list[Body]:
        core, body = self.core, cast(Body, record.body)
        secret = bearer(record.headers) or ""
        if not core.may_manage(secret):
            raise ApiError(401, "invalid token")
        if core.product == "dedicated" and (body["account_id"], body["cluster_id"]) != (
            core.account_id,
            core.cluster_id,
        ):
            raise ApiError(403, "no access to this account or cluster")
        if group == "management" and secret != core.session_token and not core.switches.mgmt_token_may_manage:
            raise ApiError(403, "management tokens cannot manage management tokens")
        if record.refused:
            raise ApiError(403, "the simulator refuses writes")
        record.committed = True
        return COMMANDS[group, command](core, body)


def routes(core: Core) -> list[Route]:
    return [Route("/_influxctl/{group}/{command}", Endpoint(core))]
