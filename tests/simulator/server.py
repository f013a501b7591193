# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as tests see it: a server in a thread of their own process."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator.app import Application
from simulator.clock import Clock
from simulator.core import Core, Product
from simulator.recording import Fault, Request
from simulator.state import Database, DbToken, MgmtToken, State, Table
from simulator.switches import Switches
from simulator.tls import Certificate, TlsFiles, write_tls_files


class _Protocol(H11Protocol):
    """Shows the application its connection, so that a fault can cut it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # asyncio does it only for sockets that name TCP; without it each answer waits 40 ms for an acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {"simulator.transport": transport}
            await inner(scope, receive, send)

        self.app = app


class _Server(uvicorn.Server):
    """Ends as soon as it is told to. uvicorn's own looks every tenth of a second whether it is, and waits for another.

    Over a thousand tests have a server of their own.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        # The headers of every answer.
        await self.on_tick(0)
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        # Clients keep idle connections open; the server would wait for them.
        for connection in self.server_state.connections:
            connection.transport.abort()
        if tasks := self.server_state.tasks:
            _, running = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in running:
                task.cancel()
        for server in self.servers:
            await server.wait_closed()

    def stop(self) -> None:
        """Have it end, from another thread."""
        # Nobody is there any more where it did not start.
        with contextlib.suppress(AttributeError, RuntimeError):
            self._loop.call_soon_threadsafe(self._over.set)


