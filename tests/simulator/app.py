# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ASGI application: records every request, injects faults, and hands the rest to the routes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from simulator import api, data_plane, influxctl_api
from simulator.answers import error, ingress_page
from simulator.core import Core
from simulator.models import strict_json
from simulator.recording import Fault, Kind, Request

if TYPE_CHECKING:
    from simulator.server import Simulator


def _kind(path: str) -> Kind:
    if path.startswith("/_influxctl/"):
        return "influxctl"
    return "data" if path in ("/ping", "/health", "/query", "/api/v2/write") else "api"


def _body(raw: bytes) -> Any:
    try:
        return strict_json(raw) if raw else None
    except ValueError:
        return raw


def record_of(scope: Scope, raw_body: bytes) -> Request:
    raw_path = scope["raw_path"].decode("ascii")
    path = unquote_to_bytes(raw_path).decode("utf-8", errors="replace")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, raw_path, query, _body(raw_body), _kind(path), headers)


class Application:
    """The application. It sends nothing before the answer is complete, so that a fault can strike after the commit."""

    def __init__(self, simulator: Simulator, core: Core) -> None:
        self.simulator = simulator
        self.core = core
        routes = [*api.routes(core), *influxctl_api.routes(core), *data_plane.routes(core)]
        self.router = Router(routes, redirect_slashes=False, default=self.not_found)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = record_of(scope, await HttpRequest(scope, receive).body())
        fault = self.note(record)
        response = await self.decide(record, fault, scope, receive)
        response.headers["date"] = format_datetime(self.core.clock.now(), usegmt=True)
        if fault is not None and fault.action == "slow":
            await self.wait(fault)
        record.answer, record.answer_type = bytes(response.body), response.headers.get("content-type", "")
        transport = scope["extensions"]["simulator.transport"]
        if fault is not None and fault.action in ("drop_before", "drop_after"):
            await self.leave(transport.abort, receive)
            return
        record.status = response.status_code
        if record.status == 204 and record.kind == "api" and self.core.switches.delete_cut:
            transport.write(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n")
            await self.leave(transport.close, receive)
            return
        if fault is not None and fault.action == "truncate":
            await send({"type": "http.response.start", "status": record.status, "headers": response.raw_headers})
            half = record.answer[: len(record.answer) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await self.leave(transport.close, receive)
            return
        await response(scope, receive, send)

    def note(self, record: Request) -> Fault | None:
        """Records the request, and finds the first fault that strikes it."""
        with self.core.lock:
            self.simulator.requests.append(record)
            record.refused = self.simulator.refuse_writes and record.is_write
            striking = [fault for fault in self.simulator.faults if fault.strikes(record)]
            record.fault = striking[0].action if striking else None
            return striking[0] if striking else None

    async def decide(self, record: Request, fault: Fault | None, scope: Scope, receive: Receive) -> Response:
        if fault is None and self.core.bursting():
            record.fault = "burst_503"
            return error(503, "service unavailable", self.core.switches.error_bodies)
        response = Response()
        if fault is None or fault.commits:
            response = await self.inner(record, scope, receive)
        if fault is not None and fault.action == "status":
            if fault.body is None:
                response = JSONResponse({"code": fault.status, "message": "injected fault"}, fault.status)
            else:
                response = Response(fault.body, fault.status)
            response.headers.update(fault.headers)
        elif fault is not None and fault.action == "html":
            response = Response(ingress_page(fault.status), fault.status, fault.headers, "text/html")
        return response

    async def inner(self, record: Request, scope: Scope, receive: Receive) -> Response:
        """The answer of the routes, which get the raw path and decode it themselves."""
        path = record.raw_path
        if record.kind == "api" and "%2f" in path.lower() and self.core.switches.encoded_slash != "kept":
            if self.core.switches.encoded_slash == "rejected":
                return error(400, "bad request", "html")
            path = path.replace("%2F", "/").replace("%2f", "/")
        scope["extensions"]["simulator.record"] = record
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.router({**scope, "path": path, "raw_path": path.encode()}, receive, collect)
        start = messages[0]
        response = Response(b"".join(m.get("body", b"") for m in messages[1:]), start["status"])
        response.raw_headers = list(start["headers"])
        return response

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = cast(Request, scope["extensions"]["simulator.record"])
        # A path that an ingress has rewritten is not the client's fault.
        if scope["path"] == record.raw_path:
            self.core.violations.append(f"{record.method} {record.raw_path}: no such path")
        await api.no_route(self.core)(scope, receive, send)

    async def wait(self, fault: Fault) -> None:
        if fault.seconds is not None:
            await asyncio.sleep(fault.seconds)
            return
        while not fault.released.is_set():
            await asyncio.sleep(0.005)

    async def leave(self, close: Callable[[], None], receive: Receive) -> None:
        """Closes the connection and returns only when the server has noticed, so that it does not answer by itself."""
        close()
        while (await receive())["type"] != "http.disconnect":
            pass
