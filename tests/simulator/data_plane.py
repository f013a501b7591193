# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A data plane that checks tokens and keeps no points (facts.md#queries, #writes, #health).

A query has an empty result, and a write makes the tables of its lines. A new token may work only after a while
(facts.md#activation).
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import timedelta
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.core import Core
from simulator.state import DbToken, Table


def _secret(request: HttpRequest) -> str:
    """Return the secret of a request: in `Bearer` or `Token`, as the password of `Basic`, or in the parameter `p`."""
    scheme, _blank, value = request.headers.get("authorization", "").partition(" ")
    if scheme in ("Bearer", "Token"):
        return value
    if scheme == "Basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return request.query_params.get("p", "")


def _accepted(core: Core, token: DbToken) -> bool:
    active_from = token.created_at + timedelta(seconds=core.switches.activation_delay)
    return core.alive(token) and active_from <= core.clock.now()


def _error(status: int, code: str, message: str) -> Response:
    """Return an error of the data plane, whose `code` is a text (facts.md#queries)."""
    return JSONResponse({"code": code, "message": message}, status)


def _measurement(line: str) -> str | None:
    """Return the table that a line writes to, None for a line that can't be parsed."""
    found = re.fullmatch(r"([^,\s]+)(?:,[^\s=]+=[^\s]+)? [^\s=]+=\S+(?: -?\d+)?", line)
    return found[1] if found else None


def _write(core: Core, request: HttpRequest, body: Any) -> Response:
    """Answer a write by its token and lines, and make the tables that it is the first one for (facts.md#writes)."""
    name, lines = request.query_params.get("bucket", ""), body.decode("utf-8", "replace") if body else ""
    measurements = [_measurement(line) for line in lines.splitlines() if line.strip()]
    broken = None
    if None in measurements:
        broken = _error(400, "invalid", "a line can't be parsed")
    elif not measurements and core.switches.empty_write == "refused":
        broken = _error(400, "invalid", "there is no line")
    if core.switches.write_parses_first and (broken or not measurements):
        return broken or Response(status_code=204)
    refusal = _refusal(core, _secret(request), "write", name)
    problem = refusal or broken
    if problem is not None:
        return problem
    database = core.state.database(name)
    for measurement in filter(None, measurements):
        if database is not None and core.state.table(database, measurement) is None:
            core.state.tables.append(Table(next(core.state.ids), database.id, measurement, None))
    return Response(status_code=204)


def _refusal(core: Core, secret: str, action: str, name: str) -> Response | None:
    """Return the error for a token that may not do this with a database, None where it may."""
    token = next((t for t in core.state.db_tokens if t.secret == secret), None)
    if token is None or not _accepted(core, token):
        return _error(401, "unauthorized", "unauthorized access")
    if not any(p["action"] == action and p["resource"] in ("*", name) for p in token.permissions):
        status = core.switches.query_forbidden
        return _error(status, "unauthorized" if status == 401 else "forbidden", "unauthorized access")
    if core.state.database(name) is None:
        return _error(404, "not found", f"database {name} not found")
    return None


def routes(core: Core) -> list[Route]:
    async def ping(request: HttpRequest) -> Response:
        return Response(status_code=204, headers={"X-Influxdb-Version": "simulator", "X-Influxdb-Build": "simulator"})

    async def query(request: HttpRequest) -> Response:
        with core.lock:
            refusal = _refusal(core, _secret(request), "read", request.query_params.get("db", ""))
        return refusal or JSONResponse({"results": [{"statement_id": 0}]})

    async def health(request: HttpRequest) -> Response:
        """Not documented for these products, and asked for by InfluxData's own client (facts.md#health)."""
        return JSONResponse({"name": "influxdb", "status": "pass"})

    async def write(request: HttpRequest) -> Response:
        with core.lock:
            return _write(core, request, request.scope["extensions"]["simulator.record"].body)

    return [
        Route("/ping", ping),
        Route("/health", health),
        Route("/query", query),
        Route("/api/v2/write", write, methods=["POST"]),
    ]