class Simulator:
    """A Management API on the loopback interface.

    ```python
    with Simulator(product="clustered", tls=True) as sim:
        requests.get(sim.url + "/api/v0/databases", verify=sim.ca_path, headers=sim.headers)
    ```

    Attributes that tests set: `switches`, `faults`, `refuse_writes` (every write answers 403, recorded as refused).
    Attributes that tests read: `requests`, `writes`, `violations` (requests that break the contract), `secrets` (every
    secret that was ever issued), `state`, `clock`.
    """

    def __init__(
        self,
        product: Product = "clustered",
        *,
        tls: bool = True,
        switches: Switches | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        require_client_cert: bool = False,
        certificate: Certificate = "good",
    ) -> None:
        self.core = Core(product, switches or Switches())
        self.tls = tls
        self.host = host
        self.port = port
        self.require_client_cert = require_client_cert
        self.certificate: Certificate = certificate
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.refuse_writes = False
        self._initial_switches = self.core.switches
        self._application = Application(self, self.core)
        self._exit = contextlib.ExitStack()
        self._files: TlsFiles | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @property
    def product(self) -> Product:
        return self.core.product

    @property
    def switches(self) -> Switches:
        return self.core.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.core.switches = switches
        self.core.burst_left = switches.burst_503
        self.core.clock.skew = switches.clock_skew

    @property
    def state(self) -> State:
        return self.core.state

    @property
    def clock(self) -> Clock:
        return self.core.clock

    @property
    def violations(self) -> list[str]:
        return self.core.violations

    @property
    def secrets(self) -> set[str]:
        return self.core.secrets

    @property
    def account_id(self) -> str:
        return self.core.account_id

    @property
    def cluster_id(self) -> str:
        return self.core.cluster_id

    @property
    def admin_token(self) -> str:
        return self.core.admin_token

    @property
    def session_token(self) -> str:
        """The token of a login: accepted like a management token, but not one (facts.md#requests-and-answers)."""
        return self.core.session_token

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a correct request without a body."""
        return {"Authorization": f"Bearer {self.admin_token}", "Accept": "application/json"}

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.is_write]

    @property
    def files(self) -> TlsFiles:
        if self._files is None:
            raise RuntimeError("the simulator has TLS files only while it runs with tls=True")
        return self._files

    @property
    def ca_path(self) -> Path:
        return self.files.ca

    @property
    def client_cert_path(self) -> Path:
        return self.files.client_cert

    @property
    def client_key_path(self) -> Path:
        return self.files.client_key

    def __enter__(self) -> Simulator:
        with contextlib.ExitStack() as stack:
            if self.tls:
                directory = Path(tempfile.mkdtemp(prefix="influxdb3-simulator-"))
                stack.callback(shutil.rmtree, directory, ignore_errors=True)
                self._files = write_tls_files(directory, self.certificate)
            sockets = self._listen()
            server = _Server(self._config())
            thread = threading.Thread(target=server.run, args=(sockets,), name="simulator", daemon=True)
            stack.callback(self._stop, server, thread)
            thread.start()
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the simulator did not start")
                time.sleep(0.002)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def _listen(self) -> list[socket.socket]:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        first = socket.create_server((self.host, self.port), family=family)
        self.port = first.getsockname()[1]
        sockets = [first]
        if self.host == "127.0.0.1":
            # `localhost` may be ::1 first; where that port is taken or IPv6 is off, clients fall back to 127.0.0.1.
            with contextlib.suppress(OSError):
                sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        return sockets

    def _config(self) -> uvicorn.Config:
        settings: dict[str, Any] = {}
        if self.tls:
            settings = {
                "ssl_certfile": self.files.server_cert,
                "ssl_keyfile": self.files.server_key,
                "ssl_ca_certs": str(self.files.ca),
                "ssl_cert_reqs": ssl.CERT_REQUIRED if self.require_client_cert else ssl.CERT_NONE,
            }
        return uvicorn.Config(
            self._application,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            # The application sends the date of its own clock.
            date_header=False,
            timeout_keep_alive=3600,
            timeout_graceful_shutdown=1,
            **settings,
        )

    def _stop(self, server: _Server, thread: threading.Thread) -> None:
        for fault in self.faults:
            fault.release()
        server.stop()
        thread.join()

    def reset(self, switches: Switches | None = None) -> None:
        """Begin anew: state, requests, faults, violations, clock and switches. Port, TLS and admin token stay."""
        with self.core.lock:
            for fault in self.faults:
                fault.release()
            self.core.switches = switches or self._initial_switches
            self.core.reset()
            self.requests.clear()
            self.faults.clear()
            self.refuse_writes = False

    def add_database(
        self,
        name: str,
        *,
        retention_period: int = 0,
        max_tables: int | None = None,
        max_columns_per_table: int | None = None,
        partition_template: list[dict[str, Any]] | None = None,
        deleted_at: datetime | None = None,
    ) -> Database:
        """Add a database. `retention_period` is in nanoseconds, 0 for infinite; the template is as on the wire."""
        tables = max_tables or self.switches.default_max_tables
        columns = max_columns_per_table or self.switches.default_max_columns
        with self.core.lock:
            number = next(self.state.ids)
            database = Database(number, name, tables, columns, retention_period, partition_template, deleted_at)
            self.state.databases.append(database)
        return database

    def add_table(
        self,
        database: Database,
        name: str,
        *,
        partition_template: list[dict[str, Any]] | None = None,
        deleted_at: datetime | None = None,
    ) -> Table:
        with self.core.lock:
            table = Table(next(self.state.ids), database.id, name, partition_template, deleted_at)
            self.state.tables.append(table)
        return table

    def add_db_token(
        self,
        description: str,
        permissions: list[dict[str, str]] | None = None,
        *,
        expires_at: datetime | None = None,
        revoked_at: datetime | None = None,
        created_at: datetime | None = None,
    ) -> DbToken:
        """Add a database token. Times may lie in the past, so that tests have an expired token without a wait."""
        created = created_at or self.clock.now()
        token = DbToken(description, permissions or [], created, expires_at, revoked_at)
        with self.core.lock:
            self.core.keep(token)
        return token

    def add_mgmt_token(
        self,
        description: str,
        expires_at: datetime | None = None,
        *,
        revoked_at: datetime | None = None,
        created_at: datetime | None = None,
    ) -> MgmtToken:
        created = created_at or self.clock.now()
        token = MgmtToken(description, created, self.core.user_id, expires_at, revoked_at)
        with self.core.lock:
            self.core.keep(token)
        return token
