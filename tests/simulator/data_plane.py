# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A data plane that answers the probes for a new database token, and nothing else (facts.md G)."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.core import Core
from simulator.state import DbToken


def _secret(request: HttpRequest) -> str:
    """`Bearer`, `Token`, `Basic` with the token as the password, or `?p=` (facts.md G.2)."""
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
    """The data plane's `code` is a string (facts.md G.3)."""
    return JSONResponse({"code": code, "message": message}, status)


def routes(core: Core) -> list[Route]:
    async def ping(request: HttpRequest) -> Response:
        return Response(status_code=204, headers={"X-Influxdb-Version": "simulator", "X-Influxdb-Build": "simulator"})

    async def query(request: HttpRequest) -> Response:
        name = request.query_params.get("db", "")
        with core.lock:
            secret = _secret(request)
            token = next((t for t in core.state.db_tokens if t.secret == secret), None)
            if token is None or not _accepted(core, token):
                return _error(401, "unauthorized", "unauthorized access")
            if not any(p["action"] == "read" and p["resource"] in ("*", name) for p in token.permissions):
                status = core.switches.query_forbidden
                return _error(status, "unauthorized" if status == 401 else "forbidden", "unauthorized access")
            if core.state.database(name) is None:
                return _error(404, "not found", f"database {name} not found")
        return JSONResponse({"results": [{"statement_id": 0}]})

    return [Route("/ping", ping), Route("/query", query)]
