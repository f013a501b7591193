# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP Management API: its paths, the tokens that may call them, and the form of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator import databases, tokens, wire
from simulator.answers import error, worded
from simulator.core import ApiError, Core
from simulator.models import (
    CreateDatabase,
    CreateTable,
    CreateToken,
    DatabaseAnswer,
    IdentifiedDatabaseAnswer,
    NewTableAnswer,
    NewTokenAnswer,
    RenameDatabase,
    RenameTable,
    Strict,
    TableAnswer,
    TokenAnswer,
    UpdateDatabase,
    UpdatedDatabaseAnswer,
    UpdateToken,
    parse,
)
from simulator.recording import Request


class Segment(Convertor[str]):
    """One segment of the raw path, decoded exactly once: `a%2Fb` is the name `a/b` (facts.md#encoded-slash)."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return unquote_to_bytes(value).decode("utf-8", errors="surrogateescape")


register_url_convertor("segment", Segment())

Handler = Callable[[Core, dict[str, str], Any], dict[str, Any] | list[dict[str, Any]] | None]


@dataclass(frozen=True)
class Operation:
    """An operation of the API (facts.md#operations).

    `body` describes the JSON of the request, `answer` that of status 200, None where the answer is an empty 204.
    `recent` says that only servers from 20251218 on have the operation (facts.md#releases-of-the-server).
    """

    method: str
    path: str
    handler: Handler
    body: type[Strict] | None = None
    answer: Any = None
    recent: bool = False


_DATABASE = "/databases/{databaseName:segment}"
_TABLE = _DATABASE + "/tables/{tableName:segment}"
_TOKEN = "/tokens/{tokenId:segment}"

OPERATIONS = [
    Operation("GET", "/databases", databases.list_databases, answer=list[DatabaseAnswer]),
    Operation("POST", "/databases", databases.create_database, CreateDatabase, DatabaseAnswer),
    Operation("PATCH", _DATABASE, databases.update_database, UpdateDatabase, UpdatedDatabaseAnswer),
    Operation("DELETE", _DATABASE, databases.delete_database),
    Operation(
        "PUT", _DATABASE + "/rename", databases.rename_database, RenameDatabase, IdentifiedDatabaseAnswer, recent=True
    ),
    Operation(
        "PUT",
        "/databases/{databaseId:segment}/undelete",
        databases.undelete_database,
        answer=IdentifiedDatabaseAnswer,
        recent=True,
    ),
    Operation("POST", _DATABASE + "/tables", databases.create_table, CreateTable, NewTableAnswer),
    Operation("DELETE", _TABLE, databases.delete_table, recent=True),
    Operation("PUT", _TABLE + "/rename", databases.rename_table, RenameTable, TableAnswer, recent=True),
    Operation(
        "PUT",
        _DATABASE + "/tables/{tableId:segment}/undelete",
        databases.undelete_table,
        answer=TableAnswer,
        recent=True,
    ),
    Operation("GET", "/tokens", tokens.list_tokens, answer=list[TokenAnswer]),
    Operation("POST", "/tokens", tokens.create_token, CreateToken, NewTokenAnswer),
    Operation("GET", _TOKEN, tokens.get_token, answer=TokenAnswer),
    Operation("PATCH", _TOKEN, tokens.update_token, UpdateToken, TokenAnswer),
    Operation("DELETE", _TOKEN, tokens.delete_token),
]

SHORT = "/api/v0"
LONG = "/api/v0/accounts/{accountId:segment}/clusters/{clusterId:segment}"


def bearer(headers: dict[str, str]) -> str | None:
    scheme, _blank, secret = headers.get("authorization", "").partition(" ")
    return secret if scheme == "Bearer" else None


def no_route(core: Core) -> Response:
    return error(404, "not found", core.switches.unknown_route_body)


class Endpoint:
    """One path in one URL form, with the operations that it has."""

    def __init__(self, core: Core, operations: list[Operation], long: bool) -> None:
        self.core = core
        self.operations = {operation.method: operation for operation in operations}
        self.long = long

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = cast(Request, scope["extensions"]["simulator.record"])
        with self.core.lock:
            response = self.respond(record, dict(HttpRequest(scope).path_params))
        await response(scope, receive, send)

    def respond(self, record: Request, params: dict[str, str]) -> Response:
        core, operation = self.core, self.operations.get(record.method)
        served = "long" if core.product == "dedicated" else core.switches.url_forms
        if served == ("short" if self.long else "long"):
            return no_route(core)
        if operation is None:
            core.violations.append(f"{record.method} {record.raw_path}: no such operation")
            return error(405, "method not allowed", core.switches.error_bodies)
        missing = operation.handler.__name__ in core.switches.missing_operations.split()
        if missing or (operation.recent and core.switches.old_server):
            return no_route(core)
        try:
            return self.perform(operation, record, params)
        except ApiError as problem:
            message = worded(problem.status, problem.message, core.switches.error_wording)
            return error(problem.status, message, core.switches.error_bodies)

    def perform(self, operation: Operation, record: Request, params: dict[str, str]) -> Response:
        core = self.core
        self.authorize(record)
        self.check_headers(operation, record)
        ids = self.check_ids(params)
        body = self.check_body(operation, record)
        if record.refused:
            raise ApiError(403, "forbidden: the simulator refuses writes")
        record.committed = True
        answer = operation.handler(core, params, body)
        if answer is None:
            close = {"Connection": "close"} if core.switches.delete_connection_close else None
            return Response(status_code=204, headers=close)
        if isinstance(answer, list):
            items = [ids | item for item in answer]
            return JSONResponse(wire.listed(items, operation.path[1:], core.switches))
        return JSONResponse(ids | answer)

    def authorize(self, record: Request) -> None:
        secret = bearer(record.headers)
        if secret is None and "authorization" in record.headers:
            self.violate(record, "Authorization must be `Bearer` and the token")
        if secret is None or not self.core.may_manage(secret):
            raise ApiError(401, "unauthorized: the management token is missing, unknown, expired or revoked")

    def check_headers(self, operation: Operation, record: Request) -> None:
        """Check the headers, `Accept` only where there is an answer, and `Content-Type` only where there is a body."""
        if record.method != "DELETE" and record.headers.get("accept") != "application/json":
            self.violate(record, "Accept must be application/json")
            raise ApiError(406, "not acceptable: Accept must be application/json")
        if operation.body is not None and record.headers.get("content-type") != "application/json":
            self.violate(record, "Content-Type must be application/json")
            raise ApiError(415, "unsupported media type: Content-Type must be application/json")
        if record.query:
            self.violate(record, "the operation has no query parameters")
            raise ApiError(400, "bad request: the operation has no query parameters")

    def check_ids(self, params: dict[str, str]) -> dict[str, str]:
        """The IDs that every answer in the long form carries."""
        if any("\udc80" <= c <= "\udcff" for text in params.values() for c in text):
            raise ApiError(400, "bad request: the path is not UTF-8")
        if not self.long:
            return {}
        core = self.core
        ids = {name: params[name] for name in ("accountId", "clusterId")}
        for text in ids.values():
            tokens.check_uuid(core, text)
        expected = {"accountId": core.account_id, "clusterId": core.cluster_id}
        checked = core.product == "dedicated" or core.switches.clustered_ids == "checked"
        if checked and {name: text.lower() for name, text in ids.items()} != expected:
            raise ApiError(404, "not found: no such account or cluster")
        return ids

    def check_body(self, operation: Operation, record: Request) -> Strict | None:
        if operation.body is not None:
            if isinstance(record.body, bytes) or record.body is None:
                self.violate(record, "the body is not strict JSON")
                raise ApiError(400, "bad request: the body is not JSON")
            return parse(self.core, f"{record.method} {record.raw_path}", operation.body, record.body)
        if record.body is not None:
            self.violate(record, "the operation has no body")
            raise ApiError(400, "bad request: the operation has no body")
        return None

    def violate(self, record: Request, text: str) -> None:
        self.core.violations.append(f"{record.method} {record.raw_path}: {text}")


def routes(core: Core) -> Iterator[Route]:
    by_path = sorted(OPERATIONS, key=lambda operation: operation.path)
    for path, operations in groupby(by_path, key=lambda operation: operation.path):
        group = list(operations)
        yield Route(SHORT + path, Endpoint(core, group, long=False))
        yield Route(LONG + path, Endpoint(core, group, long=True))
